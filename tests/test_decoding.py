"""Temperature, top-k and the nucleus: the shares in which tokens are drawn."""

import numpy as np
import pytest

from kerasgen import decoding


@pytest.mark.parametrize("top_k", [1, 3, 16])
def test_top_k_draws_the_k_likeliest_in_proportion(top_k):
    logits = np.random.default_rng(0).standard_normal(16).astype("float32")
    uniform = np.linspace(0, 1, 40_001, dtype="float32")[:-1]
    drawn = decoding.draw(np.broadcast_to(logits, (40_000, 16)), uniform, top_k=top_k)
    kept = np.argsort(logits)[-top_k:]
    expected = np.zeros(16)
    expected[kept] = np.exp(logits[kept]) / np.exp(logits[kept]).sum()
    np.testing.assert_allclose(np.bincount(drawn, minlength=16) / 40_000, expected, atol=1e-4)


@pytest.mark.parametrize(("top_p", "kept"), [(0.05, 1), (0.4, 1), (0.41, 2), (0.7, 2), (0.71, 3), (1.0, 5)])
def test_the_nucleus_is_the_fewest_tokens_with_enough_probability(top_p, kept):
    probabilities = np.array([0.05, 0.4, 0.1, 0.3, 0.15])
    uniform = np.linspace(0, 1, 20_001, dtype="float32")[:-1]
    logits = np.broadcast_to(np.log(probabilities).astype("float32"), (20_000, 5))
    top_p = top_p - 1e-6 if top_p < 1 else top_p  # 0.4 in float32 is a little more
    drawn = decoding.draw(logits, uniform, top_p=top_p)
    order = np.argsort(-probabilities)[:kept]
    expected = np.zeros(5)
    expected[order] = probabilities[order] / probabilities[order].sum()
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 20_000, expected, atol=1e-3)


def test_rounding_leads_to_no_token_that_was_cut_off():
    logits = np.zeros((1, 1000), "float32")
    logits[:, 700:] = -1
    for top_k in (1, 7, 700):
        assert decoding.draw(logits, np.array([1 - 2**-24], "float32"), top_k=top_k)[0] < 700
