"""The Gaussian bottleneck against closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgen import bottlenecks
from kerasgen.backend import tfd

MEAN, SCALE = np.array([0.5, -2.0, 0.0]), np.array([0.3, 1.0, 2.0])


def built(mean=MEAN, scale=SCALE, seed=0):
    """A bottleneck whose posterior is N(mean, scale^2) for features of zero."""
    bottleneck = bottlenecks.Gaussian(len(mean), seed=seed)
    bottleneck.build((None, 5))
    bottleneck.statistics.bias.assign(np.concatenate([mean, np.log(np.expm1(scale))]))
    return bottleneck


def test_posterior_and_prior():
    bottleneck = built()
    posterior = bottleneck.posterior(np.zeros((2, 5), "float32"))
    np.testing.assert_allclose(posterior.mean(), np.tile(MEAN, (2, 1)), rtol=1e-5)
    np.testing.assert_allclose(posterior.stddev(), np.tile(SCALE, (2, 1)), rtol=1e-4)
    np.testing.assert_array_equal(bottleneck.prior().mean(), np.zeros(3))
    np.testing.assert_array_equal(bottleneck.prior().stddev(), np.ones(3))


def test_kl_is_the_closed_form():
    features = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
    bottleneck = built()
    bottleneck.statistics.kernel.assign(np.random.default_rng(1).normal(size=(5, 6)))
    posterior = bottleneck.posterior(features)
    mean, scale = (
        posterior.mean().numpy().astype("float64"),
        posterior.stddev().numpy().astype("float64"),
    )
    expected = 0.5 * (scale**2 + mean**2 - 1 - 2 * np.log(scale)).sum(-1)
    np.testing.assert_allclose(bottleneck(features).terms["kl"], expected, rtol=1e-4)


def test_kl_against_the_prior_of_a_class():
    bottleneck = bottlenecks.ConditionalGaussian(3, 2)
    bottleneck.build((None, 5))
    features = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
    posterior, labels = bottleneck.posterior(features), np.arange(16) % 2
    np.testing.assert_allclose(bottleneck.prior(labels).stddev(), np.ones((16, 3)), rtol=1e-4)
    standard = posterior.kl_divergence(bottlenecks.Gaussian(3).prior())
    np.testing.assert_allclose(
        bottleneck(features, condition=labels).terms["kl"], standard, rtol=1e-3
    )

    bottleneck.means.assign([[0, 0, 0], MEAN])
    bottleneck.raw_scales.assign(np.log(np.expm1([[1, 1, 1], SCALE])))
    means, scales = np.array([[0, 0, 0], MEAN])[labels], np.array([[1, 1, 1], SCALE])[labels]
    prior = tfd.MultivariateNormalDiag(means.astype("float32"), scales.astype("float32"))
    exact = tfd.MultivariateNormalDiag(posterior.mean(), posterior.stddev()).kl_divergence(prior)
    np.testing.assert_allclose(bottleneck(features, condition=labels).terms["kl"], exact, rtol=1e-3)
    z = np.concatenate([bottleneck.sample(16, seed, labels) for seed in range(500)])
    of_two = z[np.tile(labels, 500) == 1]
    np.testing.assert_allclose(of_two.mean(0), MEAN, atol=0.1)
    np.testing.assert_allclose(of_two.std(0), SCALE, rtol=0.05)


def test_samples_have_the_moments_of_the_posterior():
    code = built()(np.zeros((2, 5), "float32"), num_samples=20000)
    assert code.z.shape == (20000, 2, 3)
    z = code.z.numpy().reshape(-1, 3)
    assert np.all(np.abs(z.mean(0) - MEAN) < 4 * SCALE / np.sqrt(len(z)))
    np.testing.assert_allclose(z.std(0), SCALE, rtol=0.03)
    np.testing.assert_allclose(np.corrcoef(z.T), np.eye(3), atol=0.03)


def test_samples_of_the_prior():
    z = built().sample(20000, seed=3).numpy()
    assert z.shape == (20000, 3)
    np.testing.assert_allclose(z.mean(0), 0, atol=0.03)
    np.testing.assert_allclose(z.std(0), 1, rtol=0.03)


def test_the_gradient_passes_through_the_sample():
    bottleneck = built()
    with tf.GradientTape() as tape:
        z = bottleneck(np.zeros((4, 5), "float32"), num_samples=7).z
        total = tf.reduce_sum(z)
    gradient = tape.gradient(total, bottleneck.statistics.bias).numpy()
    np.testing.assert_allclose(gradient[:3], 7 * 4)  # dz / dmean = 1
    noise = (
        z.numpy() - MEAN
    ) / SCALE  # dz / dscale = noise, dscale / draw = sigmoid(raw) = 1 - exp(-scale)
    np.testing.assert_allclose(
        gradient[3:], noise.sum((0, 1)) * -np.expm1(-SCALE), rtol=1e-3, atol=1e-3
    )


def test_every_call_draws_its_own_noise_in_an_order_that_the_seed_fixes():
    features = np.zeros((2, 5), "float32")
    first, other = built(seed=1), built(seed=2)
    draws = [first(features).z.numpy() for _ in range(2)]
    again = built(seed=1)
    np.testing.assert_array_equal(draws, [again(features).z.numpy() for _ in range(2)])
    assert not np.any(draws[0] == draws[1])
    assert not np.any(draws[0] == other(features).z.numpy())


@pytest.mark.parametrize("raw_scale", [-1e4, -100.0, 1e4])
def test_the_posterior_stays_finite_at_extreme_features(raw_scale):
    bottleneck = built()
    bottleneck.statistics.bias.assign(np.concatenate([MEAN, np.full(3, raw_scale)]))
    code = bottleneck(np.zeros((2, 5), "float32"))
    posterior = bottleneck.posterior(np.zeros((2, 5), "float32"))
    for value in (code.z, code.terms["kl"], posterior.log_prob(code.z[0])):
        assert np.all(np.isfinite(value))


def test_the_posterior_is_float32_under_mixed_precision():
    bottleneck = bottlenecks.Gaussian(3, dtype="mixed_bfloat16")
    bottleneck.build((None, 5))
    code = bottleneck(keras.ops.zeros((2, 5)))
    assert code.z.dtype == code.terms["kl"].dtype == "float32"
    assert bottleneck.statistics.compute_dtype == "bfloat16"
