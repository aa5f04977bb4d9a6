"""Sentences as rows of word numbers: a condition that a model can read."""

import difflib
import re

import numpy as np

from kerasgen.checks.arguments import Texts, Width
from kerasgen.registration import register

_WORD = re.compile(r"[^\W_]+")


@register
class Vocabulary:
    """Words and their numbers, 1 for the first; 0 stands for no word and fills a row up behind the
    last word.

    Case and punctuation do not count.

    Args:
        words: all that there are, in lower case, without repeats.
        length: T, of a row: the most words that a sentence may have.
        examples: sentences to show a model by.

    Raises:
        ValueError: words that no sentence could contain, or that come twice; examples that are not
            sentences.

    >>> Vocabulary(["a", "circle", "red"], length=4).encode("a red circle").tolist()
    [[1, 3, 2, 0]]
    """

    def __init__(self, words: Texts, length: Width, examples: Texts = ()):
        self.words = list(words)
        self.length = length
        self.examples = list(examples)
        self._numbers = {word: number for number, word in enumerate(self.words, 1)}
        odd = [word for word in self.words if not _WORD.fullmatch(word) or word != word.lower()]
        if odd or len(self._numbers) < len(self.words):
            raise ValueError(
                "Expected different words in lower case, without spaces and signs. Received: "
                f"{odd or 'repeats'}."
            )
        self.encode(self.examples)

    @property
    def size(self):
        """How many numbers there are, 0 included."""
        return len(self.words) + 1

    def encode(self, sentences):
        """Word numbers `[B, T]` int32 of a list of sentences, or `[1, T]` of one.

        Raises:
            ValueError: a word that is not in the vocabulary (near ones are named), an empty or a
                too long sentence.
        """
        sentences = [sentences] if isinstance(sentences, str) else list(sentences)
        numbers = np.zeros((len(sentences), self.length), "int32")
        for row, sentence in zip(numbers, sentences):
            words = _WORD.findall(sentence.lower())
            if not 1 <= len(words) <= self.length:
                raise ValueError(
                    f"Expected a sentence of 1 to {self.length} words. Received: {len(words)} "
                    f"words, {sentence!r}."
                )
            unknown = dict.fromkeys(word for word in words if word not in self._numbers)
            if unknown:
                received = ", ".join(map(repr, unknown))
                raise ValueError(
                    f"Expected words that the model knows. Received: {received}. "
                    f"{self._near(unknown)}"
                )
            row[: len(words)] = [self._numbers[word] for word in words]
        return numbers

    def rule(self):
        """How a program makes a row of a sentence, in JSON's types."""
        return {
            "rule": "lower-case the sentence and find its words, which are what the pattern "
            "matches; put the position in the list of words, the first is 1, of one after the "
            "other; fill up with 0; a word that is not in the list is an error",
            "pattern": _WORD.pattern,
            "words": self.words,
            "examples": self.examples,
        }

    def _near(self, unknown):
        near = {
            word: difflib.get_close_matches(word, self.words, n=3, cutoff=0.5) for word in unknown
        }
        hints = [f"Near {word!r}: {', '.join(words)}." for word, words in near.items() if words]
        if len(hints) < len(near):
            hints.append(f"Known words: {', '.join(self.words)}.")
        return " ".join(hints)

    def decode(self, numbers):
        """The sentences that word numbers `[B, T]` stand for, a list of B."""
        return [
            " ".join(self.words[number - 1] for number in row if number)
            for row in np.asarray(numbers)
        ]
