"""Runs and compiled functions on the JAX backend, without TensorFlow."""

import importlib.util

import keras
import numpy as np
import pytest

if keras.backend.backend() != "jax":
    pytest.skip("needs KERAS_BACKEND=jax", allow_module_level=True)

from tiny import tiny_vae

from kerasgen import (
    backend,
    data,
    events,
    export,
    training,
    zoo,
)
from kerasgen.recipe import Recipe

RECIPE = {
    "name": "vae_digits",
    "data": {"name": "digits", "binarize": "dynamic", "batch_size": 50},
    "model": {
        "families.LatentVariableModel": {
            "event": [8, 8, 1],
            "encoder": {"networks.ConvEncoder": {"channels": [8], "blocks": [1], "features": 16}},
            "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 4}},
            "decoder": {
                "networks.ConvDecoder": {
                    "output_shape": [8, 8, 1],
                    "channels": [8],
                    "blocks": [1],
                    "features": 16,
                }
            },
            "likelihood": {"likelihoods.Bernoulli": {}},
        }
    },
    "training": {"epochs": 3, "learning_rate": 0.003, "warmup_steps": 5, "decay": 0.3, "ema": 0.9},
}


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return data.export_npz("digits", tmp_path_factory.mktemp("data") / "digits.npz")


def test_a_resumed_run_ends_with_the_weights_of_one_never_stopped(npz, tmp_path):
    recipe = Recipe.from_dict(RECIPE)
    whole = training.run(recipe, tmp_path / "whole", data=npz)
    assert whole.jit_compile  # operator by operator, JAX would take minutes

    class Stopped(Exception):
        pass

    write = training.Checkpoints.on_epoch_end

    def write_and_stop(self, epoch, logs=None):
        write(self, epoch, logs)
        raise Stopped

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(training.Checkpoints, "on_epoch_end", write_and_stop)
        training.run(recipe, tmp_path / "cut", data=npz)
    resumed = training.run(recipe, tmp_path / "cut", data=npz, resume=True)
    for weight, expected in zip(resumed.weights, whole.weights):
        np.testing.assert_array_equal(weight, expected, err_msg=weight.path)
    loaded = zoo.load(tmp_path / "cut" / "preset")
    for weight, expected in zip(loaded.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-3, atol=1e-6)  # in half precision


def test_what_needs_tensorflow_says_so(npz, tmp_path):
    for write in (export.saved_model, export.tflite):
        with pytest.raises(
            RuntimeError, match="^Expected the TensorFlow backend.* Received: 'jax'. .*$"
        ):
            write(tiny_vae(), tmp_path / "model.tflite")
    if importlib.util.find_spec("tensorflow") is None:
        with pytest.raises(
            ModuleNotFoundError,
            match="^Expected tensorflow to be installed.*kerasgen data export .*$",
        ):
            data.load("digits")
    with pytest.raises(ValueError, match="strategy='none' under the jax backend"):
        training.run(Recipe.from_dict(RECIPE), tmp_path / "run", strategy="mirrored", data=npz)


def test_labels_may_be_a_list():
    np.testing.assert_array_equal(events.Classes(3).check([2, 0]), [2, 0])


class Counting(keras.layers.Layer):
    """x times a weight, and how often it was called."""

    def build(self, input_shape=None):
        self.factor = self.add_weight(name="factor", shape=(), initializer="ones")
        self.calls = self.add_weight(name="calls", shape=(), initializer="zeros", trainable=False)
        self.noise = keras.random.SeedGenerator(0)
        self.traces = 0

    def call(self, x, power=1, negate=None, parts=()):
        self.traces += 1
        self.calls.assign_add(1.0)
        y = (x * self.factor) ** power + sum(part["here"] for part in parts)
        return -y if negate else y

    def draw(self, shape):
        return keras.random.uniform(shape, seed=self.noise)


def test_a_compiled_function_reads_and_assigns_the_variables_of_now():
    layer = Counting()
    layer.build()
    compiled = backend.function(layer.call)  # of the layer, as it is a method of it
    assert float(compiled(np.float32(3))) == 3
    layer.factor.assign(2.0)
    assert float(compiled(np.float32(3))) == 6
    assert layer.traces == 1 and float(layer.calls) == 2
    assert float(compiled(np.float32(3), 2, True)) == -36  # Python values are compiled in
    assert float(compiled(np.float32(3), 2, True, ({"here": np.float32(1)},))) == -37
    assert layer.traces == 3 and float(layer.calls) == 4
    drawn = backend.function(lambda: layer.draw((5,)), owner=layer)
    assert np.all(np.asarray(drawn()) != np.asarray(drawn()))


def test_a_compiled_function_within_a_compiled_function():
    layer = Counting()
    layer.build()
    inner = backend.function(layer.call)
    outer = backend.function(lambda x: inner(x) + inner(x), owner=layer)
    layer.factor.assign(3.0)
    assert float(outer(np.float32(2))) == 12 and float(layer.calls) == 2
    assert float(outer(np.float32(2))) == 12 and float(layer.calls) == 4
    assert layer.traces == 1
