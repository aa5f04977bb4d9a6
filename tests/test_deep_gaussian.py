"""Stochastic layers inferred from the bottom up: against linear algebra, quadrature and a model of
one layer.
"""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from test_hierarchical import linear_chain
from tiny_preset import METRICS, tiny_recipe

from kerasgen import LatentVariableModel, bottlenecks, likelihoods, networks, zoo
from kerasgen.distributions import Flipped
from kerasgen.metrics.units import kl_by_unit


def test_a_flipped_linear_chain_is_the_normal_with_its_parts_flipped():
    chain, normal = linear_chain()
    order = [2, 3, 4, 0, 1]
    flipped = Flipped(chain.first, chain.conditionals, chain.sizes)
    expected = multivariate_normal(normal.mean[order], normal.cov[np.ix_(order, order)])
    z = expected.rvs(50, random_state=0).astype("float32")
    np.testing.assert_allclose(flipped.log_prob(z), expected.logpdf(z), rtol=1e-4)
    np.testing.assert_allclose(
        np.cov(flipped.sample(40000, seed=1).numpy().T), expected.cov, atol=0.06
    )
    noise = np.random.default_rng(0).standard_normal((4, 5)).astype("float32")
    unflipped = np.asarray(chain.from_noise(noise[:, [3, 4, 0, 1, 2]]))
    np.testing.assert_array_equal(flipped.from_noise(noise), unflipped[:, order])


def built(bottleneck):
    return LatentVariableModel(
        (8, 8, 1),
        networks.MLP((16,), (16,)),
        bottleneck,
        networks.MLP((8, 8, 1), (16,)),
        likelihoods.Bernoulli(),
    )


@pytest.fixture
def model():
    model = built(bottlenecks.DeepGaussian((2, 3, 1), hidden=8))
    weights = model.get_weights()
    model.set_weights(
        [w + 0.1 * np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(weights)]
    )
    return model


def test_the_prior_of_the_lowest_layer_is_what_quadrature_gives():
    bottleneck = bottlenecks.DeepGaussian((1, 1), hidden=8, activation="tanh")
    bottleneck.build((None, 4))
    downward = bottleneck.generation[0]
    downward.set_weights(
        [w + np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(downward.weights)]
    )
    top = np.linspace(-8, 8, 4001, dtype="float32")
    mean, scale = (np.asarray(each)[:, 0] for each in downward.statistics(top[:, None]))
    lowest = np.array([-2.0, -0.5, 0.3, 1.7], "float32")
    joint = norm.pdf(lowest[:, None], mean, scale) * norm.pdf(top)  # p(z_1 | z_2) p(z_2)
    grid = np.stack(np.broadcast_arrays(lowest[:, None], top), axis=-1).astype("float32")
    np.testing.assert_allclose(
        np.exp(bottleneck.prior().log_prob(grid)), joint, rtol=1e-3, atol=1e-12
    )
    drawn = np.asarray(bottleneck.sample(50_000, seed=3))[:, 0]
    for z in lowest:
        below = np.trapezoid(norm.cdf(z, mean, scale) * norm.pdf(top), top)
        assert abs(np.mean(drawn < z) - below) < 0.01


def test_shapes_and_what_the_decoder_reads(model, images):
    x = images[:6]
    posterior = model.encode(x)
    z = posterior.sample(4, seed=0)
    assert (
        tuple(posterior.batch_shape) == (6,)
        and z.shape == (4, 6, 6)
        and posterior.log_prob(z).shape == (4, 6)
    )
    assert model.sample(7, seed=0).shape == (7, 8, 8, 1)
    assert {name: term.shape for name, term in model.loss_terms(x).terms.items()} == {
        "reconstruction": (6,),
        "kl": (6,),
    }
    moved = np.asarray(z) + [0, 0, 1, 1, 1, 1]
    np.testing.assert_array_equal(model.decode(moved).log_prob(x), model.decode(z).log_prob(x))


def test_the_kl_of_units_sums_to_that_of_the_joint_densities(model, images):
    posterior, prior = model.encode(images), model.bottleneck.prior()
    z = posterior.sample(500, seed=0)
    by_densities = np.mean(posterior.log_prob(z) - prior.log_prob(z), axis=0)
    np.testing.assert_allclose(
        model.bottleneck.terms(posterior, z)["kl"], by_densities, rtol=1e-3, atol=1e-4
    )
    by_unit = kl_by_unit(model, images)
    assert by_unit.shape == (6,)
    assert by_unit.sum() == pytest.approx(by_densities.mean(), rel=0.05)
    # The top layer's is q(z_3 | z_2) against the standard normal, in closed form.
    mean, scale = (
        np.asarray(each) for each in model.bottleneck.inference[1].statistics(z[..., 2:5])
    )
    assert by_unit[-1] == pytest.approx(
        (0.5 * (scale**2 + mean**2 - 1) - np.log(scale)).mean(), abs=0.05
    )


def test_importance_weighting_finds_the_likelihood_that_the_prior_gives(model, images):
    for wide in (
        model.bottleneck.statistics,
        *(each.stack[-1] for each in model.bottleneck.inference),
    ):
        size = wide.units // 2  # a proposal wider than the posterior has weights of small variance
        wide.bias.assign(np.concatenate([np.zeros(size), np.full(size, 1.5)]))
    x = images[:2]
    z = np.asarray(model.bottleneck.prior().sample((200_000, 1), seed=1))
    log_likelihood = np.concatenate(
        [np.asarray(model.decode(part).log_prob(x)) for part in np.split(z, 20)]
    )
    by_prior = np.log(
        np.mean(np.exp(log_likelihood - log_likelihood.max(0)), axis=0)
    ) + log_likelihood.max(0)
    np.testing.assert_allclose(model.log_prob(x, num_samples=20_000, seed=0), by_prior, atol=0.1)


def test_it_starts_from_a_model_of_one_layer(images, tmp_path):
    recipe = tiny_recipe()
    one = recipe.build()
    zoo.save(one, tmp_path / "one", recipe, METRICS, dtype="float32")
    recipe.model["families.LatentVariableModel"]["bottleneck"] = {
        "bottlenecks.DeepGaussian": {"latent_dims": [4, 2], "hidden": 8}
    }
    deep = recipe.build()
    deep.encoder.set_weights(
        [w + 1 for w in deep.encoder.get_weights()]
    )  # the seed gave both the same
    zoo.warm_start(deep, tmp_path / "one")
    x = images[:5]
    np.testing.assert_array_equal(deep.encode(x).mean()[:, :4], one.encode(x).mean())
    np.testing.assert_array_equal(deep.reconstruct(x), one.reconstruct(x))
