"""Likelihoods at and beyond the edges of what data are."""

import keras
import numpy as np
import pytest
from densities import TABLE, categorical, draw_params, per_element

from kerasgen import events, likelihoods


def test_log_probabilities_are_float32_whatever_the_network_computes_in():
    for likelihood, _, _ in TABLE.values():
        likelihood.build_for(events.Image(2, 2, 1))
        params = keras.ops.zeros((1, *likelihood.output_shape), "bfloat16")
        assert likelihood.distribution(params).dtype == "float32"


def test_a_pixel_between_two_levels_counts_as_the_nearer_one():
    params = draw_params(likelihoods.Categorical(256), 100)
    x = np.random.default_rng(1).uniform(0, 254, size=100).round() + np.random.default_rng(
        2
    ).uniform(-0.48, 0.48, 100)
    x = np.clip(x, 0, 255) / 255
    np.testing.assert_allclose(
        per_element(likelihoods.Categorical(256), params, x), categorical(params, x), rtol=1e-4
    )


def test_a_logit_laplace_pixel_beyond_the_margin_has_no_density():
    params = draw_params(likelihoods.LogitLaplace(), 2)
    assert np.all(
        per_element(likelihoods.LogitLaplace(), params, np.array([-0.13, 1.13])) == -np.inf
    )


def test_a_level_beyond_the_last_is_impossible():
    params = draw_params(likelihoods.Categorical(5), 3)
    log_prob = per_element(likelihoods.Categorical(5), params, np.array([-0.2, 0.49, 1.2]))
    assert list(np.isfinite(log_prob)) == [False, True, False] and log_prob[0] == -np.inf


def test_a_scale_that_is_no_scale_is_refused():
    for scale in (0, -1.0, "fixed"):
        with pytest.raises(
            ValueError,
            match="Expected scale.*'shared' or 'learned'.* Received: scale",
        ):
            likelihoods.Gaussian(scale)
