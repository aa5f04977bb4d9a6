"""Two-stage models: probabilities by enumeration, the cached loop against full passes,
conditions.
"""

import itertools
import math

import keras
import numpy as np
import pytest
from keras import ops
from tiny import SENTENCES, tiny_two_stage
from two_stage import build, condition_of

from kerasgen import backend, decoding, families, networks

every_condition = pytest.mark.parametrize("condition", (None, "classes", "text"))
every_prior = pytest.mark.parametrize(
    ("condition", "grid"),
    [(None, False), ("classes", False), ("text", False), (None, True), ("classes", True)],
)


def random_ids(count, seed=0):
    return np.random.default_rng(seed).integers(16, size=(count, 4, 4)).astype("int32")


@every_prior
def test_the_probabilities_of_all_grids_sum_to_one(condition, grid):
    model = build(condition, grid, (2, 4, 1))
    every = np.array(list(itertools.product(range(16), repeat=2)), "int32").reshape(-1, 1, 2)
    for i in range(2):
        given = condition_of(model, 2)
        given = None if given is None else np.repeat(given[i : i + 1], len(every), axis=0)
        log_prob = ops.convert_to_numpy(model.log_prob_tokens(every, given)).astype("float64")
        assert log_prob.std() > 0.1
        assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-4)


def test_the_probabilities_of_all_images_sum_to_one():
    """The ids are the image's, and so is the product of p(ids) and a p(x | ids) that leaves no
    doubt.
    """
    model = build(event_shape=(2, 4, 1))
    images = np.array(list(itertools.product((0.0, 1.0), repeat=8)), "float32").reshape(-1, 2, 4, 1)
    given_ids = 8 * math.log(1 / (1 + math.exp(-6)))
    log_prob = ops.convert_to_numpy(model.log_prob(images)).astype("float64")
    assert np.exp(log_prob - given_ids).sum() == pytest.approx(1, abs=1e-4)


@every_condition
def test_log_prob_is_the_sum_of_both_stages(condition, digits):
    model, images = build(condition), digits[0][:4]
    given = condition_of(model, 4)
    ids = model.tokenizer.tokenize(images)
    expected = model.log_prob_tokens(ids, given) + model.tokenizer.decode_tokens(ids).log_prob(
        images
    )
    np.testing.assert_allclose(model.log_prob(images, given), expected, rtol=1e-5)
    np.testing.assert_allclose(
        model.loss_terms(images, given).terms["tokens"],
        -model.log_prob_tokens(ids, given),
        rtol=1e-5,
    )


def naive(model, uniform, condition, **how):
    """Ids one after the other, each from a full pass."""
    ids = np.zeros(uniform.shape, "int32")
    prefix = model._prefix(condition, len(uniform))
    for k, (row, column) in enumerate(np.ndindex(uniform.shape[1:])):
        logits = model.network(prefix, ids)[1][:, k]
        ids[:, row, column] = decoding.Sampler(**how)(logits, uniform[:, row, column])
    return ids


@every_prior
@pytest.mark.parametrize("how", [{"top_p": 0.6}, {"temperature": 0.5, "top_k": 5}], ids=str)
def test_the_loop_draws_what_full_passes_draw(condition, grid, how):
    model = build(condition, grid, (4, 6, 1))
    uniform = np.random.default_rng(1).random((6, 2, 3), "float32")
    given = model.condition.check(condition_of(model, 6))
    np.testing.assert_array_equal(
        model._draw(uniform, given, **how), naive(model, uniform, given, **how)
    )


def test_a_tied_network_is_one_whose_last_layer_is_its_embedding():
    whole = build("classes", event_shape=(4, 6, 1))
    network = networks.TokenTransformer(16, 10, 8, 2, 2, tied=True)
    tied = families.TwoStageModel((4, 6, 1), whole.tokenizer, network, 10)
    head, table = whole.network.head, np.random.default_rng(2).normal(size=(16, 8))
    assert network.count_params() == whole.network.count_params() - table.size
    shared = [w for w in whole.network.weights if w is not head.kernel and w is not head.bias]
    for weight, value in zip([w for w in network.weights if w is not network.bias], shared):
        weight.assign(value)
    network.bias.assign(head.bias)
    network.embedding.set_weights([table])
    whole.network.embedding.set_weights([table])
    head.kernel.assign(table.T)
    x, classes = np.random.default_rng(0).integers(0, 2, (5, 4, 6, 1)), np.arange(5)
    np.testing.assert_allclose(
        tied.log_prob(x, classes), whole.log_prob(x, classes), rtol=1e-5, atol=1e-4
    )
    tokens = [model.sample_tokens(5, classes, seed=0) for model in (tied, whole)]
    np.testing.assert_array_equal(*tokens)


