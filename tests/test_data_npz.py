"""`save_npz`, `export_npz` and `from_npz`: the way without TensorFlow."""

import os
import pickle

import numpy as np
import pytest

from kerasgen import data, events
from kerasgen.data import catalog, npz, registry


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return data.export_npz("digits", tmp_path_factory.mktemp("npz") / "digits.npz")


def test_the_file_holds_the_set(path):
    with np.load(path, allow_pickle=False) as file:
        shapes = {
            key: (file[key].dtype.name, file[key].shape) for key in file.files if key != "name"
        }
        assert str(file["name"]) == "digits" and file["maximum"] == 16
    assert shapes == {
        "maximum": ("int32", ()),
        "train_images": ("uint8", (1500, 8, 8, 1)),
        "train_labels": ("int32", (1500,)),
        "test_images": ("uint8", (297, 8, 8, 1)),
        "test_labels": ("int32", (297,)),
    }
    assert os.listdir(path.parent) == ["digits.npz"]


@pytest.mark.parametrize("binarize", [None, "dynamic"])
def test_the_batches_are_those_of_the_set(path, binarize):
    split, options = "train[100:]+test[:50%]", {"binarize": binarize, "labels": True}
    options |= {"shuffle": True, "batch_size": 100, "seed": 4}
    found = list(data.from_npz(path, split, **options))
    assert len(found) == 16
    for one, other in zip(found, data.open("digits", split).batches(**options)):
        for x, y in zip(one, other):
            np.testing.assert_array_equal(x, y)


def test_the_way_of_before_writes_the_same_file_and_warns(path, tmp_path):
    with pytest.warns(FutureWarning, match="is export_npz"):
        written = data.save_npz("digits", tmp_path / "digits.npz", splits=["test"])
    source, same = data.open("digits", "test", npz=written), data.open("digits", "test", npz=path)
    np.testing.assert_array_equal(source.stored, same.stored)


def test_a_named_file_is_a_set_of_the_catalogue(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    event = events.Joint({"p": events.Vector(2), "t": events.Tokens(3, 7)})
    stored = {"p": np.eye(2, dtype="float32"), "t": np.ones((2, 3), "int32")}
    reader = catalog.Computed(event, {"train": 2}, lambda split: (stored, None))
    catalog.add(catalog.Entry("computed", reader=reader))
    path = data.export_npz("computed", tmp_path / "x.npz")
    catalog.add(catalog.Entry("filed", reader=npz.File(path)))
    assert catalog.entry("filed").event == event and data.size("filed") == 2
    np.testing.assert_array_equal(data.open("filed").array()["t"], stored["t"])


def test_an_interrupted_write_leaves_the_old_file(path, tmp_path, monkeypatch):
    target = tmp_path / "digits.npz"
    target.write_bytes(path.read_bytes())

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="no space left"):
        data.export_npz("digits", target)
    assert target.read_bytes() == path.read_bytes() and os.listdir(tmp_path) == ["digits.npz"]


ZEROS = np.zeros((4, 2, 2, 1), "uint8")
NAMED = {"name": "a", "maximum": 255}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": ZEROS}, r"Expected arrays <split>_images. Received: the arrays \['x'\].*Write one"),
        ({"train_images": ZEROS}, r"Expected a name. Received: the arrays \['train_images'\]"),
        ({**NAMED, "train_images": ZEROS / 1}, "Received: float64 train_images of shape"),
        ({**NAMED, "train_images": ZEROS[0]}, r"Received: uint8 train_images of shape \(2, 2, 1\)"),
        (
            {**NAMED, "train_images": ZEROS, "train_labels": np.zeros(3, "int32")},
            "Expected as many of each. Received: {'train_images': 4, 'train_labels': 3}",
        ),
        (
            {**NAMED, "train_images": ZEROS, "train_labels": np.zeros(4)},
            r"Expected labels int32 \[N\] or \[N, K\]. Received: float64 train_labels",
        ),
        (
            {**NAMED, "train_images": ZEROS, "test_images": ZEROS[:, :1]},
            "Expected splits of one event. Received: .*height=2.*height=1",
        ),
        ({"name": "a", "maximum": 0, "train_images": ZEROS}, "Expected maximum to be .* 0"),
        ({"name": "a", "maximum": "255", "train_images": ZEROS}, "Expected maximum to be .* 255"),
        ({"name": "a", "maximum": 7, "train_images": ZEROS + 8}, "Expected pixels in 0..7, .* 8"),
        (
            {**NAMED, "train_images": np.full((2, 3), np.nan, "float32")},
            "Expected finite vectors. Received: 6 NaN",
        ),
        (
            {**NAMED, "train_images": np.zeros((2, 3), "int32")},
            "Expected vocab_size beside the tokens train_images. Received: none",
        ),
        (
            {**NAMED, "vocab_size": 4, "train_images": np.full((2, 3), 4, "int32")},
            "Expected tokens in 0..3. Received: tokens in 4..4",
        ),
        ({**NAMED, "train_images": np.array([{}])}, r"object train_images of shape \(1,\)"),
        ({"name": np.array({}), "train_images": ZEROS}, "allow_pickle=False"),
    ],
)
def test_a_foreign_file_is_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        data.from_npz(tmp_path / "x.npz")
    assert "x.npz" in str(pytest.raises(ValueError, data.from_npz, tmp_path / "x.npz").value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, r"Expected arrays <split>_images. Received: the arrays \[\]"),
        ({"train_images": np.full((2, 3), 2**40)}, "Expected train_images of at most 32 bits"),
        ({"train_images": np.full((2, 2, 2, 1), 1.5)}, r"Expected values in \[0, 1\]"),
        ({"train_images": np.full((2, 3), -1)}, "Expected tokens in 0..0. Received: tokens in -1"),
    ],
)
def test_bad_arrays_are_not_written(arrays, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        data.save_npz(tmp_path / "x.npz", **arrays)
    assert not os.listdir(tmp_path)


def test_arrays_without_a_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="train_images=x"):
        data.save_npz(tmp_path / "x.npz", ZEROS)


