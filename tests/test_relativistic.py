"""Relativistic divergences, whose scores count by their differences."""

import math

import keras
import numpy as np
import pytest
from critics import estimate, train
from scipy import optimize

from kerasgen import divergences


def test_relativistic_scores_count_by_their_differences():
    rng = np.random.default_rng(0)
    divergence = divergences.RelativisticAverage()
    real, fake = rng.standard_normal((2, 500))
    assert estimate(divergence, real + 7, fake + 7) == pytest.approx(
        estimate(divergence, real, fake), abs=1e-5
    )
    assert estimate(divergence, real, real) < 0
    assert estimate(divergence, real * 0, fake * 0) == pytest.approx(0, abs=1e-6)
    assert estimate(divergence, real + 50, fake) == pytest.approx(math.log(2), abs=1e-5)
    np.testing.assert_allclose(
        divergence.generator_terms(real, fake), divergence.critic_terms(fake, real), rtol=1e-5
    )


SHARES = np.array([[0.5, 0.2, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])  # P and Q on four points


def relativistic_minimax(p, q):
    """By BFGS: the loss is convex in the scores v of the four points."""

    def loss(v):
        return p @ np.logaddexp(0, -(v - q @ v)) + q @ np.logaddexp(0, v - p @ v)

    return math.log(2) - optimize.minimize(loss, np.zeros(4)).fun / 2


def relativistic_hinge(p, q):
    """By linear programming, in the scores and the hinges of both sides, which are at least 0 and
    at least those.
    """
    one, none = np.eye(4), np.zeros((4, 4))
    hinges = np.block([[q - one, -one, none], [one - p, none, -one]])
    bounds = [(None, None)] * 4 + [(0, None)] * 8
    return 1 - optimize.linprog([*np.zeros(4), *p, *q], hinges, -np.ones(8), bounds=bounds).fun / 2


@pytest.mark.parametrize(
    ("divergence", "optimum"),
    [(divergences.Minimax(), relativistic_minimax), (divergences.Hinge(), relativistic_hinge)],
    ids=["minimax", "hinge"],
)
def test_a_trained_relativistic_critic_reports_the_optimum(divergence, optimum):
    relativistic = divergences.RelativisticAverage(divergence)
    real, fake = (np.repeat(np.arange(4), np.round(10 * share).astype(int)) for share in SHARES)
    scores = keras.Variable(np.zeros(4, "float32"))

    def scored():
        return [keras.ops.take(scores, side) for side in (real, fake)]

    train([scores], lambda: relativistic.critic_terms(*scored()), rate=0.1)
    report = relativistic.estimate(*scored())
    assert float(report) == pytest.approx(optimum(*SHARES), abs=2e-3) != 0
