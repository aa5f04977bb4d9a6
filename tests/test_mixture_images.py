"""Mixtures of images of levels, against scipy and enumeration."""

import numpy as np
import pytest
from binary import binary_images
from scipy import special, stats

from kerasgen.families import Mixture


def exact_log_prob(model, x):
    """log of the probability of images of levels under a diagonal mixture, in float64 by scipy."""
    weights, means, scales = (
        np.asarray(part, "float64") for part in (model.logits, model.means, model.scales())
    )
    level = np.round(x.reshape(-1, 1, model.size) * (model.levels - 1))
    low = np.where(level == 0, -np.inf, level / model.levels)
    high = np.where(level == model.levels - 1, np.inf, (level + 1) / model.levels)
    below = stats.norm.cdf(high, means, scales) - stats.norm.cdf(low, means, scales)
    above = stats.norm.sf(low, means, scales) - stats.norm.sf(high, means, scales)
    cells = np.log(np.where(low > means, above, below))
    return special.logsumexp(cells.sum(axis=2) + special.log_softmax(weights), axis=1)


@pytest.mark.parametrize("levels", [2, 17, 256])
def test_of_levels_and_diagonal_covariances_log_prob_is_scipys(levels):
    rng = np.random.default_rng(0)
    model = Mixture((3, 3, 1), 4, levels=levels)
    model.logits.assign(rng.standard_normal(4))
    model.means.assign(rng.uniform(-0.2, 1.2, (4, 9)))
    model.raw_scales.assign(np.log(np.expm1(np.geomspace(0.05, 0.5, 36).reshape(4, 9))))
    x = (rng.integers(levels, size=(60, 3, 3, 1)) / (levels - 1)).astype("float32")
    np.testing.assert_allclose(model.log_prob(x), exact_log_prob(model, x), rtol=2e-5)


def test_the_probabilities_of_all_images_of_levels_sum_to_one_and_tails_stay_finite():
    model = Mixture((1, 2, 1), 2, levels=16)
    model.means.assign([[-0.1, 0.4], [0.9, 1.1]])
    every = (
        np.stack(np.meshgrid(*2 * [np.arange(16) / 15]), axis=-1)
        .reshape(-1, 1, 2, 1)
        .astype("float32")
    )
    probabilities = np.exp(model.log_prob(every))
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    dark = np.mean(np.all(np.asarray(model.sample(20_000, seed=0)) == 0, axis=(1, 2, 3)))
    assert probabilities[0] == pytest.approx(dark, abs=0.01)
    model.raw_scales.assign(
        np.full((2, 2), -20.0)
    )  # the least scale: most images lie thousands of deviations away
    assert np.all(np.isfinite(model.log_prob(every)))


def test_of_levels_the_bound_is_below_the_cells_probability_and_tightens():
    model, full = (Mixture((4, 4, 1), 2, covariance, levels=2) for covariance in ("diag", "full"))
    x = binary_images()
    model.fit_em(x, reg_covar=1e-3)
    full.logits.assign(model.logits)
    full.means.assign(model.means)
    full.raw_scales.assign(np.asarray(model.raw_scales)[..., None] * np.eye(16))
    exact = np.asarray(model.log_prob(x))
    one, many = (np.mean(full.log_prob(x, num_samples=k, seed=0)) for k in (1, 100))
    assert one < many <= exact.mean() + 0.05
    assert many == pytest.approx(exact.mean(), abs=2.0)  # whose outermost cells have no outer end
    # No model of these pixels beats their entropy.
    assert exact.mean() < -16 * stats.bernoulli(0.2).entropy() + 1


def test_a_uniform_density_gives_the_probability_of_a_level():
    model = Mixture((2, 2, 1), 1, "full", levels=256)
    model.means.assign(np.full((1, 4), 0.5))
    model.raw_scales.assign(100.0 * np.eye(4)[None])  # flat over the unit cube
    x = np.round(np.random.default_rng(0).random((3, 2, 2, 1)) * 255) / 255
    height = 4 * stats.norm.logpdf(0, scale=100)
    np.testing.assert_allclose(model.log_prob(x, seed=0), height - 4 * np.log(256), rtol=1e-4)


@pytest.mark.parametrize("levels", [None, 2, 256])
def test_samples_of_images_are_images_at_their_levels(levels):
    x = binary_images()
    model = Mixture((4, 4, 1), 2, levels=levels)
    model.fit_em(x, reg_covar=1e-2)
    samples = np.asarray(model.sample(300, seed=0))
    assert samples.shape == (300, 4, 4, 1) and samples.min() >= 0 and samples.max() <= 1
    np.testing.assert_array_equal(samples, model.sample(300, seed=0))
    assert np.any(samples != model.sample(300, seed=1))
    if levels:
        np.testing.assert_allclose(
            samples * (levels - 1), np.round(samples * (levels - 1)), atol=1e-4
        )
    if levels == 2:
        np.testing.assert_allclose(samples.mean(axis=0), x.mean(axis=0), atol=0.2)
