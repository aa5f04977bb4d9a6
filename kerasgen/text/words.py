"""Words by how often they occur; one number for all others."""

import collections
import re
from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np

from kerasgen.checks.arguments import Check, Texts, Width, all_of, text
from kerasgen.registration import register
from kerasgen.text.rows import END, fault, rows

UNKNOWN, _FIRST = 1, 2
_UNKNOWN = "<unknown>"
_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:[-'’][^\W_]+)*|[^\w\s]")
_NO_SPACE_BEFORE = re.compile(r" (?=[,.!?;:)%])|(?<=[($]) ")


def split(sentence: str) -> list[str]:
    """The words of a sentence in lower case; every sign of punctuation is one.

    >>> split("User-friendly; 2.3 MP, can't zoom!")
    ['user-friendly', ';', '2.3', 'mp', ',', "can't", 'zoom', '!']
    """
    return _WORD.findall(sentence.lower())


@Check
def _words(name: str, value: Any):
    return value if isinstance(value, str) else all_of(text, 0, 2**20)(name, value)


@register
class WordVocabulary:
    """The commonest words and their numbers, from 2; 1 stands for every other word, 0 for the end.

    Case does not count.

    Args:
        words: different words as `split` gives them, the commonest first: a list, or one text with
            a space between two.
        length: T, of a row: the most words that a sentence may have.
        examples: sentences to show a model by.

    Raises:
        ValueError: words that come twice or that no sentence contains; examples that `encode`
            refuses.

    >>> vocabulary = WordVocabulary("good price , battery", length=4)
    >>> vocabulary.encode("Good price, poor"), vocabulary.decode([[2, 3, 4, 1]])
    (array([[2, 3, 4, 1]], dtype=int32), ['good price, <unknown>'])
    """

    def __init__(
        self, words: Annotated[list[str] | str, _words], length: Width, examples: Texts = ()
    ):
        self.words = words.split() if isinstance(words, str) else list(words)
        self.length = length
        self.examples = list(examples)
        self._numbers = {word: number for number, word in enumerate(self.words, _FIRST)}
        odd = [word for word in self.words if split(word) != [word]]
        if odd or len(self._numbers) < len(self.words):
            raise ValueError(
                f"Expected different words in lower case. Received: {odd[:3] or 'repeats'}."
            )
        self.encode(self.examples)

    @classmethod
    def of(cls, sentences: Iterable[str], size: int, length: int, num_examples: int = 0):
        """The vocabulary of the `size` commonest words of sentences, those that are equally common
        in alphabetical order; the first sentences that it can encode are its examples.

        >>> WordVocabulary.of(["good price", "good zoom"], size=2, length=4).words
        ['good', 'price']
        """
        sentences = list(sentences)
        counts = collections.Counter(word for each in sentences for word in split(each))
        words = sorted(counts, key=lambda word: (-counts[word], word))[:size]
        vocabulary = cls(words, length)
        shown = [each for each in sentences if vocabulary.fault(each) is None][:num_examples]
        return cls(" ".join(words), length, shown)

    @property
    def size(self) -> int:
        """How many numbers there are, those of the end and of unknown words included."""
        return len(self.words) + _FIRST

    def fault(self, sentence: str) -> str | None:
        """Why `encode` refuses a sentence, or None."""
        return fault(split(sentence), self.length)

    def unknown(self, sentence: str) -> list[str]:
        """The words of a sentence that have no number of their own."""
        return [word for word in split(sentence) if word not in self._numbers]

    def encode(self, sentences: str | Iterable[str]) -> np.ndarray:
        """Word numbers `[B, T]` int32 of a list of sentences, or `[1, T]` of one.

        Raises:
            ValueError: an empty or too long sentence.
        """
        return rows(sentences, self.length, split, lambda word: self._numbers.get(word, UNKNOWN))

    def decode(self, numbers: np.ndarray) -> list[str]:
        """The sentences that word numbers `[B, T]` stand for, each up to its end, a list of B."""
        words = ["", _UNKNOWN, *self.words]
        sentences = []
        for row in np.asarray(numbers):
            ended = np.flatnonzero(row == END)
            row = row[: ended[0]] if len(ended) else row
            sentences.append(_NO_SPACE_BEFORE.sub("", " ".join(words[number] for number in row)))
        return sentences

    def rule(self) -> dict:
        """How a program makes a row of a sentence, in JSON's types."""
        return {
            "rule": "lower-case the sentence and find its words, which are what the pattern "
            f"matches; put the position in the list of words, the first is {_FIRST}, of one after "
            f"the other, {UNKNOWN} for a word that is not in it; fill up with {END}",
            "pattern": _WORD.pattern,
            "words": self.words,
            "examples": self.examples,
        }
