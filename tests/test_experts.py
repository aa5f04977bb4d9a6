"""Fused experts against the product formula, and mixtures of normals against their moments."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from kerasgen import (
    bottlenecks,
)
from kerasgen.bottlenecks.experts import FUSIONS
from kerasgen.distributions import NormalMixture

every_fusion = pytest.mark.parametrize("fusion", FUSIONS)


def experts(fusion, crossed=0.0, seed=0, n=3, **options):
    """A bottleneck of three senses of two numbers, and features of each."""
    bottleneck = bottlenecks.Experts(2, {"b": 1}, fusion, crossed, **options)
    rng = np.random.default_rng(seed)
    features = {name: rng.normal(size=(n, 5)).astype("float32") for name in "abc"}
    bottleneck.build({name: (None, 5) for name in "abc"})
    return bottleneck, features


def by_hand(bottleneck, features, present):
    """Components' weights, means and scales, example by example, from each set of senses."""
    from kerasgen.bottlenecks.continuous import mean_and_scale

    own = {
        name: [np.asarray(each, "float64") for each in mean_and_scale(layer(features[name]))]
        for name, layer in bottleneck.statistics.items()
    }
    found = []
    for row, there in enumerate(present):
        names = [name for name, is_there in zip("abc", there) if is_there]
        sets = {
            "product": [names],
            "mixture": [[name] for name in names],
            "mixture_of_products": [
                list(chosen)
                for size in range(1, len(names) + 1)
                for chosen in itertools.combinations(names, size)
            ],
        }[bottleneck.fusion] or [[]]
        components = []
        for chosen in sets:
            means, scales = [np.zeros(2)], [np.ones(2)]  # the prior
            for name in chosen:
                mean, scale = (each[row, :2] for each in own[name])
                means.append(mean)
                scales.append(scale)
            precision = sum(scale**-2 for scale in scales)
            mean = sum(mean * scale**-2 for mean, scale in zip(means, scales)) / precision
            mean_b, scale_b = (each[row, 2] for each in own["b"])
            total = 1 + scale_b**-2
            for share, owners in (
                (1 - bottleneck.crossed, names),
                (bottleneck.crossed, chosen),
            ):
                of_b = (mean_b * scale_b**-2 / total, total**-0.5) if "b" in owners else (0, 1)
                component = np.append(mean, of_b[0]), np.append(precision**-0.5, of_b[1])
                components.append((share / len(sets), component))
        found.append(components)
    return found


@every_fusion
@pytest.mark.parametrize("present", [(1, 1, 1), (0, 1, 1), (1, 0, 0), (0, 0, 0)])
@pytest.mark.parametrize("crossed", [0.0, 0.3])
def test_the_posterior_is_the_mixture_of_products_of_experts(fusion, present, crossed):
    bottleneck, features = experts(fusion, crossed)
    present = np.array([present, (1, 1, 1), (0, 0, 1)], bool)
    told = dict(zip("abc", present.T))
    posterior = bottleneck.posterior(features | {"present": told})
    z = np.random.default_rng(1).normal(size=(50, 3, 3)).astype("float32")
    expected = np.stack(
        [
            np.log(sum(w * stats.norm(*c).pdf(z[:, row]).prod(-1) for w, c in components))
            for row, components in enumerate(by_hand(bottleneck, features, present))
        ],
        axis=1,
    )
    np.testing.assert_allclose(posterior.log_prob(z), expected, atol=1e-4)


@pytest.mark.parametrize("senses,like", [(["b"], 0.3), (["a", "c"], 0.0), ([], 0.0)])
def test_private_factors_are_crossed_of_the_senses_that_are_named(senses, like):
    named, features = experts("mixture_of_products", 0.3, crossed_senses=senses)
    other, _ = experts("mixture_of_products", like)
    for name, layer in other.statistics.items():
        layer.set_weights(named.statistics[name].get_weights())
    z = np.random.default_rng(1).normal(size=(5, 3, 3)).astype("float32")
    expected = other.posterior(features).log_prob(z)  # b alone has a private factor
    np.testing.assert_allclose(named.posterior(features).log_prob(z), expected, rtol=1e-5)


