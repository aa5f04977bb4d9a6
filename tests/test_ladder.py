"""A ladder of latents against its own densities, and the mean of coloured pixels."""

import numpy as np
import pytest
from keras import ops
from tiny import tiny_ladder

from kerasgen import bottlenecks, events, likelihoods


@pytest.fixture
def ladder():
    """Codes of 2x2x3 and of 4x4x1 and random weights: some start at zero, which would hide what
    they do.
    """
    bottleneck, rng = bottlenecks.Ladder((3, 1), channels=4), np.random.default_rng(0)
    bottleneck.build((None, 4, 4, 2))
    for weight in bottleneck.trainable_weights:
        weight.assign_add(0.1 * rng.standard_normal(weight.shape))
    return bottleneck


@pytest.fixture
def features():
    return np.random.default_rng(1).standard_normal((3, 4, 4, 2)).astype("float32")


def test_the_terms_are_the_divergence_of_the_joint_densities(ladder, features):
    posterior, prior = ladder.posterior(features), ladder.prior()
    z = posterior.sample(4000, seed=0)
    assert tuple(posterior.event_shape) == (28,) and z.shape == (4000, 3, 28)
    by_densities = np.mean(posterior.log_prob(z) - prior.log_prob(z), axis=0)
    terms = ladder.terms(posterior, z)
    assert np.all(np.array(terms["kl_1"]) > 0.01) and np.all(np.array(terms["kl_2"]) > 0.01)
    np.testing.assert_allclose(sum(terms.values()), by_densities, rtol=0.1)


def test_a_layer_knows_all_above_it_and_nothing_below(ladder):
    noise = np.random.default_rng(2).standard_normal((1, 28)).astype("float32")
    changed = noise + np.eye(28, dtype="float32")
    prior = ladder.prior()
    moved = np.abs(prior.from_noise(changed) - prior.from_noise(noise)) > 1e-6
    assert np.all(np.diag(moved)) and not np.any(moved[12:] & ~np.eye(28, dtype=bool)[12:])
    assert moved[:12, 12:].mean() > 0.5
    of_map = np.abs(ladder.decoded(changed) - ladder.decoded(noise)).max(axis=(1, 2, 3))
    assert np.all(of_map > 1e-6)


def test_a_layer_that_has_learned_nothing_costs_nothing(features):
    bottleneck = bottlenecks.Ladder((3, 2, 1), channels=4)
    code = bottleneck(features)
    assert np.all(np.array(code.terms["kl_1"]) > 0.01)  # its prior is the standard normal
    np.testing.assert_allclose(code.terms["kl_2"] + code.terms["kl_3"], np.zeros(3), atol=1e-6)


def test_sides_that_the_layers_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="that 4 divides. Received: .*6"):
        bottlenecks.Ladder((1, 1, 1)).build((None, 6, 8, 2))


def test_every_layer_of_the_ladder_learns(images):
    model = tiny_ladder()
    model.compile("adam")
    model.fit(images, batch_size=32, epochs=3, verbose=0)
    kl = [float(np.mean(model.loss_terms(images).terms[f"kl_{layer}"])) for layer in (1, 2)]
    assert min(kl) > 0.05
    assert model.sample(2, seed=0).shape == (2, 8, 8, 1)


def test_the_mean_of_coloured_pixels_is_that_of_draws():
    likelihood = likelihoods.ChannelwiseLogistic(2, levels=256).build_for(events.Image(1, 4, 3))
    params = np.random.default_rng(0).standard_normal((1, 4, 20)).astype("float32")
    params[..., 2:8] = 0.3 + 0.05 * params[..., 2:8]  # locations, then narrow log-scales
    params[..., 8:14] -= 4
    distribution = likelihood.distribution(params)
    draws = distribution.sample(20000, seed=(0, 1))
    assert distribution.mean().shape == (1, 4, 3)
    np.testing.assert_allclose(distribution.mean(), ops.mean(draws, axis=0), atol=0.005)
