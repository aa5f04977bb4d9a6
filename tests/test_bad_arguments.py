"""Whatever a command or a function is given, it says in one line what it expected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tiny_vae

from kerasgen import cli, data, documents, zoo
from kerasgen.recipe import Recipe

LONG = "a" * 5000
NAMES = [
    "",
    " ",
    "\0",
    LONG,
    f"{LONG}.zip",
    f"{LONG}.keras",
    "hf://x",
    "no/such/place",
    "\x1b[31mred",
    "x.zip",
    "-",
    "é",
]
TAKE_A_PRESET = [
    "card",
    "denoise",
    "detect",
    "sample",
    "reconstruct",
    "evaluate",
    "probe",
    "export",
    "train",
]


def told(argv, capsys):
    """The line that a command ends with."""
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 2
    *_, line = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize("command", TAKE_A_PRESET)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_preset_is_told_in_one_line(command, name, capsys):
    needed = ["--format", "tflite"] if command == "export" else []
    line = told([command, f"./{name}" if name == "-" else name, *needed], capsys)
    assert line.startswith("kerasgen") and line.isprintable() and "eceived" in line


@pytest.mark.parametrize("kind", ["picture", "folder", "text", "nothing"])
def test_what_is_no_recipe_is_told_in_one_line(kind, tmp_path, capsys):
    path = tmp_path / "recipe.yaml"
    if kind == "folder":
        path.mkdir()
    else:
        content = {"picture": b"\x89PNG\r\n\x1a\n", "text": b"a: [", "nothing": b""}[kind]
        path.write_bytes(content)
    line = told(["train", str(path)], capsys)
    assert "Expected" in line and "Received" in line


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "many", "[]", "true", "1e3"])
def test_a_batch_size_is_told_before_anything_is_read(value, capsys):
    line = told(["train", "gmm_ring", "--set", f"data.batch_size={value}"], capsys)
    assert "Expected data.batch_size" in line


@pytest.mark.parametrize("split", ["test[5:2]", "test[7:7]", "test[0:0]+train[3:1]"])
def test_splits_without_examples_are_told(split):
    with pytest.raises(ValueError, match="Expected at least 1 example. Received: split="):
        data.open("digits", split)


@pytest.mark.parametrize("name", [None, 3, [], b"gmm_ring", 2.5])
def test_what_names_no_preset_is_told(name):
    with pytest.raises(zoo.PresetError, match="Expected the name of a preset"):
        zoo.load(name)


def test_no_data_and_codes_of_another_shape_are_told():
    model = tiny_vae()
    model.compile()
    for act in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match="Expected images .* Received: (x=)?None"):
            act(None)
    (size,) = model.bottleneck.latent_shape
    for shape in [(size,), (2, size + 1), ()]:
        with pytest.raises(ValueError, match="Expected codes of shape"):
            model.decode(np.zeros(shape, "float32"))
    assert model.decode(np.zeros((3, 2, size), "float32")).mean().shape[:2] == (3, 2)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary())
def test_documents_are_read_or_refused_in_one_line(text):
    for read in (documents.read_yaml, documents.read_json):
        try:
            value = read(text)
        except ValueError as error:
            assert "\n" not in str(error)
        else:
            assert value is None or isinstance(value, (dict, list, str, int, float, bool))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["name", "seed", "title", "data", "model"]), st.none() | st.integers())
def test_fields_of_recipes_are_told(field, value):
    values = {"name": "a", "data": {"name": "digits", "batch_size": 1}, "model": {}, "training": {}}
    try:
        Recipe.from_dict({**values, field: value})
    except ValueError as error:
        assert str(error).startswith("Expected") and "\n" not in str(error)
    else:
        assert field == "seed" and 0 <= value < 2**32
