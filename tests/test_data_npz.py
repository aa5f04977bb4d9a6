"""`save_npz` and `from_npz`: the way without TensorFlow."""

import importlib.util
import os
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasgen import data

RANDOM = {"split": "test", "shuffle": True, "binarize": "dynamic", "labels": True, "seed": 3}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return data.save_npz("digits", tmp_path_factory.mktemp("npz") / "digits.npz")


def assert_equal_batches(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other):
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y)


def epoch(path, **options):
    return np.concatenate(list(data.from_npz(path, "test", **options)))


def test_the_file_holds_the_set(path):
    with np.load(path, allow_pickle=False) as file:
        shapes = {key: (file[key].dtype.name, file[key].shape) for key in file.files if key != "name"}
        assert str(file["name"]) == "digits" and file["maximum"] == 16
    assert shapes == {
        "maximum": ("int64", ()),
        "train_images": ("uint8", (1500, 8, 8, 1)),
        "train_labels": ("int32", (1500,)),
        "test_images": ("uint8", (297, 8, 8, 1)),
        "test_labels": ("int32", (297,)),
    }
    assert os.listdir(path.parent) == ["digits.npz"]


@pytest.mark.parametrize("binarize", [None, "fixed"])
def test_the_images_are_those_of_load(path, binarize):
    pytest.importorskip("tensorflow")
    options = {"split": "train[100:]+test[:50%]", "batch_size": 100, "binarize": binarize, "labels": True}
    expected = [tuple(np.asarray(part) for part in batch) for batch in data.load("digits", **options)]
    found = list(data.from_npz(path, **options))
    assert_equal_batches(found, expected)
    assert found[0][0].dtype == "float32" and found[0][1].dtype == "int32"


@pytest.mark.parametrize("drop_remainder", [True, False])
@pytest.mark.parametrize("start_step", [0, 1, 3, 4, 5, 6, 13])
def test_a_start_step_gives_the_batches_of_a_run_from_the_start(path, start_step, drop_remainder):
    options = {**RANDOM, "drop_remainder": drop_remainder, "repeat": True}
    whole, later = data.from_npz(path, **options), data.from_npz(path, **options, start_step=start_step)
    assert_equal_batches([later[k] for k in range(7)], [whole[start_step + k] for k in range(7)])


@pytest.mark.parametrize("drop_remainder, steps", [(True, 4), (False, 5)])
def test_a_finite_dataset_goes_to_its_next_epoch_at_every_iteration(path, drop_remainder, steps):
    options = {**RANDOM, "drop_remainder": drop_remainder}
    endless = data.from_npz(path, **options, repeat=True)
    finite = data.from_npz(path, **options)
    assert (finite.num_batches, endless.num_batches) == (steps, None)
    batches = [batch for _ in range(3) for batch in finite]
    assert_equal_batches(batches, [endless[k] for k in range(3 * steps)])
    later = data.from_npz(path, **options, start_step=steps + 1)
    assert_equal_batches([*later, *later], [endless[k] for k in range(steps + 1, 3 * steps)])
    with pytest.raises(IndexError, match=f"Expected an index in 0..{steps - 1}. Received: {steps}"):
        finite[steps]


@pytest.mark.parametrize("binarize", [None, "dynamic", "fixed"])
def test_the_batch_size_changes_no_example(path, binarize):
    options = {"shuffle": True, "binarize": binarize, "seed": 1}
    np.testing.assert_array_equal(epoch(path, batch_size=297, **options), epoch(path, batch_size=10, **options))


def test_every_epoch_has_an_order_of_its_own_with_every_example_once(path):
    dataset = data.from_npz(path, "test", batch_size=297, shuffle=True, repeat=True)
    first, second, plain = (images.reshape(297, 64) for images in (dataset[0], dataset[1], epoch(path)))
    for images in (first, second):
        np.testing.assert_array_equal(images[np.lexsort(images.T)], plain[np.lexsort(plain.T)])
        assert np.mean(np.any(images != plain, axis=1)) > 0.9
    assert np.mean(np.any(first != second, axis=1)) > 0.9


def test_dynamic_binarization_has_the_grey_values_as_its_frequencies(path):
    grey, visits = epoch(path), 300
    dataset = data.from_npz(path, "test", batch_size=297, binarize="dynamic", repeat=True)
    draws = np.stack([dataset[k] for k in range(visits)])
    assert set(np.unique(draws)) == {0, 1}
    frequency = draws.mean(axis=0)
    certain = (grey == 0) | (grey == 1)
    np.testing.assert_array_equal(frequency[certain], grey[certain])
    p = grey[~certain]
    # Independent draws over visits make these squares chi-square variables of one degree of freedom.
    squares = (frequency[~certain] - p) ** 2 * visits / (p * (1 - p))
    assert abs(squares.mean() - 1) < 5 * np.sqrt(2 / squares.size)
    standard = (draws - grey)[:, ~certain] / np.sqrt(p * (1 - p))
    assert abs(np.mean(standard[:, 1:] * standard[:, :-1])) < 5 / np.sqrt(standard.size)


