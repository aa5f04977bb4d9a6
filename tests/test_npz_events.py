"""Files of other events than images, and what reads them."""

import importlib.util
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from kerasgen import data, events

rng = np.random.default_rng(0)


IMAGES = rng.integers(0, 200, (4, 2, 3, 1))


EVENTS = {
    "uint8": ({"train_images": IMAGES.astype("uint8")}, events.Image(2, 3, 1, levels=256)),
    "few levels": (
        {"train_images": IMAGES.astype("uint8"), "maximum": 199},
        events.Image(2, 3, 1, levels=200),
    ),
    "uint16": ({"train_images": IMAGES.astype("uint16")}, events.Image(2, 3, 1, levels=65536)),
    "bool": ({"train_images": IMAGES > 100, "maximum": 1}, events.Image(2, 3, 1, levels=2)),
    "float images": ({"train_images": IMAGES / 255}, events.Image(2, 3, 1)),
    "table": ({"train_images": rng.standard_normal((4, 5))}, events.Vector(5)),
    "series": ({"train_images": rng.standard_normal((4, 24, 3))}, events.Series(24, 3)),
    "tokens": ({"train_images": IMAGES[:, :, 0, 0], "vocab_size": 250}, events.Tokens(2, 250)),
    "all tokens known": (
        {"train_images": IMAGES[:, 0, :, 0], "test_images": np.full((1, 3), 211)},
        events.Tokens(3, 212),
    ),
    "grid": ({"train_images": IMAGES[..., 0], "vocab_size": 200}, events.Tokens((2, 3), 200)),
    "parts": (
        {
            "train_images": {
                "a": IMAGES.astype("uint8"),
                "b": IMAGES[..., 0],
                "c": IMAGES[:, 0, 0],
                "d": np.arange(4),
            },
            "maximum": 199,
            "vocab_size": {"b": 200, "c": 201, "d": 5},
        },
        events.Joint(
            {
                "a": events.Image(2, 3, 1, levels=200),
                "b": events.Tokens((2, 3), 200),
                "c": events.Tokens(1, 201),
                "d": events.Classes(5),
            }
        ),
    ),
}


@pytest.mark.parametrize("kind", EVENTS)
def test_a_file_knows_what_an_example_is(kind, tmp_path):
    arrays, event = EVENTS[kind]
    labels = np.arange(4)
    path = data.save_npz(tmp_path / "mine.npz", train_labels=labels, **arrays)
    source = data.open(None, npz=path)
    assert (source.name, source.event, source.num_examples) == ("mine", event, 4)
    np.testing.assert_array_equal(source.labels, labels)
    images = arrays["train_images"]
    kept = {"": images} if not isinstance(images, dict) else images
    stored = {"": source.stored} if not isinstance(images, dict) else source.stored
    for part, values in kept.items():
        np.testing.assert_array_equal(stored[part], values.astype(stored[part].dtype))
    batch, _ = data.from_npz(path, batch_size=3, labels=True)[0]
    event.validate(batch)


def test_only_the_examples_are_in_memory(tmp_path):
    images = np.zeros((2000, 64, 64, 1), "uint8")
    path = data.save_npz(tmp_path / "x.npz", train_images=images, test_images=images)
    tracemalloc.start()
    batches = data.from_npz(path, "test[:1900]")
    batches[3]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < images.nbytes + 2**22


FIT = """
import sys
# None makes an import fail.
sys.modules.update(dict.fromkeys(["tensorflow", "tensorflow_datasets"]))
import keras
import kerasgen.data
path = sys.argv[1]
kerasgen.data.export_npz("digits", path)
def weights(**fit):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    model = keras.Sequential(layers)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    options = dict(binarize="dynamic", shuffle=True, labels=True, repeat=True)
    batches = kerasgen.data.from_npz(path, **options)
    model.fit(batches, steps_per_epoch=20, verbose=0, shuffle=False, **fit)
    losses = model.history.history["loss"]
    assert losses[-1] < losses[0]
    return model.get_weights()
for one, other in zip(weights(epochs=3), weights(epochs=3)):
    assert (one == other).all()
"""


@pytest.mark.slow
def test_fit_works_under_jax_without_tensorflow(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("needs JAX")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", FIT, str(tmp_path / "digits.npz")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
