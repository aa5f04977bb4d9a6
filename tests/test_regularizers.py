"""What bounds a critic's slope: penalties against calculus, clipping, spectral normalisation."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from adversarial import plane

from kerasgen import divergences, networks, regularizers


def test_the_gradient_penalty_is_calculus():
    """Of V(x) = a |x|^2 / 2, whose slope is a |x|."""
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, 20, 4, 1, 1)).astype("float32")
    share = rng.random(20).astype("float32")
    penalty = regularizers.GradientPenalty(7.0)
    terms = penalty.terms(
        lambda x: 3 * keras.ops.sum(x**2, axis=(1, 2, 3)) / 2,
        tf.constant(real),
        tf.constant(fake),
        share,
    )
    between = (real + share[:, None, None, None] * (fake - real)).reshape(20, -1)
    expected = (3 * np.linalg.norm(between, axis=1) - 1) ** 2
    np.testing.assert_allclose(terms["gradient_penalty"], expected, rtol=1e-4)
    assert penalty.weight == 7.0


def test_the_gradient_penalty_is_in_the_loss_with_its_weight_and_has_gradients(points):
    model = plane(divergences.Wasserstein(), regularizers=[regularizers.GradientPenalty(10.0)])
    model.compile(keras.optimizers.SGD(0.0))
    logs = model.train_on_batch(points, return_dict=True)
    total = logs["critic"] + 10 * logs["gradient_penalty"] + logs["generator"]
    assert logs["loss"] == pytest.approx(total, abs=1e-4)
    assert logs["divergence"] == pytest.approx(-logs["critic"], abs=1e-5)
    model.compile(keras.optimizers.Adam(0.0), keras.optimizers.Adam(0.01))
    penalties = model.fit(points, batch_size=96, epochs=30, verbose=0).history["gradient_penalty"]
    assert penalties[-1] < penalties[0] / 2


def test_weights_are_clipped_after_every_step_of_the_critic(points):
    model = plane(divergences.Wasserstein(), regularizers=[regularizers.WeightClipping(0.01)])
    model.compile(keras.optimizers.SGD(1.0))
    model.train_on_batch(points)
    assert max(np.abs(v).max() for v in model._critic_variables) <= 0.01
    assert max(np.abs(v).max() for v in model.generator.trainable_variables) > 0.1


def test_a_spectral_critic_has_a_slope_of_at_most_1(points):
    critic = keras.Sequential(
        [keras.layers.SpectralNormalization(keras.layers.Dense(16, "relu")) for _ in range(2)]
    )
    model = plane(divergences.Hinge(), critic, head=networks.ScoreHead(spectral=True))
    model.compile(keras.optimizers.SGD(1e-6))
    model.fit(points, batch_size=32, epochs=10, verbose=0)  # the power iterations converge
    x = np.random.default_rng(0).standard_normal((2, 500, 2)).astype("float32")
    rise = np.abs(np.asarray(model.score(x[0])) - np.asarray(model.score(x[1])))
    assert np.all(rise <= 1.05 * np.linalg.norm(x[0] - x[1], axis=1))
    assert rise.max() > 0


@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, "1e-2", None])
def test_regularizers_weigh_more_than_nothing(value):
    with pytest.raises(
        ValueError, match=f"Expected weight to be a number above 0. Received: weight={value!r}"
    ):
        regularizers.GradientPenalty(value)
    with pytest.raises(
        ValueError, match=f"Expected limit to be a number above 0. Received: limit={value!r}"
    ):
        regularizers.WeightClipping(value)