@every_condition
def test_samples_have_the_model_s_probabilities(condition):
    """Of one patch: the distribution over its 16 values."""
    model = build(condition, event_shape=(2, 2, 1))
    given = None if condition is None else condition_of(model, 2)[1:]
    every = np.arange(16, dtype="int32").reshape(16, 1, 1)
    expected = np.exp(
        model.log_prob_tokens(every, given if given is None else np.repeat(given, 16, axis=0))
    )
    ids = model.sample_tokens(
        2000, given if given is None else np.repeat(given, 2000, axis=0), seed=0
    )
    found = np.bincount(np.ravel(ids), minlength=16) / 2000
    np.testing.assert_allclose(found, expected, atol=4 * np.sqrt(0.25 / 2000))
    np.testing.assert_allclose(found.sum(), 1)


@every_condition
def test_an_id_depends_on_all_that_come_before_and_on_no_other(condition):
    model = build(condition)
    ids = random_ids(1)
    changed = np.repeat(ids.reshape(1, 16), 16, axis=0)
    changed[np.arange(16), np.arange(16)] += 1
    changed = (changed % 16).reshape(16, 4, 4)
    prefix = model._prefix(model.condition.check(condition_of(model, 1)), 1)
    outputs = (
        model.network(np.repeat(prefix, 16, axis=0), changed)[1] - model.network(prefix, ids)[1]
    )
    influence = np.abs(outputs).max(-1)  # [changed, position]
    assert np.all(influence[np.tril_indices(16)] < 1e-5)
    assert np.all(influence[np.triu_indices(16, 1)] > 1e-6)


def test_the_text_loss_is_of_every_word_and_the_end():
    """By hand, from the network's logits; padding behind the end does not count."""
    model = build("text")
    images = np.zeros((2, 8, 8, 1), "float32")
    words = np.asarray(model.condition.check(SENTENCES))
    logits, _ = model.network(words, model.tokenizer.tokenize(images))
    log_p = np.asarray(ops.log_softmax(logits))
    expected = [
        -sum(log_p[row, t, words[row, t + 1]] for t in range(end)) for row, end in ((0, 5), (1, 2))
    ]  # 6 words fill the row; of 2 words, the second and the end
    loss = model.loss_terms(*model.check(images, SENTENCES))
    np.testing.assert_allclose(loss.terms["text"], expected, rtol=1e-4)
    assert loss.weights == {"text": pytest.approx(1 / 7 * 16 / 6)}


def test_words_before_the_images_do_not_see_them():
    model = build("text")
    words = model.condition.check(SENTENCES)
    first, other = (model.network(words, random_ids(2, seed))[0] for seed in (0, 1))
    np.testing.assert_array_equal(first, other)


def test_sampling_arguments():
    model = build("text")
    images = model.sample(3, "a red circle", seed=1)
    assert images.shape == (3, 8, 8, 1)
    np.testing.assert_array_equal(images, model.sample(3, ["a red circle"] * 3, seed=1))
    greedy = model.sample_tokens(4, "a square", seed=1, top_k=1)
    np.testing.assert_array_equal(greedy, np.repeat(greedy[:1], 4, axis=0))
    np.testing.assert_array_equal(
        greedy, model.sample_tokens(4, "a square", seed=2, temperature=1e-4)
    )


def test_the_best_of_several_is_the_likeliest_of_them():
    model = build("text")
    every = model.sample_tokens(12, [each for each in SENTENCES for _ in range(6)], seed=3)
    log_prob = np.reshape(
        model.log_prob_tokens(every, [each for each in SENTENCES for _ in range(6)]), (2, 6)
    )
    best = model.sample_tokens(2, SENTENCES, seed=3, best_of=6)
    chosen = np.reshape(every, (2, 6, 4, 4))[np.arange(2), log_prob.argmax(1)]
    np.testing.assert_array_equal(best, chosen)


def test_it_learns_what_the_sentence_says():
    """Two sentences, two images."""
    model = tiny_two_stage("text")
    images = np.zeros((64, 8, 8, 1), "float32")
    images[::2, :4], images[1::2, 4:] = 1, 1
    words = np.tile(model.condition.vocabulary.encode(SENTENCES), (32, 1))
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, words, batch_size=16, epochs=25, verbose=0)
    for sentence, image in zip(SENTENCES, images):
        np.testing.assert_array_equal(
            model.sample(5, sentence, seed=0, temperature=0.5), np.stack([image] * 5)
        )


def test_a_grid_survives_its_configuration():
    model = build("classes", grid=True)
    copy = families.TwoStageModel.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    labels = np.arange(4)
    np.testing.assert_array_equal(copy.sample(4, labels, seed=0), model.sample(4, labels, seed=0))


def test_mixed_precision_scores_in_float32(digits):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny_two_stage("classes")
    finally:
        keras.config.set_dtype_policy(before)
    log_prob = model.log_prob(digits[0][:4], digits[1][:4])
    assert backend.is_concrete(log_prob) and log_prob.dtype == "float32"
    expected = tiny_two_stage("classes").log_prob(digits[0][:4], digits[1][:4])
    np.testing.assert_allclose(log_prob, expected, rtol=0.02)
    assert model.sample(2, [0, 1], seed=0).shape == (2, 8, 8, 1)
