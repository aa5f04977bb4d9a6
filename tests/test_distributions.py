"""Variables rounded to levels against scipy's in float64, into their tails."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kerasgen.distributions import DiscretizedLaplace, DiscretizedLogistic, DiscretizedNormal

ORACLES = {
    DiscretizedNormal: stats.norm,
    DiscretizedLaplace: stats.laplace,
    DiscretizedLogistic: stats.logistic,
}
each_class = pytest.mark.parametrize("cls", ORACLES)


def distribution(cls, loc, scale, levels=256):
    return cls(np.full(1, loc, "float32"), np.full(1, scale, "float32"), levels)


def oracle(cls, x, loc, scale, levels):
    """log P in float64, each tail from the function that does not cancel there."""
    variable = ORACLES[cls](np.float64(np.float32(loc)), np.float64(np.float32(scale)))
    half = 0.5 / (levels - 1)
    below = np.where(x < half, -np.inf, x - half)
    above = np.where(x > 1 - half, np.inf, x + half)
    right = below > variable.mean()
    mass = np.where(
        right, variable.sf(below) - variable.sf(above), variable.cdf(above) - variable.cdf(below)
    )
    return np.log(np.maximum(mass, 1e-300))


@each_class
@pytest.mark.parametrize("levels", [2, 16, 256])
@pytest.mark.parametrize("loc", [-0.3, 0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("scale", [0.003, 0.05, 1.0, 100.0])
def test_log_prob_is_exact_into_the_tails(cls, levels, loc, scale):
    x = np.linspace(0, 1, levels)
    expected = oracle(cls, x, loc, scale, levels)
    seen = expected > -600  # where the oracle itself has not underflowed
    assert seen.any()
    log_probs = (
        distribution(cls, loc, scale, levels).log_prob(x.astype("float32")[:, None]).numpy()[:, 0]
    )
    tolerance = 2e-4 if cls is DiscretizedLogistic else 2e-4 * max(1, scale)  # the class says so
    np.testing.assert_allclose(log_probs[seen], expected[seen], rtol=2e-4, atol=tolerance)


@each_class
@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    loc=st.floats(-3, 4, width=32), log_scale=st.floats(-7, 7, width=32), levels=st.integers(2, 300)
)
def test_probabilities_of_the_levels_sum_to_one(cls, loc, log_scale, levels):
    if cls is not DiscretizedLogistic:
        log_scale = min(log_scale, 0.0)
    x = np.linspace(0, 1, levels, dtype="float32")[:, None]
    probs = np.exp(
        distribution(cls, loc, np.exp(log_scale), levels).log_prob(x).numpy().astype("float64")
    )
    assert abs(probs.sum() - 1) < 2e-3


@each_class
def test_samples_are_levels_and_the_ends_hold_the_tails(cls):
    draws = distribution(cls, 1.0, 0.1, levels=16).sample(20000, seed=1).numpy()
    np.testing.assert_array_equal(draws, (np.rint(draws * 15) / 15).astype("float32"))
    assert draws.min() >= 0 and draws.max() == 1
    at_the_end = ORACLES[cls](1.0, 0.1).sf(1 - 0.5 / 15)
    assert abs((draws == 1).mean() - at_the_end) < 4 * np.sqrt(
        at_the_end * (1 - at_the_end) / len(draws)
    )


@each_class
@pytest.mark.parametrize("loc", [-0.5, 0.02, 0.5, 0.98, 1.5])
@pytest.mark.parametrize("scale", [0.002, 0.05, 1.0])
def test_mean_is_within_half_a_level_of_the_sum_over_levels(cls, loc, scale):
    x = np.linspace(0, 1, 256)
    exact = (x * np.exp(oracle(cls, x, loc, scale, 256))).sum()
    assert abs(distribution(cls, loc, scale).mean().numpy()[0] - exact) < 0.5 / 255


def test_shapes():
    logistic = DiscretizedLogistic(np.zeros((3, 2), "float32"), np.ones((3, 2), "float32"))
    assert tuple(logistic.batch_shape) == (3, 2)
    assert tuple(logistic.event_shape) == ()
    assert logistic.sample(5, seed=0).shape == (5, 3, 2)
    assert logistic.log_prob(np.zeros((7, 1, 2), "float32")).shape == (7, 3, 2)
