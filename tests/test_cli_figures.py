"""The commands that measure presets: figures, protocols and cards."""

import json
import re

import numpy as np
from command_line import METRICS, MODEL, TINY, fails, needs_tensorflow

from kerasgen import cli, data, zoo
from kerasgen.cli import inputs
from kerasgen.recipe import Recipe


def test_a_set_of_several_labels_an_image_is_not_probed(tmp_path, capsys):
    sprites = Recipe("sprites", {"name": "shapes", "batch_size": 50}, MODEL, {})
    folder = zoo.save(sprites.build(), tmp_path / "sprites", sprites, METRICS)
    error = fails(capsys, "probe", str(folder))
    assert "one label an image. Received: 'shapes', of 5 labels an image. Name" in error


def test_presets_of_two_data_sets_are_not_probed_together(tiny, tmp_path, capsys):
    other = Recipe("other", {"name": "mnist", "batch_size": 50}, MODEL, {})
    folder = zoo.save(other.build(), tmp_path / "other", other, METRICS)
    error = fails(capsys, "probe", tiny, str(folder))
    assert (
        "Expected presets of one data set, digits," in error
        and "Received: 'other', of mnist." in error
    )


@needs_tensorflow
def test_probe_prints_a_table(tiny, capsys, monkeypatch):
    monkeypatch.setattr("kerasgen.tasks.probe._STEPS", 5)
    cli.main(["probe", tiny, "--labels", "50", "--seeds", "2"])
    table = [
        line.strip("| ").split(" | ")
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("|")
    ]
    assert table[0] == ["classifier", "features", "50 labels"]
    fine_tuned = [["fine-tuned", f"new weights, {tiny}'s network"], ["fine-tuned", tiny]]
    assert [row[:2] for row in table[2:]] == [["linear", "pixels"], ["linear", tiny], *fine_tuned]
    cells = [re.fullmatch(r"(\d+\.\d) ± (\d+\.\d)", row[2]) for row in table[2:]]
    assert all(0 <= float(cell[1]) <= 100 for cell in cells) and any(
        float(cell[2]) > 0 for cell in cells
    )
    assert float(cells[0][1]) > 50  # of the pixels


@needs_tensorflow
def test_evaluate_writes_figures_with_their_protocol(tiny, tmp_path, capsys):
    published = [{"model": "other", "value": 1.0, "source": "a paper"}]
    old = {
        "value": 0.0,
        "standard_error": 0.0,
        "unit": "nats",
        "protocol": "p",
        "command": "c",
        "published": published,
    }
    folder = zoo.save(
        zoo.load(tiny), tmp_path / "tiny", TINY, {**METRICS, "figures": {"nll": old, "kept": old}}
    )
    cli.main(["evaluate", str(folder), "--num-samples", "5", "--limit", "20", "--write"])
    figures = json.loads((folder / "metrics.json").read_text())["figures"]
    assert figures["kept"] == old
    nll = figures["nll"]
    assert nll["value"] > 0 and nll["standard_error"] > 0 and nll["published"] == published
    protocol = (
        "20 test examples of digits binarized once with seed 0, nll by k = 5 importance samples, "
        "elbo by 10"
    )
    assert nll["protocol"] == protocol
    assert nll["command"] == "kerasgen evaluate tiny --num-samples 5 --limit 20"
    assert nll["protocol"] in zoo.card(folder)
    assert f"{nll['value']:.5g} ± {nll['standard_error']:.2g} nats" in capsys.readouterr().out


@needs_tensorflow
def test_figures_of_a_file_and_of_what_was_held_out_of_training(tiny, tmp_path, capsys):
    data.export_npz("digits", tmp_path / "digits.npz")
    command = ["evaluate", tiny, "--num-samples", "5", "--split", "train[1480:]"]
    cli.main(command)
    cli.main([*command, "--data", str(tmp_path / "digits.npz")])
    out = capsys.readouterr().out
    first, second = re.findall(r"^nll +(.*)$", out, re.MULTILINE)
    assert first == second and out.count("20 train[1480:] examples of digits binarized once") == 2
    assert "Drop --split." in fails(capsys, "evaluate", tiny, "--split", "train", "--write")


def test_data_of_ones_own_are_named_by_their_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
    np.savez("mine.npz", name="mine", maximum=1, train_images=points, test_images=points[:20])
    mixture = {"families.Mixture": {"event": [2], "num_components": 2}}
    Recipe("mine", {"name": "mine", "batch_size": 10}, mixture, {"em": {"max_iter": 3}}).save(
        "mine.yaml"
    )
    preset, own = "runs/mine/preset", ["--data", "mine.npz"]
    cli.main(["train", "mine.yaml", *own])
    cli.main(["sample", preset, *own])
    cli.main(["evaluate", preset, "--write", *own])
    card = zoo.card(tmp_path / preset)
    assert "20 test examples of mine. `kerasgen evaluate preset --data mine.npz`" in card
    assert 'kerasgen.data.from_npz("mine.npz", batch_size=10, shuffle=True)' in card
    assert "`kerasgen train mine --data mine.npz`" in card and "download" not in card
    data.export_npz("ring", "ring.npz")
    for command in ("train", "sample", "evaluate"):
        what = ["mine.yaml", "--out", "other"] if command == "train" else [preset]
        error = fails(capsys, command, *what, "--data", "ring.npz")
        assert "Expected a file of the set 'mine'. Received: ring.npz, of 'ring'." in error


