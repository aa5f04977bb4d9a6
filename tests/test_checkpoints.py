"""What is wrong with the files of a run is noticed, told in one line, and costs one epoch."""

import json
import shutil

import numpy as np
import pytest
from command_line import fails, needs_tensorflow
from scripts import SCRIPT, script

from kerasgen import cli, data, durable, training, zoo
from kerasgen.recipe import Recipe

pytestmark = needs_tensorflow
POINTS = script(SCRIPT.with_name("small_recipes.py")).POINTS


@pytest.fixture(scope="module")
def recipe():
    return Recipe.from_dict(POINTS)


@pytest.fixture(scope="module")
def trained(recipe, tmp_path_factory):
    """A model, and the folder of the run that trained it."""
    output = tmp_path_factory.mktemp("runs") / "whole"
    return training.run(recipe, output), output


@pytest.fixture(scope="module")
def whole(trained):
    return trained[1]


def flip(path, bit):
    content = bytearray(path.read_bytes())
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    path.write_bytes(content)


def weights(output):
    return zoo.load(output / "preset").get_weights()


@pytest.mark.usefixtures("plain_ends")
def test_a_run_reads_its_data_once(recipe, tmp_path, monkeypatch):
    """Though its monitors and its picture look at them too."""
    file, reads = data.export_npz("ring", tmp_path / "ring.npz"), []
    read = data.npz.File.read
    monkeypatch.setattr(
        data.npz.File, "read", lambda self, *part: reads.append(part) or read(self, *part)
    )
    training.run(recipe, tmp_path / "run", data=file)
    assert len(reads) == 1


def spoil(path, damage):
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "flipped":
        flip(path, np.random.default_rng(0).integers(8 * len(content)))
    else:
        left = {"emptied": b"", "cut": content[: len(content) // 2], "zeroed": bytes(len(content))}
        path.write_bytes(left[damage])


@pytest.mark.parametrize("damaged", ["state.json", "epoch-3.weights.h5"])
@pytest.mark.parametrize("damage", ["emptied", "cut", "flipped", "zeroed", "gone"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(
    damaged, damage, recipe, trained, tmp_path, capsys
):
    model, output = trained
    shutil.copytree(output / "checkpoints", tmp_path / "checkpoints")
    spoil(tmp_path / "checkpoints" / damaged, damage)
    checkpoints = training.Checkpoints(tmp_path / "checkpoints", recipe)
    checkpoints.restore(model)
    said = capsys.readouterr().err
    assert checkpoints.epoch == 2
    assert said.count("\n") == 1 and damaged in said and "after epoch 2" in said


def test_a_run_that_falls_back_ends_where_a_whole_one_does(recipe, whole, tmp_path):
    output = tmp_path / "run"
    shutil.copytree(whole, output)
    spoil(output / "checkpoints" / "epoch-3.weights.h5", "flipped")
    (output / "history.csv").write_bytes(bytes(100))
    (output / "checkpoints" / "epoch-1.weights.h5").write_bytes(b"of a run killed before it tidied")
    training.run(recipe, output, resume=True)
    for resumed, expected in zip(weights(output), weights(whole), strict=True):
        np.testing.assert_array_equal(resumed, expected)
    assert (output / "kl_by_unit.csv").read_bytes() == (whole / "kl_by_unit.csv").read_bytes()
    left, expected = ({p.name for p in (run / "checkpoints").iterdir()} for run in (output, whole))
    assert left == expected


def test_every_flipped_bit_of_a_checkpoint_is_noticed(recipe, whole, tmp_path):
    rng = np.random.default_rng(1)
    for name in ("state.json", "epoch-3.weights.h5"):
        for _ in range(20):
            folder = tmp_path / "checkpoints"
            shutil.copytree(whole / "checkpoints", folder)
            flip(folder / name, rng.integers(8 * (folder / name).stat().st_size))
            (folder / "before.json").unlink()
            with pytest.raises(ValueError, match="Expected a whole checkpoint in .* Received: "):
                training.Checkpoints(folder, recipe).restore(None)
            shutil.rmtree(folder)


@pytest.mark.parametrize("damaged", ["best.json", "best-2.weights.h5"])
@pytest.mark.parametrize("damage", ["emptied", "cut", "flipped", "zeroed"])
def test_damaged_best_weights_are_noticed(damaged, damage, tmp_path, capsys):
    file = tmp_path / "best-2.weights.h5"
    file.write_bytes(b"the best weights")
    best = training.checkpoints.seal({"file": file.name, "loss": 1.0, "epoch": 2}, tmp_path)
    (tmp_path / "best.json").write_text(json.dumps(best))
    assert training.held_out.weights(tmp_path) == file and not capsys.readouterr().err
    spoil(tmp_path / damaged, damage)
    assert training.held_out.weights(tmp_path) is None
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("lines", ["\n\n", "\0\0\0\n", "x\n", "1,2\n", "\ufffd,,\n"])
@pytest.mark.parametrize("place", [0, 1, -1])
def test_tables_with_damaged_lines_lose_those_alone(lines, place, whole, tmp_path):
    table = tmp_path / "history.csv"
    before = (whole / "history.csv").read_text().splitlines(keepends=True)
    at = len(before) if place < 0 else place
    table.write_text("".join([*before[:at], lines, *before[at:]]))
    training.callbacks.logs(tmp_path, 3)
    after = table.read_text().splitlines(keepends=True)
    assert after in (before, []) and (after or place == 0)


def test_a_run_whose_folder_another_process_holds_ends_in_one_line(recipe, whole, tmp_path, capsys):
    recipe.save(tmp_path / "recipe.yaml")
    before = sorted(whole.rglob("*"))
    with durable.alone(whole):
        said = fails(
            capsys, "train", str(tmp_path / "recipe.yaml"), "--out", str(whole), "--resume"
        )
    assert str(whole) in said and "another process trains" in said
    assert sorted(whole.rglob("*")) == before


def test_a_card_is_written_through_a_link(whole, tmp_path):
    shutil.copytree(whole / "preset", tmp_path / "place")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "place")
    cli.main(["card", str(link), "--write", "--note", "Seen through a link."])
    assert link.is_symlink() and "Seen through a link." in zoo.card(tmp_path / "place")
    assert {path.name for path in tmp_path.iterdir()} == {"place", "link"}


def test_leftovers_are_neither_listed_nor_in_the_way(recipe, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo.loader, "_PLACES", (tmp_path,))
    shutil.copytree(whole / "preset", tmp_path / "points")
    shutil.copytree(whole / "preset", tmp_path / ".points.partial-1")
    assert zoo.names() == ["points"]
    zoo.save(
        zoo.load("points"),
        tmp_path / "points",
        recipe,
        json.loads((tmp_path / "points" / "metrics.json").read_text()),
    )
    assert [path.name for path in tmp_path.iterdir()] == ["points"]
