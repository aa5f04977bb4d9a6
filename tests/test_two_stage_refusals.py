"""What two-stage models refuse: parts, sentences, ways to draw and tokens that do not fit."""

import numpy as np
import pytest
from tiny import PatchTokenizer, tiny_two_stage

from kerasgen import events, families, networks
from kerasgen.text import Vocabulary


def test_parts_that_do_not_belong_together():
    tokenizer, sentences = PatchTokenizer((8, 8, 1)), events.Sentences(Vocabulary(["a"], 2, ["a"]))
    for arguments, message in (
        (
            ((4, 4, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2)),
            r"tokenizer's, of shape \(8, 8, 1\). Received: Image\(.*4",
        ),
        (
            ((8, 8, 1), tokenizer, networks.TokenTransformer(17, 1, 8, 1, 2)),
            "vocab_size to be 16.*Received: 17",
        ),
        (
            ((8, 8, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2), 10),
            "prefix_size to be 10.*Received: 1",
        ),
        (
            ((8, 8, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2), sentences),
            "prefix_size to be 2",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            families.TwoStageModel(*arguments)
    with pytest.raises(
        ValueError,
        match="Expected condition_dropout of 0 without a condition. Received: 0.1",
    ):
        families.TwoStageModel(
            (8, 8, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2), condition_dropout=0.1
        )
    with pytest.raises(ValueError, match="prefix_size to be 11"):  # ten classes and none
        network = networks.TokenTransformer(16, 10, 8, 1, 2)
        families.TwoStageModel((8, 8, 1), tokenizer, network, 10, condition_dropout=0.1)
    with pytest.raises(
        ValueError, match="Expected num_heads to divide size. Received: num_heads=3, size=8"
    ):
        networks.TokenTransformer(16, 1, 8, 1, 3)
    grid = networks.TokenGrid(16, networks.PixelCNN(16, 8, 1), sentences.vocab_size)
    with pytest.raises(
        ValueError,
        match="Expected a prefix of one token, all that these networks read. Received: 2",
    ):
        families.TwoStageModel((8, 8, 1), tokenizer, grid, sentences)
    with pytest.raises(ValueError, match="Expected output_channels 16, .* Received: 5"):
        families.TwoStageModel(
            (8, 8, 1), tokenizer, networks.TokenGrid(16, networks.PixelCNN(5, 8, 1))
        )


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            None,
            "Expected a condition: this model draws what a sentence says. Received: condition=None",
        ),
        (
            "a red circel",
            "Expected words that the model knows. Received: 'circel'. Near 'circel': circle.",
        ),
        (["a circle"] * 3, "Expected a condition for each of n=2 examples.* Received: 3"),
        (
            np.zeros((2, 5), "int32"),
            r"Expected sentences or tokens of shape \[batch, 6\]. Received: shape \(2, 5",
        ),
        (
            np.full((2, 6), 6, "int32"),
            r"Expected sentences or tokens in 0..5. Received: .* in 6..6",
        ),
        (
            np.full((2, 6), 0.5, "float32"),
            r"Expected sentences or tokens in 0..5. Received: fractions",
        ),
    ],
)
def test_sentences_that_it_does_not_take(condition, message):
    with pytest.raises(ValueError, match=message):
        tiny_two_stage("text").sample(2, condition)


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
        ({"best_of": 0}, "Expected best_of to be an integer of at least 1. Received: best_of=0"),
        ({"guidance": -1}, "Expected guidance to be a number of at least 0. Received: guidance=-1"),
        (
            {"guidance": 2},
            "Expected guidance=1: this model never learned .* Received: guidance=2. Train it with",
        ),
    ],
)
def test_ways_to_draw_that_there_are_not(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny_two_stage().sample(2, **arguments)


def test_ids_of_another_grid():
    with pytest.raises(
        ValueError, match=r"Expected tokens of shape \[batch, 4, 4\]. Received: shape \(2, 16\)"
    ):
        tiny_two_stage().log_prob_tokens(np.zeros((2, 16), "int32"))
