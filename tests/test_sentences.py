"""Sentences: probabilities by enumeration, the sampler against full passes, the remedies against a
code that tells nothing.
"""

import itertools

import keras
import numpy as np
import pytest
import sentences

from kerasgen import events, export, families, networks, objectives
from kerasgen.text import WordVocabulary

every_network = pytest.mark.parametrize("network", sentences.NETWORKS)
SHORT = events.Sentences(WordVocabulary("a b", 3, ["a"]))  # an end, unknown and two words


def every_row(event):
    """All rows that are valid, each ended once."""
    rows = np.array(list(itertools.product(range(event.vocab_size), repeat=event.length)), "int32")
    over = np.cumsum(rows == 0, axis=1) - (rows == 0) > 0
    return rows[~np.any(over & (rows != 0), axis=1)]


@every_network
def test_the_probabilities_of_all_sentences_sum_to_one(network):
    model = sentences.seeded(sentences.language_model, network, SHORT)
    rows = every_row(SHORT)
    probabilities = np.exp(model.log_prob(rows))
    assert probabilities.sum() == pytest.approx(1, abs=1e-5) and probabilities.std() > 1e-3
    drawn = np.asarray(model.sample(4000, seed=0))
    place = np.array([16, 4, 1])
    found = np.bincount(drawn @ place, minlength=64)[rows @ place] / 4000
    assert found.sum() == 1
    np.testing.assert_allclose(found, probabilities, atol=5 * np.sqrt(0.25 / 4000))


@every_network
def test_the_probability_of_a_sentence_is_the_integral_over_codes(network):
    keras.utils.set_random_seed(0)
    model = sentences.text_vae(network, SHORT, latent_dim=1)
    for part in (model.decoder, model.likelihood):  # a posterior near the prior covers all codes
        sentences.with_random_weights(part)
    rows = every_row(SHORT)
    z = np.linspace(-6, 6, 401, dtype="float32")
    codes = np.broadcast_to(z[:, None, None], (401, len(rows), 1))
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    exact = np.sum(np.exp(model.decode(codes).log_prob(rows)) * density[:, None], axis=0) * 12 / 400
    assert exact.sum() == pytest.approx(1, abs=1e-3)
    estimate = np.exp(model.log_prob(rows, num_samples=5000, seed=0))
    covered = rows.any(axis=1)  # no word is like no other row: its untrained posterior is narrow
    np.testing.assert_allclose(estimate[covered], exact[covered], rtol=0.1, atol=1e-3)
    assert np.all(estimate < 1.1 * exact + 1e-3)


@every_network
def test_drawing_token_by_token_agrees_with_one_pass(network):
    part = sentences.likelihood(network, context=3).build_for(sentences.EVENT)
    sentences.with_random_weights(part)
    context = keras.random.normal((5, 3), seed=0)
    best = part.likeliest(context)
    read = keras.ops.take(part.embedding, best, axis=0)
    whole = keras.ops.argmax(part._logits(part.network(read[:, None], context)[:, 0]), axis=-1)
    over = np.cumsum(np.asarray(best) == 0, axis=1) - (np.asarray(best) == 0) > 0
    np.testing.assert_array_equal(best, np.where(over, 0, whole))
    assert len(np.unique(best, axis=0)) > 1  # the context counts


@every_network
def test_a_token_depends_on_those_before_it_alone(network):
    part = sentences.likelihood(network).build_for(events.Tokens(6, 5))
    sentences.with_random_weights(part)
    x = np.random.default_rng(0).integers(5, size=(1, 6)).astype("int32")
    before = np.asarray(part.log_probs(None, x))
    for changed in range(6):
        other = x.copy()
        other[0, changed] = (x[0, changed] + 1) % 5
        differs = np.asarray(part.log_probs(None, other))[0] != before[0]
        assert not differs[:changed].any() and differs[changed:].any()


def test_tokens_without_an_end_count_to_the_last():
    part = sentences.likelihood().build_for(events.Tokens(3, 4))
    assert np.all(np.asarray(part.log_probs(None, np.zeros((1, 3), "int32"))) < 0)
    ended = sentences.likelihood().build_for(SHORT)
    assert np.asarray(ended.log_probs(None, np.zeros((1, 3), "int32")))[0, 1:].tolist() == [0, 0]


