"""Pixels that depend on those before them given a code: against enumeration, a pass per pixel and a
known entropy.
"""

import itertools
import math

import keras
import numpy as np
import pytest

from kerasgen import LatentVariableModel, bottlenecks, families, likelihoods, networks
from kerasgen.metrics.likelihood import importance_weighted

SHAPE = 2, 3, 1


def likelihood():
    return likelihoods.Autoregressive(
        networks.PixelCNN(3, 8, 2, head_channels=8), likelihoods.Bernoulli()
    )


def built(likelihood, shape=SHAPE, latent_dim=2):
    likelihood.build((None, *shape))
    decoder = networks.MLP((*shape[:2], likelihood.channels(shape[-1])), (8,))
    return LatentVariableModel(
        shape, networks.MLP((8,), (8,)), bottlenecks.Gaussian(latent_dim), decoder, likelihood
    )


@pytest.fixture
def model():
    return built(likelihood())


def every_image():
    return np.array(list(itertools.product([0, 1], repeat=6)), "float32").reshape(-1, *SHAPE)


def test_given_a_code_the_probabilities_of_all_images_sum_to_one_and_are_those_of_draws(model):
    images = every_image()
    for z in np.random.default_rng(0).normal(size=(3, 1, 2)).astype("float32"):
        probabilities = np.exp(model.decode(z).log_prob(images))
        assert np.sum(probabilities) == pytest.approx(1, abs=1e-5)
        drawn = np.asarray(model.decode(z).sample(40_000, seed=(1, 2))).reshape(-1, 6)
        counts = np.bincount((drawn @ 2 ** np.arange(5, -1, -1)).astype(int), minlength=64)
        np.testing.assert_allclose(counts / len(drawn), probabilities, atol=0.01)


def test_a_pixel_depends_on_those_before_it_and_on_nothing_after(model):
    weights = model.decoder(np.ones((1, 2), "float32"))
    images = every_image()
    means = np.asarray(model.likelihood.given(weights, images).mean()).reshape(64, 6)
    pixels = images.reshape(64, 6)
    for i in range(6):
        before = [
            means[np.all(pixels[:, :i] == first, axis=1), i]
            for first in itertools.product([0, 1], repeat=i)
        ]
        assert max(np.ptp(each) for each in before) < 1e-6
        assert i == 0 or np.std([each[0] for each in before]) > 1e-4


def test_drawing_is_as_a_pass_of_the_whole_network_for_every_pixel(model):
    rng = np.random.default_rng(0)
    weights = np.asarray(model.decoder(rng.normal(size=(5, 2)).astype("float32")))
    uniform = rng.uniform(size=(5, *SHAPE)).astype("float32")
    images = np.zeros_like(uniform)
    for row, column in np.ndindex(*SHAPE[:2]):
        probabilities = np.asarray(model.likelihood.given(weights, images).mean())
        images[:, row, column] = uniform[:, row, column] < probabilities[:, row, column]
    np.testing.assert_array_equal(model.likelihood.draw_images(weights, uniform), images)


def test_one_pass_of_the_features_serves_many_codes(model):
    x, z = every_image()[:7], np.random.default_rng(0).normal(size=(4, 7, 2)).astype("float32")
    together = model.decode(z).log_prob(x)
    assert together.shape == (4, 7)
    for codes, log_probs in zip(z, together):
        np.testing.assert_allclose(model.decode(codes).log_prob(x), log_probs, rtol=1e-5)


def test_the_mean_is_of_pixels_given_the_likeliest_before_them(model):
    weights = model.decoder(np.random.default_rng(0).normal(size=(5, 2)).astype("float32"))
    likeliest = np.asarray(
        model.likelihood.draw_images(weights, np.full((5, *SHAPE), 0.5, "float32"))
    )
    mean = np.asarray(model.likelihood.distribution(weights).mean())
    np.testing.assert_array_equal(mean > 0.5, likeliest > 0)
    np.testing.assert_array_equal(mean, model.likelihood.given(weights, likeliest).mean())


def test_it_learns_what_independent_pixels_cannot_say_without_a_code():
    copies = np.repeat(np.random.default_rng(0).integers(2, size=(512, 1, 1, 1)), 4, axis=2).astype(
        "float32"
    )
    model = built(likelihood(), (1, 4, 1))
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(copies, epochs=20, verbose=0)
    # Four equal pixels have the entropy of one.
    assert -np.mean(model.log_prob(copies[:64], num_samples=50, seed=0)) == pytest.approx(
        math.log(2), abs=0.05
    )
    assert np.mean(np.ptp(model.sample(200, seed=0), axis=(1, 2, 3))) < 0.05


@pytest.mark.parametrize("kind", ["DiscretizedLogistic", "ChannelwiseLogistic"])
def test_levels_of_color_are_drawn_and_scored(kind):
    of_pixel = getattr(likelihoods, kind)(components=2, levels=4)
    model = built(
        likelihoods.Autoregressive(networks.GatedPixelCNN(3, 8, 1, head_channels=8), of_pixel),
        (4, 4, 3),
    )
    images = np.asarray(model.sample(3, seed=0))
    np.testing.assert_allclose(images * 3, np.round(images * 3), atol=1e-5)
    assert np.all(np.isfinite(model.log_prob(images, num_samples=10, seed=0)))
    assert model.reconstruct(images).shape == images.shape
    figures = importance_weighted(model, images, num_samples=10)
    assert figures["bits_per_dim"].value == pytest.approx(figures["nll"].value / 48 / np.log(2))


@pytest.mark.parametrize("of_pixel", [likelihoods.Gaussian, likelihoods.ChannelwiseCategorical])
def test_likelihoods_that_cannot_draw_a_pixel_are_refused(of_pixel):
    with pytest.raises(ValueError, match=f"with a mean.*Received: {of_pixel.__name__}"):
        likelihoods.Autoregressive(networks.PixelCNN(3), of_pixel())


def test_an_autoregressive_model_refuses_it_as_it_has_a_network_of_its_own():
    with pytest.raises(
        ValueError, match="Expected a likelihood of discrete pixels.*Received: Autoregressive"
    ):
        families.AutoregressiveModel(SHAPE, networks.PixelCNN(4), likelihood())
