"""Sampling of autoregressive models: the cached sampler is the naive one, and draws have the
model's probabilities.
"""

import itertools

import numpy as np
import pytest
from keras import ops
from test_autoregressive import (
    LIKELIHOODS,
    build,
    every_image,
    every_likelihood,
    every_network,
    random_images,
)

from kerasgen import backend, events, likelihoods


def naive(model, uniform, condition=None, temperature=1.0):
    """Images from uniform numbers `[B, H, W, U]`, by a full pass for every pixel."""
    _, height, width, _ = uniform.shape
    one_hot = None if condition is None else np.eye(model.num_classes, dtype="float32")[condition]
    x = np.zeros((len(uniform), *model.event_shape), "float32")
    for i, j in itertools.product(range(height), range(width)):
        params = model.network(2 * x - 1, one_hot)[:, i, j]
        x[:, i, j] = model.likelihood.draw(params, uniform[:, i, j], temperature)
    return x


@pytest.mark.parametrize("likelihood", ["bernoulli", "colour", "colour_logistic"])
@every_network
def test_cached_sampling_is_naive_sampling(network, likelihood):
    shape, _, make = LIKELIHOODS[likelihood]
    model = build(network, likelihood, 3, (3, 4, shape[-1]))
    labels = np.array([2, 0, 1, 1])
    uniform = np.random.default_rng(0).random((4, 3, 4, make().num_uniforms(shape[-1])), "float32")
    drawn = model._draw(uniform, labels, 1.3)
    np.testing.assert_array_equal(drawn, naive(model, uniform, labels, 1.3))


@every_network
def test_parts_of_a_batch_are_drawn_as_the_whole_is(network):
    model = build(network, "bernoulli", 3, (3, 4, 1))
    labels = np.arange(7) % 3
    uniform = np.random.default_rng(0).random((7, 3, 4, 1), "float32")
    draw = backend.function(backend.by_examples(model._draw, 3), model)
    temperature = ops.convert_to_tensor(1.3)
    expected = naive(model, uniform, labels, 1.3)
    np.testing.assert_array_equal(draw(uniform, labels, temperature), expected)
    np.testing.assert_array_equal(draw(uniform[:3], labels[:3], temperature), expected[:3])


@every_network
def test_samples_have_the_models_probabilities(network):
    model = build(network, event_shape=(2, 2, 1))
    images = every_image((2, 2, 1), 2)
    expected = np.exp(model.log_prob(images))
    samples = np.asarray(model.sample(4000, seed=0)).reshape(-1, 4)
    found = np.bincount((samples @ [8, 4, 2, 1]).astype(int), minlength=16) / 4000
    np.testing.assert_allclose(found, expected, atol=5 * np.sqrt(0.25 / 4000))


@every_likelihood
def test_draws_have_the_likelihoods_probabilities(likelihood):
    (*_, channels), levels, make = LIKELIHOODS[likelihood]
    part = make()
    part.build_for(events.Image(1, 1, channels))
    rng = np.random.default_rng(0)
    params = rng.standard_normal(part.channels(channels)).astype("float32")
    pixels = every_image((1, 1, channels), levels)
    log_prob = part.distribution(
        np.broadcast_to(params, (len(pixels), 1, 1, len(params)))
    ).log_prob(pixels)
    uniform = rng.random((20000, part.num_uniforms(channels)), "float32")
    draws = np.asarray(part.draw(np.broadcast_to(params, (20000, len(params))), uniform))
    found = [np.mean(np.all(np.abs(draws - pixel.ravel()) < 1e-6, axis=-1)) for pixel in pixels]
    np.testing.assert_allclose(found, np.exp(log_prob), atol=5 * np.sqrt(0.25 / 20000))


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical", "colour"])
def test_near_temperature_zero_every_pixel_takes_its_mode(likelihood):
    model = build("gated", likelihood)
    shape, levels, _ = LIKELIHOODS[likelihood]
    samples = np.asarray(model.sample(3, seed=0, temperature=1e-6))
    np.testing.assert_array_equal(samples, np.repeat(samples[:1], 3, axis=0))
    # The mode given the pixels before: no other level of a pixel's last channel has a higher
    # conditional probability.
    best = float(model.distribution(samples[:1]).log_prob(samples[:1])[0])
    last = np.repeat(samples[:1], levels, axis=0)
    last[:, -1, -1, -1] = np.linspace(0, 1, levels)
    assert best == pytest.approx(float(np.max(model.log_prob(last))), abs=1e-5)


def test_near_temperature_zero_a_logistic_mixture_takes_the_likeliest_components_location():
    part = likelihoods.DiscretizedLogistic(2, 11)
    params = np.array(
        [[-1.0, 2.0, 0.1, 0.72, 0.0, -1.0]], "float32"
    )  # logits, locations, log-scales
    uniform = np.random.default_rng(0).random((50, 2), "float32")
    np.testing.assert_allclose(
        part.draw(np.repeat(params, 50, axis=0), uniform, 1e-6), 0.7, atol=1e-6
    )


@every_network
def test_completion_keeps_the_given_pixels_and_draws_the_others(network):
    model = build(network, event_shape=(4, 4, 1))
    given = random_images(1, (4, 4, 1), seed=1)[0]
    known = np.zeros((4, 4), bool)
    known[:2], known[3, 2] = True, True
    # Hot, as some pixels of a network that was never trained are all but certain.
    samples = np.asarray(model.complete(given, known, seed=0, temperature=50.0, n=40))
    np.testing.assert_array_equal(samples[:, known], np.broadcast_to(given[known], (40, 9, 1)))
    assert np.all(samples[:, ~known].std(axis=0) > 0)
    free = np.asarray(model.sample(40, seed=0))
    assert np.any(samples[:, ~known] != free[:, ~known])  # the given pixels change what follows
    each = random_images(40, (4, 4, 1), seed=2)
    kept = np.random.default_rng(0).random((40, 4, 4)) < 0.5
    np.testing.assert_array_equal(np.asarray(model.complete(each, kept, n=40))[kept], each[kept])


@every_network
def test_a_progress_bar_changes_no_pixel(network, capsys):
    model = build(network, "colour", 3, (4, 3, 3))
    arguments = {"condition": np.arange(150) % 3, "seed": 0, "temperature": 2.0}
    expected = model.sample(150, **arguments)
    capsys.readouterr()
    np.testing.assert_array_equal(model.sample(150, **arguments, progress=True), expected)
    assert "samples" in capsys.readouterr().out
