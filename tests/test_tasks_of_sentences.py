"""What is done with models of sentences: those around one, those between two, another class."""

import keras
import numpy as np
import pytest
import sentences
from refusals import refusal

from kerasgen import tasks
from kerasgen.events.thumbnails import lines
from kerasgen.metrics import likelihood
from kerasgen.tasks.transfer import kept_words


@pytest.fixture(scope="module")
def model():
    return sentences.seeded(sentences.text_vae)


def test_sentences_around_one_and_between_two(model):
    around = np.asarray(tasks.alike(model, "a red circle", 5, seed=0))
    assert around.shape == (5, 8)
    np.testing.assert_array_equal(around, tasks.alike(model, "a red circle", 5, seed=0))
    model.event.check(around)
    line = tasks.sentences_between(model, "a red circle", "the small blue square", steps=4)
    ends = model.reconstruct(["a red circle", "the small blue square"])
    assert [line[0], line[-1]] == model.event.words(ends) and len(line) == 4


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("", "has no words"),
        ("purple elephants", "a word that the model knows. Received: 'purple elephants'"),
        ("red " * 5000, "5,000 words, more than 8"),
    ],
)
def test_sentences_that_say_nothing_to_the_model(model, sentence, message):
    with pytest.raises(ValueError, match=message):
        tasks.alike(model, sentence, 3)


def test_perplexity_is_of_words_and_ends(model):
    x = sentences.tokens(10)
    figures = likelihood.importance_weighted(model, x, num_samples=20)
    count = sum(len(row[row > 0]) + (row[-1] == 0) for row in x)
    expected = np.exp(figures["nll"].value * 10 / count)
    assert figures["word_perplexity"].value == pytest.approx(expected, rel=1e-4)
    pictures = model.event.render(x)
    assert pictures.shape == (10, 64, 150, 3) and 0 < pictures.mean() < 1


def test_words_wider_than_a_card_go_on_in_the_next_line():
    cards = lines(["<unknown> of the <unknown> of the box", "m" * 90, "battery " * 40, "cheap"])
    ink = cards.min(axis=(1, 3)) < 0.5  # of every column
    assert np.all(ink.any(axis=1)) and not ink[:, -3:].any()


@pytest.fixture(scope="module")
def model_of_sizes():
    """Whose polarity is the size of what it speaks of."""
    keras.utils.set_random_seed(0)
    model = sentences.conditional_text_vae()
    x = sentences.tokens(512)
    large = np.any(x == sentences.VOCABULARY.encode("large")[0, 0], axis=1).astype("int32")
    model.compile(keras.optimizers.Adam(2e-2), jit_compile=False)
    model.fit(x, large, batch_size=64, epochs=12, verbose=0)
    return model


def test_transfer_changes_the_class_and_keeps_the_rest(model_of_sizes):
    asked = ["the small blue square", "a square is small, the red"]
    found = tasks.transfer(asked, "large", model_of_sizes, draws=32)
    assert found == ["the large blue square", "a square is large, the red"]
    assert tasks.transfer(found, 0, model_of_sizes, draws=32) == asked
    assert tasks.transfer(asked[0], "large", model_of_sizes, draws=32) == found[0]


def test_what_transfer_cannot_do_is_told_in_a_line(model, model_of_sizes):
    told = refusal(lambda: tasks.transfer("red", "large", model))
    assert "a code of one layer, a prior and classes" in told
    assert "one of small, large" in refusal(lambda: tasks.transfer("red", "tiny", model_of_sizes))
    told = refusal(lambda: tasks.transfer(["red", "purple"], "large", model_of_sizes))
    assert "a word that the model knows" in told
    assert "draws" in refusal(lambda: tasks.transfer("red", "large", model_of_sizes, draws=0))


def test_words_that_are_kept_count_by_how_rare_they_are():
    row = np.array([9, 5, 2, 0])
    alone = [kept_words(np.array([[word, 0, 0, 0]]), row)[0] for word in (9, 5, 2)]
    assert alone[0] > alone[1] > alone[2] > 0
    assert kept_words(np.array([[2, 9, 5, 0]]), row)[0] == pytest.approx(1)
