"""Estimators of log p(x) on a linear-Gaussian model, whose log p(x) is known."""

import numpy as np
import pytest
from test_metrics import data, linear_gaussian  # noqa: F401

from kerasgen.metrics.estimators import annealed_importance_sampling, prior_sampling


def test_prior_sampling_converges_to_the_exact_likelihood(data):  # noqa: F811
    images, exact = data
    model, _ = linear_gaussian()
    errors = [
        np.array(prior_sampling(model, images[:20], k, seed=0)) - exact[:20] for k in (10, 10_000)
    ]
    assert np.abs(errors[1]).mean() < 0.3 < 1 < np.abs(errors[0]).mean()


def test_prior_sampling_is_unbiased_in_the_probability(data):  # noqa: F811
    images, exact = data
    model, _ = linear_gaussian()
    estimates = np.stack([prior_sampling(model, images[:5], 500, seed=seed) for seed in range(40)])
    ratios = np.exp(estimates - exact[:5])
    assert np.all(np.abs(ratios.mean(0) - 1) < 4 * ratios.std(0) / np.sqrt(len(ratios)))


def test_annealing_mends_a_wrong_posterior(data):  # noqa: F811
    """From a posterior three times too narrow, 200 chains come much closer than 200 importance
    samples.
    """
    images, exact = data[0][:10], data[1][:10]
    model, _ = linear_gaussian(spread=1 / 3)
    annealed = annealed_importance_sampling(model, images, 30, 200, step_size=0.5, seed=0)
    weighted = model.log_prob(images, num_samples=200, seed=0)
    errors = [np.abs(np.array(estimate) - exact).mean() for estimate in (annealed, weighted)]
    assert errors[0] < min(0.15, errors[1] / 2), errors


def test_an_exact_posterior_needs_no_annealing(data):  # noqa: F811
    images, exact = data[0][:5], data[1][:5]
    model, _ = linear_gaussian()
    annealed = annealed_importance_sampling(model, images, num_steps=1, num_chains=1, seed=0)
    np.testing.assert_allclose(annealed, exact, atol=2e-3)


def test_bad_input(data):  # noqa: F811
    model, _ = linear_gaussian()
    with pytest.raises(ValueError, match="Expected num_samples to be an integer of at least 1"):
        prior_sampling(model, data[0], 0)
    with pytest.raises(ValueError, match="Expected num_chains to be an integer of at least 1"):
        annealed_importance_sampling(model, data[0], num_chains=0)
