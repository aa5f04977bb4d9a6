"""Densities against scipy and against their own normalisation, for every likelihood in
one table.
"""

import itertools

import keras
import numpy as np
import pytest
from densities import (
    TABLE,
    draw_params,
    of_pixels,
    per_element,
)
from scipy import integrate, stats

from kerasgen import backend, events, likelihoods

EXTREMES = (0.0, 1.0, -1.0, 50.0, -50.0, 1e4, -1e4, 1e30, -1e30)
PIXELS = (0.0, 1 / 255, 0.5, 1.0)


likelihood_table = pytest.mark.parametrize("name", TABLE)


def levels_of(values):
    return np.arange(values) / (values - 1)


@likelihood_table
def test_log_prob_is_the_log_density(name):
    likelihood, log_density, values = TABLE[name]
    params = draw_params(likelihood, 200)
    x = np.random.default_rng(1).uniform(size=200)
    if values:
        x = np.rint(x * (values - 1)) / (values - 1)
    np.testing.assert_allclose(
        per_element(likelihood, params, x), log_density(params, x), rtol=2e-4, atol=2e-4
    )


@likelihood_table
def test_the_event_is_the_whole_image_and_channels_keep_their_own_parameters(name):
    likelihood, log_density, values = TABLE[name]
    assert likelihood.channels(3) == 3 * likelihood.params_per_channel
    params = draw_params(likelihood, 2 * 5 * 4 * 4 * 3).reshape(2, 5, 4, 4, 3, -1)
    x = np.rint(np.random.default_rng(1).uniform(size=(2, 5, 4, 4, 3)))
    # location and scale are each a block of C channels; the other likelihoods keep a pixel's
    # parameters together
    joint = (
        np.moveaxis(params, -1, -2) if isinstance(likelihood, likelihoods.LocationScale) else params
    )
    likelihood.build_for(events.Image(4, 4, 3))
    distribution = likelihood.distribution(joint.reshape(2, 5, 4, 4, -1).astype("float32"))
    assert tuple(distribution.batch_shape) == (2, 5)
    assert tuple(distribution.event_shape) == (4, 4, 3)
    expected = log_density(params, x).sum((-3, -2, -1))
    np.testing.assert_allclose(distribution.log_prob(x.astype("float32")), expected, rtol=2e-4)


@likelihood_table
def test_probabilities_sum_to_one(name):
    likelihood, _, values = TABLE[name]
    params = draw_params(likelihood, 20)
    if values:
        log_probs = per_element(likelihood, params[:, None], levels_of(values)[None])
        np.testing.assert_allclose(np.exp(log_probs.astype("float64")).sum(-1), 1, atol=2e-5)
        return
    bounds = {"continuous_bernoulli": (0, 1), "logit_laplace": (-0.125 + 1e-6, 1.125 - 1e-6)}
    x = np.linspace(*bounds.get(name, (-12, 13)), 20001)
    density = np.exp(per_element(likelihood, params[:, None], x[None]).astype("float64"))
    np.testing.assert_allclose(integrate.simpson(density, x=x), 1, atol=2e-3)


@likelihood_table
def test_samples_follow_the_density_and_the_mean(name):
    likelihood, log_density, values = TABLE[name]
    for params in draw_params(likelihood, 3, seed=2):
        distribution = of_pixels(likelihood, params)
        draws = (
            keras.ops.convert_to_numpy(distribution.sample(20000, seed=7)).ravel().astype("float64")
        )
        standard_error = draws.std() / np.sqrt(len(draws)) + (1 / 510 if values == 256 else 0)
        assert abs(draws.mean() - distribution.mean()[0, 0, 0]) < 4 * standard_error
        if values:
            counts = np.bincount(np.rint(draws * (values - 1)).astype(int), minlength=values)
            np.testing.assert_allclose(
                np.rint(draws * (values - 1)), draws * (values - 1), atol=1e-4
            )
            expected = len(draws) * np.exp(log_density(params[None], levels_of(values)))
            common = expected > 5
            observed = np.append(counts[common], counts[~common].sum() + 1e-9)
            expected = np.append(expected[common], expected[~common].sum() + 1e-9)
            assert (
                stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-4
            )
        else:
            x = np.linspace(draws.min() - 1e-6, draws.max() + 1e-6, 20001)
            density = np.exp(log_density(params[None], x))
            cdf = integrate.cumulative_trapezoid(density, x, initial=0)
            assert (
                stats.kstest(draws, lambda value, x=x, cdf=cdf: np.interp(value, x, cdf)).pvalue
                > 1e-4
            )


