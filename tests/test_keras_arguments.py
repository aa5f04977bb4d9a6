"""Every argument of Keras' own methods is looked at: alone, and beside those it goes with."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from refusals import refusal
from tiny import tiny_classifier, tiny_mlp_vae
from trained import compiled

from kerasgen import calls

METHODS = ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "compile")
DATA = {"x", "y", "sample_weight", "class_weight", "validation_data", "callbacks"}
COMPILED = {"optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"}
NOTHING_TAKES = [-1, 2.5, "yes", float("nan"), [], {}, object(), keras.layers.Dense]
FLAGS = {"auto_scale_loss", "jit_compile", "return_dict", "run_eagerly", "shuffle", "verbose"}


def arguments(method):
    parameters = inspect.signature(getattr(keras.Model, method)).parameters.values()
    return {each.name for each in parameters if each.kind is not each.VAR_KEYWORD} - {"self"}


@pytest.fixture(scope="module")
def model():
    return compiled(tiny_mlp_vae())


@pytest.fixture(scope="module")
def x(digits):
    return digits[0][:16]


class Pairs(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return len(self.x) // 8

    def __getitem__(self, place):
        return (self.x[8 * place : 8 * place + 8],)


SOURCES = {
    "data set": lambda x: tf.data.Dataset.from_tensor_slices(x).batch(8),
    "generator": lambda x: (x[at : at + 8] for at in (0, 8)),
    "PyDataset": Pairs,
}


@pytest.mark.parametrize("method", METHODS)
def test_no_argument_is_left_out(method):
    """A new version of Keras may bring one, which is to be decided on."""
    assert arguments(method) - DATA - COMPILED - calls.CHECKS.keys() == set()


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_what_an_argument_is_not(method, model, x):
    for name in sorted(arguments(method) & calls.CHECKS.keys()):
        for wrong in [*NOTHING_TAKES, *([] if name in FLAGS else [True, 2**31])]:
            given = {name: wrong, "verbose": 0} if "verbose" in arguments(method) else {name: wrong}
            if name == "verbose":
                given[name] = wrong
            assert name in refusal(lambda given=given: getattr(model, method)(x, **given))


def test_none_is_the_default(model, x):
    for method in ("fit", "evaluate", "train_on_batch", "test_on_batch"):
        names = arguments(method) - {"x", "verbose"}
        quiet = {"verbose": 0} if "verbose" in arguments(method) else {}
        found = getattr(model, method)(x, **dict.fromkeys(names), **quiet)
        assert np.all(np.isfinite(found.history["loss"] if method == "fit" else found))


def test_numbers_of_numpy_and_flags_are_honoured(model, x):
    seen = []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(dict(logs))
    )
    model.fit(
        x,
        batch_size=np.int64(4),
        epochs=np.int32(4),
        initial_epoch=np.int64(1),
        validation_split=np.float32(0.5),
        validation_freq=(2, 3),
        validation_batch_size=np.int64(8),
        shuffle=np.bool_(False),
        steps_per_epoch=1,
        verbose=False,
        callbacks=record,
    )
    assert ["val_loss" in logs for logs in seen] == [True, True, False]
    assert set(model.evaluate(x, return_dict=np.bool_(True), verbose=0)) == {
        "loss",
        "reconstruction",
        "kl",
    }


@pytest.mark.parametrize(
    "given, name",
    [
        ({"validation_steps": 1}, "validation_steps"),
        ({"validation_batch_size": 4}, "validation_batch_size"),
        ({"validation_freq": 2}, "validation_freq"),
        ({"epochs": 2, "initial_epoch": 2}, "initial_epoch"),
        ({"epochs": 2, "initial_epoch": 3}, "initial_epoch"),
        ({"validation_split": 0.99}, "validation_split"),  # all of 16
    ],
    ids=str,
)
def test_what_means_nothing_there(given, name, model, x):
    assert name in refusal(lambda: model.fit(x, verbose=0, **given))


def test_two_ways_to_validate(model, x):
    both = {"validation_data": (x,), "validation_split": 0.5}
    assert "validation_split" in refusal(lambda: model.fit(x, **both))


@pytest.mark.parametrize("source", SOURCES)
def test_batches_are_not_cut_again(source, model, x):
    """Keras would leave the size out of account, or the order."""
    batches = SOURCES[source]
    for given in ({"batch_size": 4}, {"validation_split": 0.5}, {"shuffle": True}):
        if source == "PyDataset" and "shuffle" in given:  # of which Keras shuffles batches
            continue
        (name,) = given
        assert name in refusal(lambda given=given: model.fit(batches(x), verbose=0, **given))
    assert "batch_size" in refusal(lambda: model.evaluate(batches(x), batch_size=4, verbose=0))
    held_out = {"validation_data": batches(x), "validation_batch_size": 4}
    assert "validation_batch_size" in refusal(lambda: model.fit(x, verbose=0, **held_out))


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_classifier])
@pytest.mark.parametrize("wrong", NOTHING_TAKES, ids=lambda wrong: type(wrong).__name__)
def test_how_a_step_is_compiled(build, wrong):
    model = build()
    for name in sorted(arguments("compile") - COMPILED):
        assert name in refusal(lambda name=name: model.compile(**{name: wrong}))
