"""A model of several senses trains with any of them missing, and one sense draws the others."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from senses import labelled, of_three


def test_one_sense_draws_the_others(of_senses):
    """Pictures of the row that a wave tells, the wave and the number that a picture tells."""
    x = labelled(100, seed=5)
    drawn = of_senses.sample(given={"wave": x["wave"]}, seed=0)
    rows = np.asarray(drawn["image"]).sum((2, 3)).argmax(-1)
    assert np.mean(rows == x["row"]) > 0.9 and np.mean(drawn["row"] == x["row"]) > 0.9
    np.testing.assert_array_equal(drawn["wave"], x["wave"])
    told = of_senses.sample(given={"image": x["image"]}, mean=True)["row"]
    assert np.mean(told == x["row"]) > 0.95
    again = of_senses.sample(given={"wave": x["wave"]}, seed=0)
    np.testing.assert_array_equal(again["image"], drawn["image"])


def test_one_example_is_given_for_all_that_are_drawn(of_senses):
    wave = labelled(1)["wave"][0]
    drawn = of_senses.sample(5, given={"wave": wave}, seed=0)
    assert drawn["image"].shape == (5, 4, 4, 1) and drawn["row"].shape == (5,)
    assert of_senses.sample(3, seed=0)["wave"].shape == (3, 8, 1)


def test_more_senses_make_the_code_surer(of_senses):
    x = labelled(64, seed=9)
    both = of_senses.encode({name: x[name] for name in ("image", "wave")})
    one = of_senses.encode({"image": x["image"]})
    product = slice(0, 4)
    assert np.mean(both.stddev()[:, product]) < np.mean(one.stddev()[:, product])


def test_missing_senses_train():
    x = labelled(128)
    present = {"wave": np.random.default_rng(0).random(128) < 0.5}
    model = of_three("product")
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(x | {"present": present}, epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
    without = {name: x[name] for name in ("image", "row")}
    batches = tf.data.Dataset.from_tensor_slices(without).batch(32)
    assert np.isfinite(model.fit(batches, verbose=0).history["loss"][0])


def test_what_is_missing_moves_no_weight():
    x = labelled(32)
    keras.utils.set_random_seed(0)
    model = of_three()
    before = [np.array(w) for w in model.decoder.networks["wave"].weights]
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit({name: x[name] for name in ("image", "row")}, epochs=2, verbose=0)
    for was, now in zip(before, model.decoder.networks["wave"].weights, strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("clusters", [None, {"row": 4}], ids=["normal", "clusters"])
def test_two_replicas_train_it(clusters, two_replicas):
    with two_replicas.scope():
        model = of_three(clusters=clusters)
        model.compile(keras.optimizers.Adam(1e-2))
    batches = tf.data.Dataset.from_tensor_slices(labelled(64)).batch(32, drop_remainder=True)
    losses = model.fit(batches, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for weight in model.trainable_variables:
        one, other = (np.asarray(copy) for copy in weight.value.values)
        np.testing.assert_array_equal(one, other)
