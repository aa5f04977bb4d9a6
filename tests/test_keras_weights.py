"""Weights of examples and of classes in Keras' methods: honoured, or refused in one line."""

import numpy as np
import pytest
from refusals import refusal
from tiny import tiny_gan, tiny_mlp_vae
from trained import BATCH, compiled, moved

from kerasgen import events


@pytest.fixture(scope="module")
def data(digits):
    return digits[0][:16], digits[1][:16]


@pytest.mark.parametrize("classes", [None, 10])
def test_examples_without_weight_teach_nothing(classes, data):
    x, y = data[0], data[1] if classes else None
    none, model = np.zeros(16), compiled(tiny_mlp_vae(num_classes=classes))
    assert not moved(model, lambda: model.fit(x, y, sample_weight=none, **BATCH))
    assert not moved(model, lambda: model.train_on_batch(x, y, sample_weight=none))
    history = model.fit(x, y, validation_data=(x, y, none), **BATCH).history
    assert history["val_loss"] == [0.0] and history["loss"][0] > 0
    assert model.evaluate(x, y, sample_weight=none, verbose=0)[0] == 0.0
    assert model.test_on_batch(x, y, sample_weight=none)[0] == 0.0


def test_a_weight_of_each_example_scales_its_loss(data):
    x, model = data[0], compiled(tiny_mlp_vae())
    whole, twice = (
        model.evaluate(x, sample_weight=np.full(16, weight), return_dict=True, verbose=0)
        for weight in (1.0, 2.0)
    )
    terms = whole["reconstruction"] + whole["kl"]
    assert whole["loss"] == pytest.approx(terms, rel=1e-5)
    assert twice["loss"] == pytest.approx(2 * (twice["reconstruction"] + twice["kl"]), rel=1e-5)


def test_weights_beside_a_condition_that_is_nothing(data):
    """What a data set of unconditional examples and weights looks like."""
    x, model = data[0], compiled(tiny_mlp_vae())
    batches = ((x[i : i + 4], events.Nothing.of_each(4), np.zeros(4)) for i in (0, 4))
    assert not moved(model, lambda: model.fit(batches, verbose=0))


def test_classes_have_weights_where_there_are_classes(data):
    x, y = data
    model = compiled(tiny_mlp_vae(num_classes=10))
    nothing = dict.fromkeys(range(10), 0.0)
    assert not moved(model, lambda: model.fit(x, y, class_weight=nothing, **BATCH))
    model = compiled(tiny_mlp_vae())
    assert "class_weight" in refusal(lambda: model.fit(x, class_weight=nothing, **BATCH))
    assert "class_weight" in refusal(lambda: model.train_on_batch(x, class_weight=nothing))


@pytest.mark.parametrize("weights", [np.zeros(7), np.full(16, np.nan), -np.ones(16)], ids=str)
def test_weights_that_are_none(weights, data):
    model = compiled(tiny_mlp_vae())
    for method in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        assert "sample_weight" in refusal(
            lambda method=method: method(data[0], sample_weight=weights)
        )


def test_samples_of_adversaries_cannot_be_weighed(data):
    x, model = data[0], tiny_gan()
    model.compile()
    ones = np.ones(16)
    assert "sample_weight" in refusal(lambda: model.fit(x, sample_weight=ones, **BATCH))
    assert "sample_weight" in refusal(
        lambda: model.fit(x, validation_data=(x, None, ones), **BATCH)
    )
    assert "sample_weight" in refusal(lambda: model.train_on_batch(x, sample_weight=ones))


@pytest.mark.parametrize(
    "wrong",
    [{0.0: 1.0, 10: 1.0}, {-1: 1.0}, {"0": 1.0}, {0: -1.0}, {0: np.inf}, [1.0] * 10],
    ids=str,
)
def test_weights_of_classes_that_are_none(wrong, data):
    model = compiled(tiny_mlp_vae(num_classes=10))
    assert "0..9" in refusal(lambda: model.fit(*data, class_weight=wrong, **BATCH))


def test_weights_of_examples_and_of_classes_at_once(data):
    model, both = compiled(tiny_mlp_vae(num_classes=10)), {"sample_weight": np.ones(16)}
    for method in (model.fit, model.train_on_batch):
        assert "sample_weight" in refusal(
            lambda method=method: method(*data, class_weight={0: 1.0}, **both)
        )
