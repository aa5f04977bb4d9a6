"""Files of models in the place of presets, on the command line."""

import os
import re
import shlex
import shutil
import sys

import keras
import pytest
from command_line import fails
from keras import layers
from PIL import Image

from kerasgen import bottlenecks, cli, data, likelihoods, zoo
from kerasgen.families import LatentVariableModel

WRITE = ["card --write", "card --note N", "evaluate --write", "detect --keep"]


def decoder():
    return [layers.Dense(32, activation="relu"), layers.Dense(64), layers.Reshape((8, 8, 1))]


@pytest.fixture(scope="module")
def files(tiny, tmp_path_factory):
    """A model in each kind of file, one of them of Keras' own networks, and digits."""
    folder = tmp_path_factory.mktemp("files")
    shutil.make_archive(str(folder / "packed"), "zip", tiny)
    zoo.load(tiny).save(folder / "mine.keras")
    own = LatentVariableModel(
        (8, 8, 1),
        keras.Sequential([layers.Flatten(), layers.Dense(16)]),
        bottlenecks.Gaussian(4),
        keras.Sequential(decoder()),
        likelihoods.Bernoulli(),
    )
    own.save(folder / "sequential.keras")
    data.export_npz("digits", folder / "digits.npz")
    for i in range(3):
        Image.new("L", (8, 8), 17 * i).save(folder / f"{i}.png")
    return folder


@pytest.mark.parametrize("file", ["mine.keras", "packed.zip", "sequential.keras"])
def test_files_stand_in_the_place_of_presets(file, files, tmp_path, monkeypatch, capsys):
    given = f"--data {files}/digits.npz"
    for words in (
        "sample -n 2",
        "traverse --steps 2",
        "interpolate {0}/0.png {0}/1.png --steps 2",
        f"reconstruct -n 2 {given}",
        "export --format savedmodel",
    ):
        command, *options = words.format(files).split()
        out = tmp_path / f"{command}.png"
        cli.main([command, str(files / file), *options, "--out", str(out)])
        assert out.exists()
    capsys.readouterr()
    cli.main(f"evaluate {files / file} --num-samples 2 --limit 4 {given}".split())
    assert "nll" in capsys.readouterr().out


def test_a_file_is_exported_under_its_name(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli.main(["export", str(files / "sequential.keras"), "--format", "savedmodel"])
    assert (tmp_path / "sequential" / "1" / "saved_model.pb").is_file()


@pytest.mark.parametrize("command", ["reconstruct", "evaluate", "interpolate", "card --note N"])
def test_a_file_of_keras_does_not_know_its_data(command, files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cli.main(["preset", str(files / "mine.keras")])
    command, *options = command.split()
    assert "Expected --data" in fails(capsys, command, "mine", *options)


@pytest.mark.parametrize("command", ["card", "preset"])
def test_networks_of_keras_make_no_recipe(command, files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "Sequential" in fails(capsys, command, str(files / "sequential.keras"))
    assert not (tmp_path / "sequential").exists()


@pytest.mark.parametrize("file", ["mine.keras", "packed.zip", "hf://me/mine"])
def test_what_writes_into_a_preset_says_how_a_file_becomes_one(
    file, files, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(files)
    with monkeypatch.context() as without:
        without.setattr("kerasgen.cli.inputs.load_keras", lambda: sys.exit("Keras was needed"))
        told = {fails(capsys, *words.split()[:1], file, *words.split()[1:]) for words in WRITE}
    (line,) = told
    remedy = shlex.split(re.search("`(.*)`", line)[1])
    assert remedy[:3] == ["kerasgen", "preset", file]
    if "://" not in file:
        cli.main(remedy[1:])
        cli.main(["card", remedy[-1], "--note", "It knows digits.", "--data", "digits.npz"])
        assert "It knows digits." in zoo.card(remedy[-1])
        assert "an empty folder" in fails(capsys, *remedy[1:])


def test_a_packed_preset_brings_its_detector(tiny, files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny, "tiny")
    cli.main(["detect", "tiny", "--keep", "-n", "99", "--data", str(files / "digits.npz")])
    shutil.make_archive("tiny", "zip", "tiny")
    capsys.readouterr()
    told = []
    for preset in ("tiny", "tiny.zip"):
        cli.main(["detect", preset, str(files / "0.png")])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] and "p = " in told[0]
    assert sorted(os.listdir(tmp_path)) == ["tiny", "tiny.zip"]
