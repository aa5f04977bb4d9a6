"""Cards and pages from templates: what is made of facts, and that these stay in their places."""

import dataclasses
import json
import re

import jinja2
import pytest
from command_line import METRICS, TINY

from kerasgen import cli, zoo
from kerasgen.recipe import Recipe
from kerasgen.rendering import number, render
from kerasgen.zoo.facts import facts


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.names())
def test_a_shipped_card_is_what_is_made_of_its_figures(name):
    """But for what its pictures show."""
    folder, text = zoo.folder(name), zoo.card(name)
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    shown = re.findall(r"^!?\[(.+)\]\((.+)\)$", text, re.MULTILINE)
    pictures = {file: caption for caption, file in shown}
    recipe = Recipe.load(folder / "recipe.yaml")
    size = (folder / "model.weights.h5").stat().st_size
    known = facts(recipe, metrics, zoo.load(name), size, pictures)
    assert render("card.md.j2", **known) == text


MODEL = TINY.build()
HOSTILE = "\x1b[2J\u202e<script>alert(1)</script>\n# Heading `code`\x07"


def card(recipe=TINY, **metrics):
    return render(
        "card.md.j2",
        **facts(recipe, {**METRICS, **metrics}, MODEL, 1, {"a.png": metrics.get("caption", "A")}),
    )


@pytest.mark.parametrize(
    "place", ["title", "machine", "note", "caption", "name", "unit", "protocol", "command", "peer"]
)
def test_a_card_keeps_what_is_filled_in_within_its_place(place):
    given = {
        name: HOSTILE if name == place else "harmless"
        for name in ("name", "unit", "protocol", "command", "peer")
    }
    peer = {"model": given["peer"], "value": 1.0, "source": given["peer"]}
    figure = {
        "value": 1.0,
        "unit": given["unit"],
        "protocol": given["protocol"],
        "command": given["command"],
    }
    figures = {given["name"]: {**figure, "published": [peer]}}
    metrics = {
        "machine": HOSTILE if place == "machine" else "a test",
        "figures": figures,
        "notes": ["A note."],
    }
    if place in ("note", "caption"):
        metrics |= {"notes": [HOSTILE]} if place == "note" else {"caption": HOSTILE}
    text = card(
        dataclasses.replace(TINY, title=HOSTILE if place == "title" else "A title"), **metrics
    )
    assert "alert(1)" in text and not set(text) & set("\x1b\x07\u202e")
    outside_code = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    assert "<script" not in outside_code and "\n# Heading" not in text


def test_a_recipe_does_not_leave_its_code_block():
    model = {"families.Mixture": {"event": [2], "note": "a\n\n```\n<script>alert(1)</script>"}}
    text = card(dataclasses.replace(TINY, model=model), figures={})
    assert "alert(1)" in text and text.count("```") == 2 * 3


def test_a_card_is_printed_without_what_a_terminal_obeys(tiny, capsys, monkeypatch):
    monkeypatch.setattr(zoo, "card", lambda name: f"Card {HOSTILE}")
    cli.main(["card", tiny])
    assert capsys.readouterr().out == "Card [2J<script>alert(1)</script>\n# Heading `code`\n"


def test_the_demo_page_escapes_what_is_filled_in():
    numbers = dict.fromkeys(
        ("code_size", "num_train", "num_test", "before", "after", "megabytes", "error"), 1
    )
    pictures = dict.fromkeys(
        (
            "samples",
            "reconstructions",
            "interpolations",
            "fine_tuned",
            "fine_tuned_samples",
            "litert",
        ),
        "AAAA",
    )
    page = render(
        "demo.html.j2", preset=HOSTILE + '"', files=['"><b>.png'], pictures=pictures, **numbers
    )
    assert "<script" not in page and "<b>" not in page and "\x1b" not in page
    assert page.count("&lt;script&gt;") == 3 and page.count("<section>") == 7


def test_a_fact_that_is_missing_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="is undefined"):
        render("demo.html.j2", preset="a")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (7, "7"), (0.5, "0.500"), (-0.1234, "-0.123"), (82.1661, "82.17")]
)
def test_numbers_of_figures(value, text):
    assert number(value) == text