class Sums(keras.layers.Layer):
    """Adds up what passes, weighed by when it passed, in a variable that shows which batches came in which order."""

    def build(self, input_shape):
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)
        self.sums = self.add_weight(name="sums", shape=(32,), initializer="zeros", trainable=False)

    def call(self, x):
        passed = keras.ops.one_hot(keras.ops.cast(self.steps, "int32"), 32) * keras.ops.sum(x)
        self.sums.assign(self.sums + passed)
        self.steps.assign(self.steps + 1)
        return keras.layers.Flatten()(x)


def passed(dataset, **fit):
    """The sums of the batches that `fit` showed a model, in order."""
    model = keras.Sequential([keras.Input((8, 8, 1)), Sums(), keras.layers.Dense(10)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    model.layers[0].steps.assign(0)  # building the model passes nothing
    model.fit(dataset, verbose=0, shuffle=False, **fit)
    layer = model.layers[0]
    return np.asarray(keras.ops.convert_to_numpy(layer.sums))[: int(layer.steps)]


def test_fit_sees_the_batches_of_an_endless_dataset_in_order(path):
    options = {**RANDOM, "repeat": True, "start_step": 2}
    expected = data.from_npz(path, **options)
    found = passed(data.from_npz(path, **options), epochs=3, steps_per_epoch=4)
    np.testing.assert_allclose(found, [expected[k][0].sum() for k in range(12)])


def test_fit_sees_new_draws_in_every_epoch_of_a_finite_dataset(path):
    found = passed(data.from_npz(path, **RANDOM), epochs=3)
    assert found.shape == (15,) and np.unique(found.reshape(3, 5), axis=0).shape == (3, 5)


def test_an_interrupted_write_leaves_the_old_file(path, tmp_path, monkeypatch):
    target = tmp_path / "digits.npz"
    target.write_bytes(path.read_bytes())

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="no space left"):
        data.save_npz("digits", target)
    assert target.read_bytes() == path.read_bytes() and os.listdir(tmp_path) == ["digits.npz"]


IMAGES = np.zeros((4, 2, 2, 1), "uint8")


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"x": IMAGES}, r"Expected a .npz file with name, maximum .*Received: .*, with the arrays \['x'\]. Write one"),
        ({"name": "a", "maximum": 255, "train_images": IMAGES / 1}, "with float64 train_images of shape"),
        ({"name": "a", "maximum": 255, "train_images": IMAGES[0]}, r"with uint8 train_images of shape \(2, 2, 1\)"),
        (
            {"name": "a", "maximum": 255, "train_images": IMAGES, "train_labels": np.zeros(3, "int32")},
            r"with 4 images and train_labels of shape \(3,\)",
        ),
        ({"name": "a", "maximum": 0, "train_images": IMAGES}, "with maximum 0"),
        ({"name": "a", "maximum": "255", "train_images": IMAGES}, "with maximum 255"),
        (
            {"name": "a", "maximum": 255, "train_images": np.array([{}])},
            "with train_images that cannot be read: .*allow_pickle=False",
        ),
    ],
)
def test_a_foreign_file_is_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        data.from_npz(tmp_path / "x.npz")


def test_a_file_of_another_set_is_refused(path):
    assert data.from_npz(path, name="digits")[0].shape == (64, 8, 8, 1)
    with pytest.raises(ValueError, match="Expected a file of the set 'mnist'. Received: .*digits.npz, of 'digits'."):
        data.from_npz(path, name="mnist")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(
        FileNotFoundError, match="Expected a .npz file. Received: .*x.npz, which is not there. Write one"
    ):
        data.from_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1])])
def test_a_file_that_is_not_npz_is_refused(content, tmp_path):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match="Received: .*x.npz, which is not one, or is cut short. Write one"):
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
        ({"split": "validation"}, "Expected split to be one of {'train': 1500, .*Received: split='validation'"),
        (
            {"batch_size": 2000, "drop_remainder": True},
            "Expected at least one batch of 'digits'. Received: 1500 examples",
        ),
    ],
)
def test_bad_arguments_are_refused(path, options, message):
    with pytest.raises(ValueError, match=message):
        data.from_npz(path, **options)


FIT = """
import sys
sys.modules.update(dict.fromkeys(["tensorflow", "tensorflow_datasets"]))  # None makes an import fail
import keras
import kerasgen.data
path = sys.argv[1]
kerasgen.data.save_npz("digits", path)
def weights(**fit):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    options = dict(binarize="dynamic", shuffle=True, labels=True, repeat=True)
    model.fit(kerasgen.data.from_npz(path, **options), steps_per_epoch=20, verbose=0, shuffle=False, **fit)
    losses = model.history.history["loss"]
    assert losses[-1] < losses[0]
    return model.get_weights()
for one, other in zip(weights(epochs=3), weights(epochs=3)):
    assert (one == other).all()
"""


def test_fit_works_under_jax_without_tensorflow(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("needs JAX")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", FIT, str(tmp_path / "digits.npz")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
