"""Vocabularies: words to numbers and back, and errors that help."""

import keras
import numpy as np
import pytest

from kerasgen import recipe
from kerasgen.text import Vocabulary

WORDS = ["a", "red", "green", "circle", "square", "above"]


def test_sentences_become_numbers_and_back():
    vocabulary = Vocabulary(WORDS, 6)
    numbers = vocabulary.encode(["A red circle, above a SQUARE.", "green"])
    np.testing.assert_array_equal(numbers, [[1, 2, 4, 6, 1, 5], [3, 0, 0, 0, 0, 0]])
    assert numbers.dtype == "int32" and vocabulary.size == 7
    assert vocabulary.decode(numbers) == ["a red circle above a square", "green"]
    np.testing.assert_array_equal(vocabulary.encode("green"), [[3, 0, 0, 0, 0, 0]])


def test_it_survives_its_configuration_and_a_recipe():
    vocabulary = Vocabulary(WORDS, 6, examples=["a red square"])
    for copy in (
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(vocabulary)),
        recipe.build(
            {"text.Vocabulary": {"words": WORDS, "length": 6, "examples": ["a red square"]}}
        ),
    ):
        assert copy.get_config() == vocabulary.get_config()


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (
            "a rad circle",
            r"^Expected words that the model knows. Received: 'rad'. Near 'rad': red, a.$",
        ),
        (
            "a greem cirle",
            r"Received: 'greem', 'cirle'. Near 'greem': green, red. Near 'cirle': circle, red.$",
        ),
        ("a xyz", r"Received: 'xyz'. Known words: a, red, green, circle, square, above.$"),
        ("...", "Expected a sentence of 1 to 6 words. Received: 0 words, '...'"),
        ("a a a a a a a", "Expected a sentence of 1 to 6 words. Received: 7 words"),
    ],
)
def test_sentences_that_no_model_could_read(sentence, message):
    with pytest.raises(ValueError, match=message):
        Vocabulary(WORDS, 6).encode([sentence])


def test_words_that_no_sentence_has():
    with pytest.raises(
        ValueError, match=r"Expected different words in lower case.* Received: \['Red', 'on top'\]"
    ):
        Vocabulary(["a", "Red", "on top"], 4)
    with pytest.raises(ValueError, match="Expected different words.*Received: repeats"):
        Vocabulary(["a", "b", "a"], 4)
    with pytest.raises(ValueError, match="Received: 'blue'"):
        Vocabulary(WORDS, 4, examples=["a blue circle"])
