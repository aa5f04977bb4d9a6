"""Temperature, top-k and the nucleus: the shares in which tokens are drawn."""

import dataclasses

import keras
import numpy as np
import pytest

from kerasgen import decoding


@pytest.mark.parametrize("top_k", [1, 3, 16])
def test_top_k_draws_the_k_likeliest_in_proportion(top_k):
    logits = np.random.default_rng(0).standard_normal(16).astype("float32")
    uniform = np.linspace(0, 1, 40_001, dtype="float32")[:-1]
    drawn = decoding.Sampler(top_k=top_k)(np.broadcast_to(logits, (40_000, 16)), uniform)
    kept = np.argsort(logits)[-top_k:]
    expected = np.zeros(16)
    expected[kept] = np.exp(logits[kept]) / np.exp(logits[kept]).sum()
    np.testing.assert_allclose(np.bincount(drawn, minlength=16) / 40_000, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.05, 1), (0.4, 1), (0.41, 2), (0.7, 2), (0.71, 3), (1.0, 5)]
)
def test_the_nucleus_is_the_fewest_tokens_with_enough_probability(top_p, kept):
    probabilities = np.array([0.05, 0.4, 0.1, 0.3, 0.15])
    uniform = np.linspace(0, 1, 20_001, dtype="float32")[:-1]
    logits = np.broadcast_to(np.log(probabilities).astype("float32"), (20_000, 5))
    top_p = top_p - 1e-6 if top_p < 1 else top_p  # 0.4 in float32 is a little more
    drawn = decoding.Sampler(top_p=top_p)(logits, uniform)
    order = np.argsort(-probabilities)[:kept]
    expected = np.zeros(5)
    expected[order] = probabilities[order] / probabilities[order].sum()
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 20_000, expected, atol=1e-3)


def test_rounding_leads_to_no_token_that_was_cut_off():
    logits = np.zeros((1, 1000), "float32")
    logits[:, 700:] = -1
    for top_k in (1, 7, 700):
        sampler = decoding.Sampler(top_k=top_k)
        assert sampler(logits, np.array([1 - 2**-24], "float32"))[0] < 700


def test_guidance_exaggerates_what_the_condition_changes():
    given, free = np.random.default_rng(0).standard_normal((2, 50, 8)).astype("float32")
    uniform = np.linspace(0, 1, 50, endpoint=False, dtype="float32")
    guided = decoding.Sampler(temperature=0.7, guidance=3.0)(np.concatenate([given, free]), uniform)
    plain = decoding.Sampler(temperature=0.7)
    np.testing.assert_array_equal(guided, plain(3 * given - 2 * free, uniform))
    assert np.any(np.asarray(guided) != np.asarray(plain(given, uniform)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"temperature": 0},
            "Expected temperature to be a number above 0. Received: temperature=0",
        ),
        ({"top_k": 0}, "Expected top_k to be an integer of at least 1. Received: top_k=0"),
        (
            {"top_p": 1.5},
            r"Expected top_p to be a number in \(0, 1\], or None. Received: top_p=1.5",
        ),
        ({"guidance": -1}, "Expected guidance to be a number of at least 0. Received: guidance=-1"),
        (
            {"guidance": "2"},
            "Expected guidance to be a number of at least 0. Received: guidance='2'",
        ),
    ],
)
def test_samplers_that_there_are_not(arguments, message):
    with pytest.raises(ValueError, match=message):
        decoding.Sampler(**arguments)


def test_a_sampler_is_a_value_and_survives_its_configuration():
    sampler = decoding.Sampler(0.5, top_k=3, guidance=2.0)
    assert (
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(sampler))
        == sampler
    )
    assert len({sampler, decoding.Sampler(0.5, 3, None, 2.0)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        sampler.top_k = 4