@pytest.mark.parametrize(
    "array, remedy",
    [
        (ZEROS[..., 0], r"x\[..., None\]"),
        (ZEROS[:, 0, 0, 0].astype("float32"), r"x\[:, None\]"),
        (ZEROS.astype(object), "x.astype"),
    ],
)
def test_the_remedy_fits_the_array(array, remedy, tmp_path):
    with pytest.raises(ValueError, match=remedy):
        data.save_npz(tmp_path / "x.npz", train_images=array)


def test_a_path_stands_for_its_file(path):
    by_path, by_name = data.open(str(path)), data.open(None, npz=path)
    assert by_path.name == by_name.name
    np.testing.assert_array_equal(by_path.array(), by_name.array())


def test_a_file_of_another_set_is_refused(path):
    assert data.from_npz(path, name="digits")[0].shape == (64, 8, 8, 1)
    with pytest.raises(
        ValueError, match="Expected a file of the set 'mnist'. Received: .*digits.npz, of 'digits'."
    ):
        data.from_npz(path, name="mnist")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match="Expected a .npz file. Received: .*x.npz, which is not there. Write one",
    ):
        data.from_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1])])
def test_a_file_that_is_not_npz_is_refused(content, tmp_path):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(
        ValueError, match="Received: .*x.npz, which is not one, or is cut short. Write one"
    ):
        data.from_npz(tmp_path / "x.npz")


def test_a_truncated_file_is_refused(path, tmp_path):
    (tmp_path / "x.npz").write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="which is not one, or is cut short"):
        data.from_npz(tmp_path / "x.npz")


def test_a_flipped_byte_is_refused(path, tmp_path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match="Expected a whole .npz file. Received: .*x.npz, damaged"):
        data.from_npz(tmp_path / "x.npz", "train+test")


def test_no_flipped_byte_changes_the_images_or_escapes_as_another_error(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), "uint8")
    np.savez_compressed(tmp_path / "x.npz", name="small", maximum=255, train_images=pixels)
    content = (tmp_path / "x.npz").read_bytes()
    refused = 0
    for position in range(len(content)):
        flipped = bytearray(content)
        flipped[position] ^= 0xFF
        (tmp_path / "x.npz").write_bytes(flipped)
        try:
            images = data.from_npz(tmp_path / "x.npz")[0]
        except ValueError as error:
            assert str(error).startswith("Expected")
            refused += 1
        else:  # a time stamp or an attribute of the archive
            np.testing.assert_array_equal(images, pixels / np.float32(255))
    assert refused > len(content) / 2


@pytest.mark.parametrize(
    "options, message",
    [
        ({"binarize": "static"}, "Expected binarize to be one of"),
        (
            {"split": "validation"},
            "Expected split to be one of {'train': 1500, .*Received: split='validation'",
        ),
        (
            {"batch_size": 2000, "drop_remainder": True},
            "Expected at least one batch of 'digits'. Received: 1500 examples",
        ),
    ],
)
def test_bad_arguments_are_refused(path, options, message):
    with pytest.raises(ValueError, match=message):
        data.from_npz(path, **options)
