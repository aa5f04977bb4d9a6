"""The command line, in this process on a tiny preset, and once as a process of its own."""

import dataclasses
import json
import re
import sys

import pytest
from command_line import METRICS, TINY, is_png, needs_tensorflow

from kerasgen import cli, data, zoo
from kerasgen.recipe import Recipe


def test_card(tiny, capsys):
    cli.main(["card", tiny])
    assert capsys.readouterr().out.strip() == zoo.card(tiny).strip()


def listed(capsys, *options):
    cli.main(["list", *options])
    return capsys.readouterr().out


def test_list_shows_figures_from_metrics(tiny, capsys, monkeypatch, tmp_path):
    nll = {"value": 81.234, "standard_error": 0.5, "unit": "nats", "protocol": "p", "command": "c"}
    lesson = dataclasses.replace(TINY, title="A VAE", lesson="It is tiny")
    metrics = {**METRICS, "figures": {"nll": nll}}
    folder = zoo.save(zoo.load(tiny), tmp_path / "tiny", lesson, metrics)
    monkeypatch.setattr(zoo, "names", lambda *filters: [folder])
    row = listed(capsys).strip().splitlines()[-1]
    size = (folder / "model.weights.h5").stat().st_size / 1e3
    assert row == f"| `tiny` | A VAE. A lesson: It is tiny | nll 81.23 ± 0.50 | {size:.0f} kB |"
    of_classes = {"nll": {**nll, "value": 79.0}, "nll_marginal": nll}  # which compares with others
    zoo.save(zoo.load(tiny), folder, lesson, {**METRICS, "figures": of_classes})
    assert "| nll_marginal 81.23 ± 0.50 |" in listed(capsys)
    (known,) = json.loads(listed(capsys, "--json"))
    assert known["leading"] == "nll_marginal" and known["figure"] == nll
    assert (known["family"], known["data"]) == ("LatentVariableModel", "digits")


def test_a_table_of_the_list_has_one_unit(capsys):
    """And every preset that ships is in one."""
    tables = listed(capsys).split("## ")[1:]
    names = [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]
    assert sorted(sum(names, [])) == zoo.names()
    for table, group in zip(tables, names):
        units = {zoo.summary(name).figure["unit"] for name in group}
        assert len(units) == 1 and f"measured ({units.pop()})" in table


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"family": "adversarial_model"}, lambda known: known.family == "AdversarialModel"),
        ({"family": "gan"}, lambda known: re.search("gan(_|$)", known.name)),
        ({"data": "fashion_mnist"}, lambda known: known.data == "fashion_mnist"),
        ({"task": "complete"}, lambda known: known.family == "AutoregressiveModel"),
        ({"task": "transfer"}, lambda known: known.name == "text_style_reviews"),
        ({"max_mb": 0.5}, lambda known: known.weight_bytes <= 5e5),
        (
            {"family": "vae", "max_mb": 1},
            lambda known: (
                known.name in ("dvae_mnist", "dvae_shapes", "beta_vae_shapes", "vqvae_fashion")
            ),
        ),
    ],
    ids=["adversarial", "gan", "fashion", "complete", "transfer", "small", "small_vae"],
)
def test_presets_are_found_by_what_they_are(filters, fits, capsys):
    found = zoo.names(**filters)
    assert found == [name for name in zoo.names() if fits(zoo.summary(name))] != []
    options = [
        word
        for key, value in filters.items()
        for word in (f"--{key.replace('_', '-')}", str(value))
    ]
    assert [known["name"] for known in json.loads(listed(capsys, "--json", *options))] == found


def in_a_terminal(capsys, monkeypatch, *argv):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    cli.main(list(argv))
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)  # without its colours


def test_a_terminal_of_80_columns_shows_whole_words(capsys, monkeypatch):
    text = in_a_terminal(capsys, monkeypatch, "list")
    assert max(map(len, text.splitlines())) <= 80 and "…" not in text and "| ---" not in text
    assert all(name in text for name in zoo.names())
    text = in_a_terminal(capsys, monkeypatch, "card", "vae_mnist")
    assert max(map(len, text.splitlines())) <= 80 and "…" not in text and "##" not in text
    assert "samples.png" in text and "<br>" not in text


def test_a_card_as_json_is_recipe_and_figures(tiny, capsys):
    cli.main(["card", tiny, "--json"])
    known = json.loads(capsys.readouterr().out)
    assert known["recipe"] == TINY.to_dict() and known["figures"] == METRICS["figures"]


def test_equal_seeds_sample_equal_pictures(tiny, tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        cli.main(
            ["sample", tiny, "-n", "4", "--seed", seed, "--out", str(tmp_path / f"{name}.png")]
        )
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert is_png(tmp_path / "a.png") and a == b != c


@needs_tensorflow
def test_reconstruct(tiny, tmp_path, capsys):
    cli.main(["reconstruct", tiny, "-n", "5", "--out", str(tmp_path / "r.png")])
    assert is_png(tmp_path / "r.png") and "5 images of test" in capsys.readouterr().out


@needs_tensorflow
def test_train_writes_a_preset_that_loads(tmp_path):
    TINY.save(tmp_path / "recipe.yaml")
    run = tmp_path / "run"
    settings = ["--set", "training.learning_rate=0.01", "seed=1"]
    cli.main(["train", str(tmp_path / "recipe.yaml"), *settings, "--out", str(run)])
    changed = Recipe.load(run / "recipe.yaml").differences(TINY)
    assert changed == {"training.learning_rate": (0.01, 1e-3), "seed": (1, 0)}
    assert zoo.load(run / "preset").sample(2).shape == (2, 8, 8, 1)


def test_train_passes_its_options_on(tiny, tmp_path, monkeypatch):
    from kerasgen import training

    calls = []
    monkeypatch.setattr(training, "run", lambda *args, **here: calls.append((*args, here)))
    options = [
        "--strategy",
        "mirrored",
        "--devices",
        "2",
        "--resume",
        "--data",
        str(tmp_path),
        "--out",
        str(tmp_path),
    ]
    cli.main(["train", tiny, *options, "--data-dir", "there", "--download"])
    here = {"data": str(tmp_path), "data_dir": "there", "download": True}
    assert calls == [(TINY, tmp_path, "mirrored", 2, True, here)]


def test_export_tflite(tiny, tmp_path, capsys):
    cli.main(["export", tiny, "--format", "tflite", "--out", str(tmp_path / "m.tflite")])
    assert (tmp_path / "m.tflite").stat().st_size > 1000
    assert re.search(r"m\.tflite: .*largest \(mean\) error", capsys.readouterr().out)


@needs_tensorflow
def test_export_saved_model(tiny, tmp_path):
    cli.main(["export", tiny, "--format", "savedmodel", "--out", str(tmp_path / "m")])
    assert (tmp_path / "m" / "saved_model.pb").exists()


def test_data_export(tmp_path):
    cli.main(["data", "export", "digits", str(tmp_path / "d.npz")])
    assert data.from_npz(tmp_path / "d.npz", batch_size=7)[0].shape == (7, 8, 8, 1)
