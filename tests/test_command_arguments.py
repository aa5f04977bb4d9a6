"""What a command can know to be wrong it says before Keras is imported, in one line."""

import argparse
import os
import shutil
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasgen import cli, zoo
from kerasgen.cli import arguments


class Recorder:
    """Takes a command's arguments as a parser does, and keeps them."""

    def __init__(self, module):
        self.options = []
        module.add_arguments(self)

    def add_argument(self, *names, **options):
        self.options.append((names, options))

    def add_mutually_exclusive_group(self):
        return self


ALL = [
    (command, names, options)
    for command, module in cli.COMMANDS.items()
    for names, options in Recorder(module).options
]
READ = {f"{command} {names[-1]}": each["type"] for command, names, each in ALL if "type" in each}
TEXTS = st.text(max_size=30) | st.integers().map(str) | st.floats().map(str) | st.just("a" * 5000)


@pytest.mark.parametrize("argument", READ)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_a_word_is_read_or_told_in_one_line(argument, text):
    try:
        READ[argument](text)
    except argparse.ArgumentTypeError as error:
        said = str(error).lower()
        assert said.startswith("expected ") and "received" in said and said.isprintable()


def test_numbers_splits_and_outputs_have_types_that_tell():
    """`int` and `float` take what no flag can use, and say so in argparse's words."""
    assert not {int, float} & set(READ.values())
    for command, names, options in ALL:
        if "--split" in names:
            assert options["type"] is arguments.split
        if "--out" in names and command != "export":  # either a file or a folder
            kinds = (
                "new_file",
                "new_png",
                "new_png_or_gif",
                "new_folder",
                "empty_folder",
                "folder_to_fill",
            )
            places = [getattr(arguments, kind) for kind in kinds]
            assert options["type"] in places


@pytest.mark.parametrize(
    "words",
    [
        ["sample", "gmm_ring", "--seed", "-1"],
        ["sample", "gmm_ring", "--temperature", "nan"],
        ["sample", "gmm_ring", "--top-p", "1.5"],
        ["sample", "gmm_ring", "--out", "."],
        ["sample", "gmm_ring", "--out", "file/samples.png"],
        ["sample", "gmm_ring", "--out", os.devnull],
        ["evaluate", "gmm_ring", "--split", "test[5:2]"],
        ["reconstruct", "vae_ring", "--split", "test[5"],
        ["data", "import", ".", "."],
        ["data", "export", "ring", "."],
        ["train", "gmm_ring", "--out", "file"],
        ["demo", "--out", "file"],
        ["list", "--max-mb=-inf"],
        ["export", "gmm_ring", "--format", "tflite", "--batch", "0"],
        ["export", "gmm_ring", "--format", "tflite", "--out", "."],
        ["export", "gmm_ring", "--format", "savedmodel", "--out", "file"],
    ],
    ids=" ".join,
)
def test_it_is_told_before_keras_is_needed(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("precious")
    monkeypatch.setattr("kerasgen.cli.inputs.load_keras", lambda: sys.exit("Keras was needed"))
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "xpected" in line and "eceived" in line
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "precious"


WRITE = [
    "sample gmm_ring --out file",
    "sample gmm_ring",
    "reconstruct vae_mnist",
    "new mine --family vae --data file",
    "train recipe.yaml",
    "train recipe.yaml --out preset",
    "preset .",
    "evaluate ./preset --write",
    "card ./preset --write",
    "export gmm_ring --format savedmodel",
    "export gmm_ring --format tflite --out file",
    "export gmm_ring --format onnx",
    "tokenize dvae_mnist --input . --output ids",
    "denoise vae_mnist",
    "inpaint vae_mnist",
    "enlarge superres_fashion",
    "restyle cvae_mnist",
    "edit vae_mnist --with file --without file",
    "interpolate vae_mnist",
    "traverse vae_mnist",
    "detect vae_mnist --detector new.npz",
    "detect vae_mnist --tflite file",
    "detect ./preset --keep",
    "compress pixelcnn_mnist --out file",
    "decompress file",
    "decompress file --npz file",
    "data import . file",
    "data export ring ring.npz",
    "demo",
    "web",
]


@pytest.fixture
def place(tmp_path, freeze):
    """A folder that cannot be written, with a file, a preset and a run."""
    shutil.copytree(zoo.folder("gmm_ring"), tmp_path / "place" / "preset")
    shutil.copy(zoo.folder("gmm_ring") / "recipe.yaml", tmp_path / "place")
    (tmp_path / "place" / "file").write_text("precious")
    return freeze(tmp_path / "place")


@pytest.mark.parametrize("words", WRITE)
def test_what_cannot_be_written_is_told_before_keras_is_needed(words, place, monkeypatch, capsys):
    monkeypatch.setattr("kerasgen.cli.inputs.load_keras", lambda: sys.exit("Keras was needed"))
    there = sorted(place.rglob("*"))
    monkeypatch.chdir(place)
    with pytest.raises(SystemExit) as ended:
        cli.main(words.split())
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "can be written" in line
    assert sorted(place.rglob("*")) == there
    assert (place / "file").read_text() == "precious"


def test_what_takes_the_place_of_a_folder_is_no_mount_point(tmp_path, monkeypatch):
    monkeypatch.setattr("os.path.ismount", lambda path: path == tmp_path)
    assert arguments.folder_to_fill(str(tmp_path)) == tmp_path
    assert arguments.new_folder(str(tmp_path / "new")) == tmp_path / "new"
    with pytest.raises(argparse.ArgumentTypeError, match="no mount point"):
        arguments.new_folder(str(tmp_path))


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"(train|test)(\[-?[0-9]{0,3}%?:-?[0-9]{0,3}%?\])?", fullmatch=True))
def test_a_split_that_is_refused_has_no_examples_of_any_set(text):
    """The oracle is Python's own slicing."""
    try:
        arguments.split(text)
    except argparse.ArgumentTypeError as error:
        if "slice that ends" not in str(error):
            return  # a lone minus or per cent
        ends = text[text.index("[") + 1 : -1].split(":")
        for size in (10, 1000):
            start, stop = (
                None if not end else round(int(end[:-1]) * size / 100) if "%" in end else int(end)
                for end in ends
            )
            assert not range(size)[start:stop]
