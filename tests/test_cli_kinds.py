"""The command line on presets of every kind: what each can do, and what it says of what
it cannot.
"""

import json
import shutil

import numpy as np
import pytest
from command_line import METRICS, MODEL, fails, is_png
from matplotlib import image

from kerasgen import cli, zoo
from kerasgen.metrics import features, fidelity
from kerasgen.recipe import Recipe
from kerasgen.reports import Study, report

MLP = {"networks.MLP": {"output_shape": [8], "hidden": [8]}}
WORDS = {"words": ["a", "red", "circle"], "length": 4, "examples": ["a red circle"]}
KINDS = {  # models by name; the data of all are digits but for the last
    "mixture": {"families.Mixture": {"event": [8, 8, 1], "num_components": 2, "levels": 17}},
    "conditional": {
        "families.LatentVariableModel": {**MODEL["families.LatentVariableModel"], "condition": 10}
    },
    "classifier": {"families.Classifier": {"event": [8, 8, 1], "num_classes": 10, "encoder": MLP}},
    "text": {
        "families.TwoStageModel": {
            "event": [8, 8, 1],
            "tokenizer": {"tiny.PatchTokenizer": {"event": [8, 8, 1]}},
            "network": {
                "networks.TokenTransformer": {
                    "vocab_size": 16,
                    "prefix_size": 4,
                    "size": 8,
                    "num_blocks": 1,
                }
            },
            "condition": {"events.Sentences": {"vocabulary": {"text.Vocabulary": WORDS}}},
        }
    },
    "gan": {
        "families.AdversarialModel": {
            "event": [8, 8, 1],
            "generator": {"networks.MLP": {"output_shape": [8, 8, 1], "hidden": [8]}},
            "critic": MLP,
            "divergence": {"divergences.Hinge": {}},
            "latent_dim": 2,
        }
    },
    "points": {"families.Mixture": {"event": [2], "num_components": 2}},
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Preset folders by name of `KINDS`."""
    folder = tmp_path_factory.mktemp("kinds")
    sets = {"points": "ring"}
    recipes = [
        Recipe(name, {"name": sets.get(name, "digits"), "batch_size": 50}, model, {})
        for name, model in KINDS.items()
    ]
    return {
        recipe.name: str(zoo.save(recipe.build(), folder / recipe.name, recipe, METRICS))
        for recipe in recipes
    }


@pytest.mark.parametrize(
    "argv",
    [
        ["mixture"],
        ["points"],
        ["conditional", "--pixels"],
        ["conditional", "--label", "3"],
        ["conditional", "--label", "any"],
        ["gan", "--truncation", "0.5"],
        ["text"],
        [
            "text",
            "--prompt",
            "a circle",
            "--temperature",
            "0.7",
            "--top-k",
            "5",
            "--top-p",
            "0.9",
            "--best-of",
            "2",
        ],
    ],
    ids=" ".join,
)
def test_sample_every_kind_of_model(argv, kinds, tmp_path):
    name, *options = argv
    cli.main(["sample", kinds[name], "-n", "12", *options, "--out", str(tmp_path / "s.png")])
    assert is_png(tmp_path / "s.png")


def test_means_are_shown_unless_pixels_are_asked_for(kinds, tmp_path):
    """Of binary pixels: means are grey, draws are not."""
    shades = {}
    for flags in ([], ["--pixels"]):
        out = tmp_path / f"{len(flags)}.png"
        cli.main(
            ["sample", kinds["conditional"], "-n", "10", "--label", "3", *flags, "--out", str(out)]
        )
        shades[len(flags)] = len(np.unique(image.imread(out)[..., :3]))
    assert shades[0] > 2 == shades[1]


@pytest.mark.parametrize(
    ("command", "name", "options", "message"),
    [
        ("sample", "classifier", [], "Expected a preset whose model has 'sample'"),
        (
            "sample",
            "mixture",
            ["--truncation", "1"],
            "has, which are none. Received: --truncation",
        ),
        (
            "sample",
            "mixture",
            ["--label", "3"],
            "Expected a preset that is told what to draw. Received: --label for",
        ),
        (
            "sample",
            "text",
            ["--label", "any"],
            "Expected a preset of classes. Received: --label for",
        ),
        (
            "sample",
            "conditional",
            ["--label", "six"],
            "Expected a class, a number in 0..9. Received: 'six'",
        ),
        (
            "sample",
            "text",
            ["--prompt", "a rad circle"],
            "words that the model knows. Received: 'rad'. Near 'rad': red",
        ),
        (
            "sample",
            "text",
            ["--guidance", "2"],
            "Expected guidance=1: this model never learned what is likely",
        ),
        (
            "sample",
            "text",
            ["--temperature", "0"],
            "expected a number above 0, received '0'",
        ),
        (
            "sample",
            "conditional",
            ["--prompt", "a"],
            "Expected a preset that reads sentences. Received: --prompt",
        ),
        (
            "sample",
            "conditional",
            ["--top-k", "3"],
            "has, which are none. Received: --top-k",
        ),
        (
            "sample",
            "conditional",
            ["--label", "10"],
            "Expected a class, a number in 0..9. Received: '10'",
        ),
        (
            "sample",
            "mixture",
            ["--out", "x.gif"],
            "makes, .png. Received: x.gif",
        ),
        ("reconstruct", "mixture", [], "Expected a preset whose model has 'reconstruct'"),
        ("probe", "mixture", [], "Expected a preset whose model has 'encode'"),
        ("probe", "classifier", [], "Expected a preset whose model has 'encode'"),
        (
            "probe",
            "conditional",
            ["--labels", "1"],
            "Expected from 2 to 1500 labels. Received: 1. Ask for another",
        ),
        ("evaluate", "classifier", ["--quality"], "Expected a preset that samples for --quality"),
        (
            "evaluate",
            "points",
            ["--inception", "x.h5"],
            "Expected a preset of images for --inception. Received",
        ),
        (
            "evaluate",
            "gan",
            ["--inception", "gone.h5"],
            "Expected a file of InceptionV3's weights without the top",
        ),
    ],
)
def test_what_a_model_cannot_do_is_said(command, name, options, message, kinds, capsys):
    assert message in fails(capsys, command, kinds[name], *options)


def test_inception_is_named_in_figures_and_command(kinds, tmp_path, monkeypatch):
    def inception(weights):
        assert weights == "folder/weights.h5"
        return features.VALUES._replace(name="inception_v3", slow=True)

    monkeypatch.setattr(features, "inception", inception)
    gan = tmp_path / "gan"
    shutil.copytree(kinds["gan"], gan)
    cli.main(["evaluate", str(gan), "--inception", "folder/weights.h5", "--limit", "30", "--write"])
    figures = json.loads((gan / "metrics.json").read_text())["figures"]
    distance = figures["frechet_distance[inception_v3]"]
    assert distance["command"] == "kerasgen evaluate gan --limit 30 --inception weights.h5"
    assert "copied[inception_v3]" not in figures and "copies" not in distance["protocol"]


def test_the_limit_holds_for_judged_samples(monkeypatch):
    drawn = []

    def label_fidelity(model, judge, num_samples):
        drawn.append(num_samples)
        return {}

    monkeypatch.setattr(fidelity, "label_fidelity", label_fidelity)
    model = Recipe("conditional", {}, KINDS["conditional"], {}).build()

    def read(split, **_):
        return np.zeros((4, 8, 8, 1), "float32"), np.arange(4), "4 examples"

    judge = zoo.Judge("a judge", None)
    for limit in (7, None):
        protocols = [
            protocol
            for _, protocol in report(model).figures(Study("digits", read, judge, 3, limit=limit))
        ]
        assert f"{drawn[-1]:,} means of p(x | z)" in protocols[-1] and protocols[-1].endswith(
            "judged by a judge"
        )
    assert drawn == [7, 10_000]
