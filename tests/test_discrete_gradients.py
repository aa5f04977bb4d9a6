"""Gradients through a discrete code against the exact one: every code of a small model is
enumerated.
"""

import itertools
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_benchmarks import script
from tiny import tiny_tokenizer

from kerasgen import bottlenecks, objectives

gradients = script(pathlib.Path(__file__).parents[1] / "benchmarks" / "discrete_gradients.py")
DRAWS = 200


@pytest.fixture(scope="module")
def batch(digits):
    return (digits[0][:16] > 0.5).astype("float32")


@pytest.fixture(scope="module")
def weights(batch):
    """Of a model that has learned a little: at first all posteriors are nearly uniform."""
    model = gradients.build(objectives.REINFORCE(4))
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(np.repeat(batch, 10, axis=0), batch_size=16, epochs=3, verbose=0)
    return model.get_weights()


def at(weights, model):
    model.set_weights(weights)
    return model


def measured(weights, batch, model):
    """Bias and spread of a model's estimates, relative to the exact gradient."""
    exact = np.asarray(gradients.exact_gradient(at(weights, model), batch))
    return gradients.measure(model, batch, exact, DRAWS)


def test_the_exact_elbo_is_the_sum_over_all_codes(weights, batch):
    model = at(weights, gradients.build(objectives.ELBO()))
    logits = np.asarray(model.bottleneck.project(model.features(batch)), "float64")  # [B, 2, 1, V]
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = -np.sum(p * np.log(p * gradients.VOCABULARY), axis=(1, 2, 3))
    for first, second in itertools.product(range(gradients.VOCABULARY), repeat=2):
        ids = np.tile(np.array([first, second], "int32").reshape(1, 2, 1), (len(batch), 1, 1))
        expected += (
            p[:, 0, 0, first]
            * p[:, 1, 0, second]
            * np.asarray(model.decode_tokens(ids).log_prob(batch))
        )
    np.testing.assert_allclose(gradients.exact_elbo(model, batch), expected, rtol=1e-5)


def test_reinforce_is_unbiased(weights, batch):
    bias, spread = measured(weights, batch, gradients.build(objectives.REINFORCE(4)))
    assert bias < 1.5 * spread / np.sqrt(DRAWS)


def test_reinforce_spreads_less_with_more_samples(weights, batch):
    _, few = measured(weights, batch, gradients.build(objectives.REINFORCE(2)))
    _, many = measured(weights, batch, gradients.build(objectives.REINFORCE(16)))
    # The variance of the score's part falls as 1 / (n - 1) where the baseline is as good as the
    # others' mean.
    assert many < 0.5 * few


@pytest.mark.parametrize("straight_through", [False, True])
def test_gumbel_gradients_trade_bias_for_spread(weights, batch, straight_through):
    bias, spread = {}, {}
    for temperature in (1.0, 0.125):
        model = gradients.build(objectives.ELBO(num_samples=4), temperature, straight_through)
        bias[temperature], spread[temperature] = measured(weights, batch, model)
    assert bias[1.0] > 4 * spread[1.0] / np.sqrt(DRAWS)
    assert spread[0.125] > 2 * spread[1.0]


def test_the_terms_of_reinforce_are_those_of_the_elbo(batch, weights):
    """The score changes the gradient, not the value."""
    model = at(weights, gradients.build(objectives.REINFORCE(200)))
    terms = model.loss_terms(batch).terms
    exact = np.asarray(gradients.exact_elbo(model, batch))
    elbo = -np.asarray(terms["reconstruction"]) - np.asarray(terms["kl"])
    np.testing.assert_allclose(elbo.mean(), exact.mean(), atol=0.1)
    np.testing.assert_allclose(
        terms["kl"], model.encode(batch).kl_divergence(model.bottleneck.prior()), rtol=1e-6
    )


def test_straight_through_decodes_one_hot_ids(batch):
    hard = tiny_tokenizer("gumbel", straight_through=True).bottleneck
    features = np.random.default_rng(0).normal(size=(3, 4, 4, 8)).astype("float32")
    z = np.asarray(hard(features, training=True).z).reshape(-1, 1, 4)
    nearest = np.abs(z - np.asarray(hard.vectors)).max(-1).min(-1)
    np.testing.assert_allclose(nearest, 0, atol=1e-5)


def test_straight_through_has_the_gradient_of_relaxed_ids():
    """The same noise, codes that differ, and the same slope of z, which is linear in the relaxed
    ids.
    """
    features = tf.constant(np.random.default_rng(0).normal(size=(3, 4, 4, 8)), "float32")
    codes, slopes = [], []
    for straight_through in (True, False):
        bottleneck = tiny_tokenizer("gumbel", straight_through=straight_through).bottleneck
        with tf.GradientTape() as tape:
            tape.watch(features)
            z = bottleneck(features, training=True).z
            along = tf.reduce_sum(
                z * np.random.default_rng(1).normal(size=z.shape).astype("float32")
            )
        codes.append(np.asarray(z))
        slopes.append(np.asarray(tape.gradient(along, features)))
    assert np.abs(codes[0] - codes[1]).max() > 0.1 and np.abs(slopes[0]).max() > 1e-3
    np.testing.assert_allclose(*slopes, rtol=1e-4, atol=1e-6)


def test_reinforce_refuses_what_it_cannot_do():
    with pytest.raises(
        ValueError,
        match=r"Expected num_samples to be an integer in 2\.\..* Received: num_samples=1",
    ):
        objectives.REINFORCE(1)
    with pytest.raises(
        ValueError, match="bottlenecks.GumbelSoftmax, for REINFORCE. Received: VectorQuantizer. Use"
    ):
        objectives.REINFORCE(4).term_names(bottlenecks.VectorQuantizer(4, 2))
    with pytest.raises(
        ValueError,
        match="Expected warmup to be one of 'linear', 'cosine', 'cyclic'. Received: warmup='st",
    ):
        objectives.ELBO(warmup="step")


def test_the_benchmark_draws_its_figure(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gradients, "TEMPERATURES", (1.0,))
    curves, results = gradients.main(
        ["--epochs", "1", "--draws", "3", "--out", str(tmp_path / "figure.png")]
    )
    assert set(curves) == {"Gumbel-softmax", "straight-through", "REINFORCE"} == set(results)
    assert all(curve[1] > curve[0] for curve in curves.values())
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert "| REINFORCE |" in capsys.readouterr().out
