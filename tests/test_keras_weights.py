"""Weights of examples and of classes in Keras' methods: honoured, or refused in one line."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from refusals import refusal
from tiny import tiny_attribute_classifier, tiny_classifier, tiny_gan, tiny_mlp_vae
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


def in_batches(*parts):
    """A data set whose batches have no known size, as most have."""
    return tf.data.Dataset.from_tensor_slices(parts).batch(4)


MODELS = {"vae": lambda: tiny_mlp_vae(num_classes=10), "classifier": tiny_classifier}
ANY = pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)


@ANY
@pytest.mark.parametrize("call", ["arrays", "batches"])
def test_a_column_of_weights_is_a_weight_of_each_example(build, call, data):
    """What broadcasts would weigh every example by the weights of all."""
    x, y = data
    weights = np.arange(16.0, dtype="float32")
    losses = []
    for each in (weights, weights[:, None]):
        model = compiled(build(), 0.0)
        keras.utils.set_random_seed(0)
        if call == "arrays":
            losses.append(model.evaluate(x, y, 4, 0, each)[0])
        else:
            losses.append(model.evaluate(in_batches(x, y, each), verbose=0)[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6) and losses[0] > 0


LATE = np.arange(16) == 13
NO_WEIGHTS = {
    "negative": np.where(LATE, -1.0, 1.0).astype("float32"),
    "nan": np.where(LATE, np.nan, 1.0).astype("float32"),
    "two of each": np.ones((16, 2), "float32"),
    "words": np.array(["one"] * 16),
}


@pytest.mark.parametrize("wrong", NO_WEIGHTS)
@pytest.mark.parametrize(
    "build, method", [("vae", "fit"), ("classifier", "evaluate"), ("vae", "validation")]
)
def test_weights_in_batches_that_are_none(build, method, wrong, data):
    """Values are told by the end of the epoch, shapes at once."""
    x, y = data
    model = compiled(MODELS[build](), 1e-3)
    batches = in_batches(x, y, NO_WEIGHTS[wrong])
    calls = {
        "fit": lambda: model.fit(batches, verbose=0),
        "evaluate": lambda: model.evaluate(batches, verbose=0),
        "validation": lambda: model.fit(x, y, validation_data=batches, **BATCH),
    }
    assert "weight" in refusal(calls[method])
    assert not model.spoiled_weights()  # they taught nothing


@ANY
@pytest.mark.parametrize("size", [1, 5])
def test_as_many_weights_as_examples(build, size, data):
    x, y = data[0][:4], data[1][:4]
    ones = np.ones(size, "float32")
    model = compiled(build())
    spec = tuple(tf.TensorSpec((None, *each.shape[1:]), each.dtype) for each in (x, y, ones))
    batches = tf.data.Dataset.from_generator(
        lambda: iter([(x, y, ones)] * 2), output_signature=spec
    )
    assert "weight" in refusal(lambda: model.fit(batches, verbose=0))
    assert "weight" in refusal(lambda: model.fit(((x, y, ones) for _ in range(2)), verbose=0))
    for method in (model.train_on_batch, model.test_on_batch):
        assert "weight" in refusal(lambda method=method: method(x, y, ones))
    batch = tuple(map(tf.convert_to_tensor, (x, y, ones)))
    for step in (model.train_step, model.test_step):
        assert "weight" in refusal(lambda step=step: step(batch))


@pytest.mark.parametrize(
    "build, source", [("vae", "arrays"), ("vae", "batches"), ("classifier", "generator")]
)
def test_classes_that_are_not_named_weigh_one(build, source, data):
    """What class_weight teaches is what the weights of examples that it stands for teach."""
    x, y = data

    def trained(weights=None, **given):
        model = compiled(MODELS[build](), 0.01)
        keras.utils.set_random_seed(0)
        parts = (x, y) if weights is None else (x, y, weights)
        if source == "arrays":
            model.fit(x, y, sample_weight=weights, shuffle=False, batch_size=4, verbose=0, **given)
        elif source == "batches":
            model.fit(in_batches(*parts), verbose=0, **given)
        else:
            rows = [slice(at, at + 4) for at in range(0, 16, 4)]
            batches = (tuple(part[row] for part in parts) for row in rows)
            model.fit(batches, verbose=0, **given)
        return np.concatenate([np.ravel(each) for each in model.get_weights()])

    some = {int(y[0]): 5.0, int(y[1]): 0.0}
    weights = np.array([some.get(int(each), 1.0) for each in y], "float32")
    by_class = trained(class_weight=some)
    np.testing.assert_allclose(by_class, trained(weights), rtol=1e-5, atol=1e-6)
    assert not np.allclose(by_class, trained(), rtol=1e-5, atol=1e-6)


@ANY
def test_weights_of_classes_are_of_one_call(build, data):
    x, y = data
    model = compiled(build(), 0.01)
    nothing = dict.fromkeys(range(10), 0.0)
    still = lambda **given: not moved(model, lambda: model.fit(x, y, **BATCH, **given))  # noqa: E731
    assert still(class_weight=nothing) and not still() and still(class_weight=nothing)
    assert moved(model, lambda: model.train_on_batch(x, y))
    assert not moved(model, lambda: model.train_on_batch(x, y, class_weight=nothing))
    assert moved(model, lambda: model.train_step((tf.constant(x), tf.constant(y))))


@ANY
@pytest.mark.parametrize("wrong", [-1, 1000])
def test_weights_of_classes_beside_labels_out_of_range(build, wrong, data):
    x, y = data
    labels = np.where(np.arange(16) == 13, wrong, y)
    model = compiled(build(), 1e-3)
    assert "0..9" in refusal(
        lambda: model.fit(in_batches(x, labels), class_weight={0: 2.0}, verbose=0)
    )
    assert "class_weight" in refusal(
        lambda: model.fit(in_batches(x, y, np.ones(16)), class_weight={0: 2.0}, verbose=0)
    )


def test_weights_beside_a_source_of_batches(data):
    x, y = data
    model = compiled(tiny_classifier())
    ones = np.ones(16)
    for batches in (in_batches(x, y), ((x, y) for _ in range(2))):
        for method in (model.fit, model.evaluate):
            assert "sample_weight" in refusal(
                lambda b=batches, m=method: m(b, sample_weight=ones, verbose=0)
            )
    assert "y" in refusal(lambda: model.fit(in_batches(x, y), y, verbose=0))
    assert "4 parts" in refusal(lambda: model.fit(x, y, validation_data=(x, y, ones, ones)))


@pytest.mark.parametrize("way", ["arrays", "batches"])
def test_a_weight_of_an_example_counts_for_all_its_attributes(way, data):
    x, attributes = data[0][:4], np.stack([data[1][:4], data[1][:4] % 2], axis=1)
    weights, losses = np.array([0.0, 0.0, 3.0, 0.0], "float32"), []
    for given in (weights, np.float32([1, 1, 1, 1])):
        model = compiled(tiny_attribute_classifier(), 0.0)
        rows = (x, attributes, given) if way == "arrays" else (in_batches(x, attributes, given),)
        names = dict(zip(("x", "y", "sample_weight"), rows))
        losses.append(model.evaluate(**names, verbose=0, return_dict=True)["loss"])
    alone = compiled(tiny_attribute_classifier(), 0.0)
    only = alone.evaluate(x[2:3], attributes[2:3], verbose=0, return_dict=True)["loss"]
    assert losses[0] == pytest.approx(0.75 * only, rel=1e-5) and losses[1] != losses[0]
