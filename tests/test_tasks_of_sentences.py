"""What is done with models of sentences: those around one, those between two, the command."""

import numpy as np
import pytest
import sentences

from kerasgen import tasks
from kerasgen.metrics import likelihood


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
