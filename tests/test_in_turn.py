"""Conditionals that models hand out in turn: their product is the likelihood."""

import causal
import numpy as np
import pytest
import two_stage
from coded import CODED, samples
from refusals import refusal

from kerasgen.families import Mixture
from kerasgen.tasks.turns import walk


def in_turn(turns, levels):
    """log p of levels `[n, size]` by a walk through their conditionals."""
    total, places = np.zeros(len(levels)), []
    for place, log_probs in walk(turns, levels):
        np.testing.assert_allclose(np.exp(log_probs).sum(-1), 1, rtol=1e-5)
        log_probs = log_probs.reshape(len(levels), -1, log_probs.shape[-1])
        taken = levels[:, place].reshape(len(levels), -1, 1)
        total += np.take_along_axis(log_probs, taken, axis=-1).sum((1, 2))
        places.extend(np.ravel(place))
    assert sorted(places) == list(range(levels.shape[1]))
    return total


def random_levels(model, n=3):
    levels = np.random.default_rng(0).integers(0, model.levels, (n, *model.event_shape))
    return levels.reshape(n, -1), (levels / (model.levels - 1)).astype("float32")


@pytest.mark.parametrize("likelihood", causal.LIKELIHOODS)
def test_in_turn_gives_the_conditionals_whose_product_is_the_likelihood(likelihood):
    model = causal.build("pixelcnn", likelihood)
    levels, x = random_levels(model)
    found = in_turn(model.in_turn(3), levels)
    np.testing.assert_allclose(found, model.log_prob(x), rtol=1e-4, atol=1e-4)


def test_the_pixels_of_a_mixture_are_known_in_turn():
    model = Mixture([2, 3, 1], num_components=3, levels=5)
    levels, x = random_levels(model)
    found = in_turn(model.in_turn(3), levels)
    np.testing.assert_allclose(found, model.log_prob(x), rtol=1e-4)
    full = Mixture([2, 3, 1], num_components=3, covariance="full", levels=5)
    assert "diagonal" in refusal(lambda: full.in_turn(3))


@pytest.mark.parametrize("grid", [False, True], ids=["transformer", "causal network"])
def test_tokens_are_known_in_turn(grid):
    model, classes = two_stage.build("classes", grid, (8, 8, 1)), np.array([7, 0, 3])
    tokens = np.random.default_rng(0).integers(0, 16, (3, 4, 4))
    found = in_turn(model.in_turn(3, classes), tokens.reshape(3, -1))
    np.testing.assert_allclose(found, model.log_prob_tokens(tokens, classes), rtol=1e-4)
    assert "for each of n=3" in refusal(lambda: model.in_turn(3, classes[:2]))


@pytest.mark.parametrize("name", ["a code and levels", "a code and pixels in turn"])
def test_elements_given_a_code_are_known_in_turn(name):
    model = CODED[name]()
    levels, x = random_levels(model)
    z = np.random.default_rng(0).normal(size=(3, *model.bottleneck.latent_shape)).astype("float32")
    found = in_turn(model.likelihood.in_turn(model.likelihood_params(z)), levels)
    np.testing.assert_allclose(found, model.decode(z).log_prob(x), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", ["layers from the top", "layers from below", "a ladder"])
def test_layers_are_known_in_turn(name):
    model = CODED[name]()
    z = np.random.default_rng(0).normal(size=(3, *model.bottleneck.latent_shape)).astype("float32")
    for chain in (model.prior(), model.posterior(samples(model, 3))):
        total = sum(
            normal.log_prob(z[:, place]) + np.zeros(3) for place, normal in walk(chain.in_turn(), z)
        )
        np.testing.assert_allclose(total, chain.log_prob(z), rtol=1e-4, atol=1e-4)
