"""Generators that learn by the score function: the estimator against an enumeration of all rows,
the variance that the baseline takes off, and a reward that is found.
"""

import itertools

import keras
import numpy as np
import pytest
import sentences
import tensorflow as tf

from kerasgen import events
from kerasgen.text import WordVocabulary

EVENT = events.Sentences(WordVocabulary("a b", 3, ["a"]))  # an end, unknown and two words


def game(**options):
    keras.utils.set_random_seed(0)
    return sentences.with_random_weights(sentences.policy(EVENT, **options))


def every_row():
    rows = np.array(list(itertools.product(range(EVENT.vocab_size), repeat=3)), "int32")
    over = np.cumsum(rows == 0, axis=1) - (rows == 0) > 0
    return rows[~np.any(over & (rows != 0), axis=1)]


def gradient(model, loss):
    with tf.GradientTape() as tape:
        value = loss()
    return np.ravel(tape.gradient(value, model.likelihood.bias))  # of the logits


def exact_gradient(model):
    """Of -E[r(x)], by a sum over all rows."""
    rows = every_row()
    reward = model.reward(rows)
    return gradient(
        model, lambda: -tf.reduce_sum(tf.exp(model._log_prob(tf.constant(rows), None)) * reward)
    )


def estimates(model, count, batch=16):
    """`[count, V]` gradients of batches that the model draws."""

    @tf.function(jit_compile=False)
    def estimate():
        made = model._made(batch, None)
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(model.surrogate(made))
        return tape.gradient(value, model.likelihood.bias.value)

    return np.stack([estimate().numpy() for _ in range(count)])


@pytest.mark.parametrize(
    "options", [{"baseline": False}, {}, {"rollouts": 1}], ids=["plain", "baseline", "roll-outs"]
)
def test_the_estimator_has_the_gradient_of_the_expected_reward(options):
    model = game(**options)
    exact, found = exact_gradient(model), estimates(model, 300)
    error = found.std(axis=0) / np.sqrt(len(found))
    assert np.linalg.norm(exact) > 1e-3
    assert np.all(np.abs(found.mean(axis=0) - exact) < 4.5 * error + 1e-6)


def test_the_baseline_lowers_the_variance():
    plain, with_it = (
        estimates(game(baseline=baseline), 60).var(axis=0).sum() for baseline in (False, True)
    )
    assert with_it < 0.7 * plain


def test_what_is_given_stands_in_the_rows_that_are_drawn():
    model = game()
    given = np.array([[2, -1, -1], [-1, -1, -1], [3, 2, 3], [2, 0, 0]], "int32")
    uniform = np.random.default_rng(0).random((4, 3)).astype("float32")
    rows = np.asarray(model.likelihood.draw_rows(None, uniform, given=given))
    known = given >= 0
    np.testing.assert_array_equal(rows[known], given[known])
    free = np.asarray(model.likelihood.draw_rows(None, uniform))
    np.testing.assert_array_equal(rows[1], free[1])


def test_the_generator_learns_what_a_critic_that_stays_rewards():
    model, rows = game(), every_row()

    def expected_reward():
        return float(np.sum(np.exp(model.log_prob(rows)) * model.reward(rows)))

    still = keras.optimizers.SGD(0.0)
    model.compile(keras.optimizers.Adam(0.02), critic_optimizer=still, jit_compile=False)
    before = expected_reward()
    logs = model.fit(rows[np.arange(640) % len(rows)], batch_size=32, epochs=3, verbose=0).history
    assert {"critic", "generator", "nll", "divergence"} <= logs.keys()
    best = float(np.max(model.reward(rows)))
    assert expected_reward() > before + 0.5 * (best - before)


def test_teaching_is_the_likelihood_of_data():
    model, x = game(teaching=2.0), np.array([[2, 3, 2]], "int32")
    terms, weights = model.loss_terms(tf.constant(x))
    assert weights["nll"] == 2.0
    np.testing.assert_allclose(terms["nll"], -np.asarray(model.log_prob(x)), rtol=1e-5)
