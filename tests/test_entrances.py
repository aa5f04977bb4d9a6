"""Every public method of every family looks at the weights and at the data that it is given."""

import inspect
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from constructors import CALLS
from refusals import refusal
from tiny import tiny_classifier, tiny_gan
from trained import compiled

import kerasgen
from kerasgen import recipe, registration
from kerasgen.event_model import EventModel

kerasgen.register()
FAMILIES = [
    name
    for name, cls in registration.CLASSES.items()
    if name.startswith("families.") and issubclass(cls, EventModel)
]
# What neither reads examples nor makes any, and what training is made of, in which steps look.
INNER = {
    *("build", "call", "compile", "compute_loss", "loss_terms", "train_step", "fit_em"),
    *("arrays", "check", "check_sampling", "check_told", "continuous", "exported_ways"),
    *("export_signatures", "feature_shape", "sampling_ways", "scales", "shown_labels"),
    *("surrogate", "term_names"),
}
every_family = pytest.mark.parametrize("name", FAMILIES)


def made(name):
    model = registration.CLASSES[name](
        **{key: recipe.build(value) for key, value in CALLS[name][0].items()}
    )
    return model


def methods(model):
    """Names of what the family and its abilities let a user call."""
    names = {
        name
        for cls in type(model).__mro__
        if cls.__module__.startswith(("kerasgen.families", "kerasgen.abilities"))
        for name, value in vars(cls).items()
        if inspect.isfunction(value) and (name == "__call__" or not name.startswith("_"))
    }
    return sorted(names - INNER)


def arguments(model, method, x):
    """What a method needs, by the names of its parameters."""
    makers = {
        "x": lambda: x,
        "content": lambda: x,
        "style": lambda: x,
        "image": lambda: x,
        "mask": lambda: np.zeros(model.event_shape[:2], bool),
        "n": lambda: 2,
        "condition": lambda: model.condition.shown(2),
        "given": lambda: sorted(model.event.events)[:1],
        "tokens": lambda: model.token_event.example(2, 0),
        "pixels": lambda: model.grid.example(2, 0),
        "component": lambda: np.array([0, 1]),
        "noise": lambda: np.zeros((2, model.event.size), "float32"),
        "z": lambda: np.zeros((2, *latent_shape(model)), "float32"),
    }
    parameters = inspect.signature(getattr(model, method)).parameters.values()
    named = {each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD}
    needed = {each.name for each in parameters if each.default is each.empty} & named
    needed |= named & {"n"}
    if model.num_classes and method != "score":
        needed |= named & {"condition"}
    return {name: makers[name]() for name in needed - {"args", "kwargs"}}


def latent_shape(model):
    return model.bottleneck.latent_shape if model.bottleneck else (model.latent_dim,)


def call(model, method, x):
    result = getattr(model, method)(**arguments(model, method, x))
    return next(result) if isinstance(result, types.GeneratorType) else result


@every_family
def test_weights_that_are_not_finite_make_nothing(name):
    model = made(name)
    x = model.event.example(2, 0)
    weight = next(each for each in model.weights if "float" in each.dtype)
    weight.assign(weight * np.nan)
    assert methods(model)
    for method in methods(model):
        with pytest.raises(FloatingPointError, match="finite weights"):
            call(model, method, x)


def wrong(x):
    """Examples as no event takes them."""
    return keras.tree.map_structure(
        lambda part: part * np.float32(np.nan) if part.dtype.kind == "f" else part + 255, x
    )


@every_family
def test_data_that_fit_refuses_are_refused(name):
    model = made(name)
    x = wrong(model.event.example(2, 0))
    for method in methods(model):
        if {"x", "content"} & inspect.signature(getattr(model, method)).parameters.keys():
            with pytest.raises(ValueError, match=r"^(\w+: )?Expected .*(NaN|in 0\.\.)"):
                call(model, method, x)


def test_within_a_step_nothing_is_looked_at_again(digits):
    """A game scores what its generator makes, whatever that is."""
    model = compiled(tiny_gan())
    before = model._in_step
    model.score(digits[0][:4])
    assert model._in_step is before
    bytes_ = 255 * digits[0][:4]
    assert "255" in refusal(lambda: model.score(bytes_))
    assert model._in_step is before
    traced = tf.function(lambda x: model.score(x))(tf.constant(bytes_))
    assert traced.shape == (4,)  # whose values are not known


@pytest.mark.parametrize("place", [0, 3])
@pytest.mark.parametrize("source", ["arrays", "data set", "pairs", "generator", "PyDataset"])
def test_predictions_of_data_out_of_range(source, place, digits):
    x, model = digits[0][:16].copy(), compiled(tiny_classifier())

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, at):
            return (x[4 * at : 4 * at + 4],)

    sources = {
        "arrays": lambda: x,
        "data set": lambda: tf.data.Dataset.from_tensor_slices(x).batch(4),
        "pairs": lambda: tf.data.Dataset.from_tensor_slices((x, digits[1][:16])).batch(4),
        "generator": lambda: (x[at : at + 4] for at in range(0, 16, 4)),
        "PyDataset": Batches,
    }
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(model.predict(sources[source](), verbose=0), expected, atol=1e-5)
    x[4 * place : 4 * place + 4] *= 255
    assert "255" in refusal(lambda: model.predict(sources[source](), verbose=0))
    assert "255" in refusal(lambda: model.predict_on_batch(255 * digits[0][:4]))
    assert "255" in refusal(lambda: model(255 * digits[0][:4]))
