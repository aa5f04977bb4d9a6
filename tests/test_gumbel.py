"""Relaxed draws of tokens, and their temperature."""

import numpy as np
import pytest
from codebooks import D, V, identity

from kerasgen import annealing, bottlenecks


@pytest.fixture
def grid():
    return np.random.default_rng(0).normal(size=(4, 2, 3, V)).astype("float32")


def softmax(logits):
    exp = np.exp(logits.astype("float64") - logits.max(-1, keepdims=True))
    return exp / exp.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    ("move", "middle"), [(annealing.cosine, 0.75 + 0.25 / np.sqrt(2)), (annealing.linear, 0.875)]
)
def test_schedules_reach_their_ends(move, middle):
    values = [float(move(step, 100, 1.0, 0.5)) for step in (0, 25, 50, 100, 1000)]
    np.testing.assert_allclose(values, [1, middle, 0.75, 0.5, 0.5], atol=1e-6)
    assert float(move(0, 0, 1.0, 0.5)) == 0.5


def test_kl_to_the_uniform_prior_is_that_of_enumeration(grid):
    bottleneck = identity(bottlenecks.GumbelSoftmax(V, D), V)
    p = softmax(grid)
    expected = np.sum(p * np.log(p * V), axis=(1, 2, 3))
    np.testing.assert_allclose(bottleneck(grid).terms["kl"], expected, rtol=1e-5)
    np.testing.assert_array_equal(bottleneck.posterior(grid).mode(), grid.argmax(-1))


def test_gumbel_draws_follow_the_posterior(grid):
    bottleneck = identity(bottlenecks.GumbelSoftmax(V, V), V)
    bottleneck.vectors.assign(np.eye(V))
    z = bottleneck(grid, num_samples=5000).z.numpy()
    assert set(np.unique(z)) == {0.0, 1.0}  # draws, not relaxations, where nothing is trained
    np.testing.assert_allclose(z.mean(0), softmax(grid), atol=0.04)


def test_relaxed_draws_are_one_hot_at_low_temperature_and_soft_at_high(grid):
    bottleneck = identity(
        bottlenecks.GumbelSoftmax(V, V, temperature_steps=2, temperatures=(1.0, 1e-3)), V
    )
    bottleneck.vectors.assign(np.eye(V))
    assert float(bottleneck.temperature) == 1.0
    soft = bottleneck(grid, training=True).z.numpy()
    bottleneck(grid, training=True)
    assert float(bottleneck.temperature) == pytest.approx(1e-3)
    hard = bottleneck(grid, training=True).z.numpy()
    for z in (soft, hard):
        np.testing.assert_allclose(z.sum(-1), 1, rtol=1e-5)
    assert soft.max(-1).mean() < 0.9
    assert hard.max(-1).mean() > 0.99
    bottleneck(grid)
    assert int(bottleneck.step) == 3  # calls outside of training do not count
