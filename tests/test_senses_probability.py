"""Probabilities of several senses, any of them missing, against enumeration and quadrature."""

import itertools

import keras
import numpy as np
import pytest
from scipy import stats

from kerasgen import (
    bottlenecks,
    events,
    families,
    likelihoods,
    networks,
)
from kerasgen.bottlenecks.experts import FUSIONS

every_fusion = pytest.mark.parametrize("fusion", FUSIONS)
LAYERS = keras.layers


def embedding(vocab_size):
    return keras.Sequential([LAYERS.Embedding(vocab_size, 8), LAYERS.Flatten(), LAYERS.Dense(16)])


def tokens_and_classes(fusion):
    """A pair of binary tokens, and one of three classes; the code's second number is the pair's."""
    event = events.Partial({"pair": events.Tokens(2, 2), "label": events.Classes(3)})
    model = families.MultimodalVAE(
        event,
        {"pair": embedding(2), "label": LAYERS.Embedding(3, 8)},
        bottlenecks.Experts(1, {"pair": 1}, fusion),
        {name: networks.MLP(hidden=(16,)) for name in event.events},
        {name: likelihoods.CategoricalTokens() for name in event.events},
    )
    for layer in model.bottleneck.statistics.values():  # unsure experts, that no weight is large
        layer.bias.assign(np.repeat([0.0, 3.0], layer.units // 2))
    return model


def by_quadrature(model, x):
    """log p(x), the code of two numbers integrated out."""
    axis = np.linspace(-5, 5, 61, dtype="float32")
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 1, 2)
    n = len(next(iter(x.values())))
    log_likelihood = model.decode(np.broadcast_to(z, (len(z), n, 2))).log_prob(model.event.array(x))
    prior = stats.norm.pdf(z).prod(-1) * (axis[1] - axis[0]) ** 2
    return np.log(np.sum(np.exp(log_likelihood) * prior, axis=0))


@every_fusion
def test_joint_marginal_and_conditional_probabilities_are_those_of_enumeration(fusion):
    model = tokens_and_classes(fusion)
    every = np.array(list(itertools.product(range(2), range(2), range(3))), "int32")
    x = {"pair": every[:, :2], "label": every[:, 2]}
    joint = by_quadrature(model, x)
    assert np.exp(joint).sum() == pytest.approx(1, abs=1e-3) and joint.std() > 0.01
    estimate = {"num_samples": 20_000, "seed": 0}
    np.testing.assert_allclose(model.log_prob(x, **estimate), joint, atol=0.03)
    of_pair = np.log(np.exp(joint).reshape(4, 3).sum(1))
    pairs = {"pair": every[::3, :2]}
    np.testing.assert_allclose(model.log_prob(pairs, **estimate), of_pair, atol=0.03)
    conditional = model.conditional_log_prob(x, given=["pair"], **estimate)
    np.testing.assert_allclose(conditional, joint - np.repeat(of_pair, 3), atol=0.05)


def test_rows_that_lack_senses_count_as_if_the_sense_were_left_out():
    model = tokens_and_classes("mixture_of_products")
    x = {"pair": np.array([[0, 1], [1, 1]], "int32"), "label": np.array([2, 0], "int32")}
    present = {"label": np.array([True, False])}
    nats = model.log_prob(x | {"present": present}, num_samples=5000, seed=0)
    whole = model.log_prob(x, num_samples=5000, seed=0)
    marginal = model.log_prob({"pair": x["pair"]}, num_samples=5000, seed=0)
    np.testing.assert_allclose(nats, [whole[0], marginal[1]], atol=0.05)
    changed = x | {"label": np.array([2, 1], "int32"), "present": present}
    np.testing.assert_array_equal(model.log_prob(changed, num_samples=5000, seed=0), nats)