def test_words_behind_an_end_are_refused():
    model, broken = sentences.language_model(), sentences.tokens(4)
    broken[2] = [2, 0, 3, 0, 0, 0, 0, 0]
    for call in (model.log_prob, lambda x: (model.compile("sgd"), model.fit(x, verbose=0))):
        with pytest.raises(ValueError, match="from their first 0 on. Received: tokens behind it"):
            call(broken)


def test_words_are_dropped_in_training_alone():
    part = sentences.likelihood(word_dropout=0.9).build_for(sentences.EVENT)
    sentences.with_random_weights(part)
    x = sentences.tokens(8)
    scored = [np.asarray(part.log_probs(None, x, training)) for training in (False, False, True)]
    np.testing.assert_array_equal(scored[0], scored[1])
    assert not np.allclose(scored[0], scored[2])
    np.testing.assert_allclose(scored[0][:, 0], scored[2][:, 0], rtol=1e-5)  # has none before it


def fitted(objective, **options):
    keras.utils.set_random_seed(0)
    model = sentences.text_vae(objective=objective, **options)
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(sentences.tokens(256), batch_size=32, epochs=20, verbose=0).history
    return model, {name: values[-1] for name, values in history.items()}, history


def test_free_bits_keep_a_code_that_tells_something():
    _, collapsed, _ = fitted(objectives.ELBO(beta=4.0))
    model, kept, _ = fitted(objectives.FreeBits(nats=0.5, beta=4.0))
    assert collapsed["kl"] < 0.1 and kept["kl"] > 0.8
    assert kept["charged"] >= 1.0 - 1e-5  # what two units may cost
    x = sentences.tokens(64, seed=1)
    terms, weights = model.loss_terms(x)
    assert weights["kl"] == 0 and float(terms["charged"][0]) >= float(np.mean(terms["kl"])) - 1e-4


def test_a_bag_of_words_is_learned_from_the_code():
    objective = objectives.BagOfWords(objectives.ELBO(), weight=2.0)
    _, last, history = fitted(objective, bag_of_words=True)
    assert last["bag_of_words"] < 0.9 * history["bag_of_words"][0] and last["kl"] > 0.5
    parts = last["reconstruction"] + last["kl"] + 2 * last["bag_of_words"]
    assert last["loss"] == pytest.approx(parts, rel=1e-3)


def test_remedies_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="bag_of_words=True"):
        sentences.text_vae(objective=objectives.BagOfWords(objectives.ELBO()))
    with pytest.raises(ValueError, match="rows of tokens, Tokens"):
        sentences.likelihood().build_for(events.Tokens((2, 3), 4))
    with pytest.raises(ValueError, match="context is 0.*Received: 6"):
        families.LanguageModel(sentences.EVENT, sentences.likelihood(context=6))


def test_a_language_model_of_classes():
    model = sentences.seeded(sentences.language_model, condition=2)
    x = sentences.tokens(4)
    nats = [np.asarray(model.log_prob(x, np.full(4, label))) for label in range(2)]
    assert not np.allclose(*nats)
    assert model.sample(3, [0, 1, 1], seed=0).shape == (3, 8)
    greedy = np.asarray(model.sample(2, [0, 0], seed=3, top_k=1))
    np.testing.assert_array_equal(greedy[0], greedy[1])


def test_a_language_model_s_files_agree(tmp_path):
    """They are compared with the model, signature by signature, before they are handed over."""
    pytest.importorskip("ai_edge_litert")
    model = sentences.seeded(sentences.language_model)
    names = {"log_prob", "log_prob_by_token", "sample"}
    assert names == set(export.saved_model(model, tmp_path / "saved").errors)
    assert names == set(export.tflite(model, tmp_path / "model.tflite").errors)


def test_a_longer_row_is_a_loop_with_the_same_result():
    keras.utils.set_random_seed(0)
    gru, long = networks.CausalGRU(3, size=4), np.random.default_rng(0).normal(size=(2, 1, 80, 5))
    whole = np.asarray(gru(long.astype("float32")))
    short = networks.CausalGRU(3, size=4)
    short(long[:, :, :20].astype("float32"))
    short.set_weights(gru.get_weights())
    np.testing.assert_allclose(
        short(long[:, :, :20].astype("float32")), whole[:, :, :20], atol=1e-5
    )