@needs_tensorflow
def test_a_card_is_written_again_with_its_figures_and_a_note(tmp_path, capsys):
    figure = {"value": 2.5, "standard_error": 0.5, "unit": "nats", "protocol": "p", "command": "c"}
    folder = zoo.save(
        TINY.build(), tmp_path / "tiny", TINY, {**METRICS, "figures": {"nll": figure}}
    )
    (folder / "card.md").write_text("another")
    assert "Received" in fails(capsys, "card", str(folder), "--write")  # not what the manifest says
    folder = zoo.save(TINY.build(), folder, TINY, {**METRICS, "figures": {"nll": figure}})
    cli.main(["card", str(folder), "--note", "It is small.", "--note", "It is a test."])
    card = zoo.card(folder)
    assert "- It is small.\n- It is a test.\n" in card and "**2.50** ± 0.5" in card
    assert (folder / "samples.png").exists() and (folder / "reconstructions.png").exists()
    cli.main(["card", str(folder), "--write"])
    assert zoo.card(folder) == card


def test_a_density_of_binarized_digits_is_ranked_against_binarized_garments(
    tmp_path, monkeypatch, capsys
):
    network = {"networks.PixelCNN": {"output_channels": 1, "channels": 4, "num_blocks": 1}}
    parts = {"event": [8, 8, 1], "network": network, "likelihood": {"likelihoods.Bernoulli": {}}}
    binarized = Recipe(
        "binarized",
        {"name": "binarized_mnist", "batch_size": 50},
        {"families.AutoregressiveModel": parts},
        {},
    )
    folder = zoo.save(binarized.build(), tmp_path / "binarized", binarized, METRICS)
    assert "every pixel 0 or 1" in zoo.card(folder)
    reads = []

    def read(recipe, split, args, labels, count=None):
        reads.append((recipe.data["name"], recipe.data["binarize"]))
        return np.random.default_rng(0).integers(2, size=(8, 8, 8, 1)).astype("float32"), None

    monkeypatch.setattr(inputs, "examples", read)
    cli.main(["evaluate", str(folder)])
    assert reads == [
        ("binarized_mnist", None),
        ("binarized_mnist", None),
        ("fashion_mnist", "fixed"),
    ]
    printed = capsys.readouterr().out
    assert (
        "ood_auroc[fashion_mnist]" in printed
        and "as many of fashion_mnist, noise and the constant" in printed
    )


@needs_tensorflow
def test_evaluate_adds_sample_quality_where_it_is_asked_for(tiny, capsys):
    cli.main(
        ["evaluate", tiny, "--num-samples", "5", "--limit", "40", "--quality", "--samples", "30"]
    )
    out = capsys.readouterr().out
    assert (
        "40 test examples of digits binarized once with seed 0, nll by k = 5 importance samples, "
        "elbo by 10\n" in out
    )
    drawn = (
        "30 means of p(x | z), z drawn from the prior, seed 0, against 40 test examples of digits; "
        "floor: the first"
    )
    assert f"{drawn} as many of 40 training examples in" in out
    names = re.findall(r"^([\w\[\]]+) +[-\d]", out, re.MULTILINE)
    assert names[0] == "nll" and {"recall[values]", "recall_floor[values]"} < set(names)


@needs_tensorflow
def test_the_protocol_says_how_many_samples_each_figure_is_of(tiny, tmp_path, capsys):
    folder = zoo.save(zoo.load(tiny), tmp_path / "tiny", TINY, {**METRICS, "figures": {}})
    quality = ["--quality", "--samples", "100"]
    cli.main(["evaluate", str(folder), "--num-samples", "5", "--limit", "40", *quality, "--write"])
    distance = json.loads((folder / "metrics.json").read_text())["figures"][
        "frechet_distance[values]"
    ]
    assert distance["protocol"].startswith(
        "Fréchet distance of 100 means of p(x | z), z drawn from the prior, seeds 0 to 2, other "
        "figures of the first "
        "40, against 40 test examples of digits; floor: all 40 training examples in the samples' "
        "place; copies are"
    )
    assert (
        distance["command"]
        == "kerasgen evaluate tiny --num-samples 5 --limit 40 --quality --samples 100"
    )
    error = fails(capsys, "evaluate", tiny, "--samples", "100")
    assert (
        "Expected --samples with --quality, whose samples it counts. Add --quality, or drop it."
        in error
    )