@pytest.mark.parametrize("fusion,alone", [("mixture_of_products", "product"), ("mixture",) * 2])
def test_whole_takes_the_largest_sets_alone(fusion, alone):
    z = np.random.default_rng(1).normal(size=(5, 3, 3)).astype("float32")
    crossed, features = experts(fusion, 0.3)
    plain, _ = experts(alone)
    for name, layer in plain.statistics.items():
        layer.set_weights(crossed.statistics[name].get_weights())
    found = crossed.posterior(features, whole=True).log_prob(z)
    np.testing.assert_allclose(found, plain.posterior(features).log_prob(z), rtol=1e-5)


@every_fusion
def test_a_batch_of_which_nothing_is_missing_needs_no_word_of_it(fusion):
    bottleneck, features = experts(fusion)
    there = {name: np.ones(3, bool) for name in "abc"}
    z = np.zeros((3, 3), "float32")
    np.testing.assert_array_equal(
        bottleneck.posterior(features).log_prob(z),
        bottleneck.posterior(features | {"present": there}).log_prob(z),
    )


@every_fusion
def test_the_term_bounds_the_divergence_and_is_it_for_one_product(fusion):
    bottleneck, features = experts(fusion)
    posterior = bottleneck.posterior(features)
    bound = np.asarray(bottleneck.terms(posterior, None)["kl"])
    z = posterior.sample(20_000, seed=0)
    kl = np.mean(posterior.log_prob(z) - bottleneck.prior().log_prob(z), axis=0)
    assert np.all(kl < bound + 0.03)
    if fusion == "product":
        np.testing.assert_allclose(kl, bound, atol=0.03)


def mixture():
    weights = np.array([[0.2, 0.5, 0.3], [1, 0, 0]], "float32")
    rng = np.random.default_rng(0)
    means = rng.normal(size=(2, 3, 2)).astype("float32") * 3
    return weights, means, rng.uniform(0.5, 2, size=(2, 3, 2)).astype("float32")


def test_draws_and_moments_are_those_of_the_mixture():
    weights, means, scales = mixture()
    distribution = NormalMixture(weights, means, scales)
    mean = np.einsum("bk,bkd->bd", weights, means)
    variance = np.einsum("bk,bkd->bd", weights, scales**2 + means**2) - mean**2
    np.testing.assert_allclose(distribution.mean(), mean, atol=1e-5)
    np.testing.assert_allclose(distribution.variance(), variance, atol=1e-4)
    # Each single draw, too, whose components are taken in turn.
    each = np.stack([distribution.sample(2, seed=seed) for seed in range(400)])
    for draws in (np.asarray(distribution.sample(20_000, seed=0)), each[:, 0], each[:, 1]):
        tolerance = 5 * np.sqrt(variance / len(draws))
        assert np.all(np.abs(draws.mean(0) - mean) < tolerance)
        cdf = np.einsum("bk,nbkd->nbd", weights, stats.norm(means, scales).cdf(draws[:, :, None]))
        assert stats.kstest(cdf[:, 0, 0], "uniform").pvalue > 1e-3


def test_the_gradient_of_an_expectation_is_that_of_its_value():
    """E z^2 = sum w_k (mean_k^2 + scale_k^2): 2 w mean and 2 w scale."""
    weights, means, scales = map(tf.constant, mixture())
    with tf.GradientTape() as tape:
        tape.watch([means, scales])
        draws = NormalMixture(weights, means, scales).sample(40_000, seed=0)
        value = tf.reduce_sum(tf.reduce_mean(draws**2, axis=0))
    for found, of in zip(tape.gradient(value, [means, scales]), (means, scales)):
        np.testing.assert_allclose(found, 2 * weights[..., None] * of, atol=0.15)