@likelihood_table
def test_the_first_draws_of_a_batch_are_those_of_a_smaller_one(name):
    """One seed, one image at each place, however many are drawn: `sample` of a model
    rests on it.
    """
    likelihood = TABLE[name][0]
    seed = backend.next_seed(keras.random.SeedGenerator(0))
    likelihood.build_for(events.Image(5, 5, 1))
    params = draw_params(likelihood, 9 * 5 * 5).reshape(9, 5, 5, -1).astype("float32")
    whole = keras.ops.convert_to_numpy(likelihood.distribution(params).sample(seed=seed))
    for n in (1, 4):
        part = keras.ops.convert_to_numpy(likelihood.distribution(params[:n]).sample(seed=seed))
        np.testing.assert_allclose(
            part, whole[:n], atol=1e-6
        )  # vector instructions round the last bit by place


@likelihood_table
def test_extreme_outputs_give_finite_values_and_gradients(name):
    likelihood, _, _ = TABLE[name]
    size = likelihood.params_per_channel
    if size <= 3:
        params = np.array(list(itertools.product(EXTREMES, repeat=size)))
    else:
        params = np.random.default_rng(0).choice(EXTREMES, size=(500, size))
    params = params.astype("float32")  # [N, P]
    pixels = np.array(PIXELS, "float32").reshape(4, 1, 1, 1, 1)
    value, gradient = value_and_gradient(
        lambda p: of_pixels(likelihood, p).log_prob(pixels), params
    )
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(gradient))
    mean = keras.ops.convert_to_numpy(of_pixels(likelihood, params).mean())
    assert np.all(np.isfinite(mean))
    draws = keras.ops.convert_to_numpy(of_pixels(likelihood, params).sample(seed=3))
    assert np.all(np.isfinite(draws))
    if not isinstance(likelihood, likelihoods.LocationScale):
        assert np.all(np.abs(mean - 0.5) <= 0.501)
        assert np.all(np.abs(draws - 0.5) <= 0.5)


def value_and_gradient(function, params):
    import tensorflow as tf

    params = tf.constant(params)
    with tf.GradientTape() as tape:
        tape.watch(params)
        value = function(params)
    return value.numpy(), tape.gradient(value, params).numpy()


@likelihood_table
def test_gradients_are_those_of_the_density(name):
    likelihood, log_density, values = TABLE[name]
    params = draw_params(likelihood, 20, seed=3)
    x = np.full(20, 1.0 if values else 0.6)
    _, gradient = value_and_gradient(
        lambda p: of_pixels(likelihood, p).log_prob(x.astype("float32")[:, None, None, None]),
        params.astype("float32"),
    )
    for index in range(min(likelihood.params_per_channel, 8)):
        step = np.zeros(likelihood.params_per_channel)
        step[index] = 1e-5
        difference = (log_density(params + step, x) - log_density(params - step, x)) / 2e-5
        np.testing.assert_allclose(gradient[:, index], difference, rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["DiscretizedLogistic", "ChannelwiseLogistic"])
def test_the_narrowest_logistic_leaves_next_to_nothing_to_other_levels(name):
    """The paper's bound is exp(-7) for pixels in [-1, 1], half of that for pixels in [0, 1]."""
    likelihood = getattr(likelihoods, name)(1).build_for(events.Image(1, 1, 1))
    middle = 128 / 255
    x = np.full((1, 1, 1, 1), middle, "float32")
    narrowest, paper = (
        likelihood.distribution(np.array([0, middle, log_scale], "float32").reshape(1, 1, 1, 3))
        for log_scale in (-100, -7 - np.log(2))
    )
    others = -np.expm1([float(each.log_prob(x)[0]) for each in (narrowest, paper)])
    width = 0.5 / 255 / np.exp([-8, -7 - np.log(2)])
    np.testing.assert_allclose(others, 2 * stats.logistic.sf(width), rtol=1e-3)
    assert others[0] < 0.006 < 0.026 < others[1] < 0.027


@likelihood_table
def test_config_round_trip(name):
    likelihood = TABLE[name][0]
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert type(copy) is type(likelihood)
    assert copy.get_config() == likelihood.get_config()
