"""Parts of words: pairs of parts that often stand together become one (Sennrich, Haddow and Birch,
Neural Machine Translation of Rare Words with Subword Units, 2016, arXiv 1508.07909).

Nothing is unknown: the smallest parts are bytes. The library `tokenizers` learns and applies them.
"""

from collections.abc import Iterable

import numpy as np

from kerasgen.checks.arguments import Texts, Width
from kerasgen.registration import register
from kerasgen.text.rows import END, fault, rows

_FIRST, _PARTS = 1, "parts of words"


@register
class SubwordVocabulary:
    """Byte-pair encoding: parts of words and their numbers, from 1; 0 stands for the end.

    Args:
        merges: pairs of parts that become one, in the order in which they do, as `of` learns them:
            "a b" each, in the letters that byte-level encoding writes bytes in.
        length: T, of a row: the most parts that a sentence may have.
        examples: sentences to show a model by.

    Raises:
        ImportError: `tokenizers` is not installed.
        ValueError: merges of parts that there are not; examples that `encode` refuses.

    >>> vocabulary = SubwordVocabulary.of(["slow but cheap"] * 9, size=280, length=20)
    >>> vocabulary.decode(vocabulary.encode("Cheaper"))
    ['cheaper']
    """

    def __init__(self, merges: Texts, length: Width, examples: Texts = ()):
        self.merges = list(merges)
        self.length = length
        self.examples = list(examples)
        self._encoder = _encoder(self.merges)
        self.encode(self.examples)

    @classmethod
    def of(cls, sentences: Iterable[str], size: int, length: int, num_examples: int = 0):
        """The vocabulary of `size` parts, 256 bytes among them, that the library learns from
        sentences; the first that it can encode are its examples.

        Raises:
            ValueError: a size below 257.
        """
        import json

        tokenizers = _library()
        if size < 257:
            raise ValueError(f"Expected a size of at least 257 parts. Received: {size}.")
        sentences, encoder = list(sentences), _encoder([])
        alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=alphabet, show_progress=False
        )
        encoder.train_from_iterator(map(str.lower, sentences), trainer)
        merges = json.loads(encoder.to_str())["model"]["merges"]
        merges = [each if isinstance(each, str) else " ".join(each) for each in merges]
        vocabulary = cls(merges, length)
        shown = [each for each in sentences if vocabulary.fault(each) is None][:num_examples]
        return cls(merges, length, shown)

    @property
    def words(self) -> list[str]:
        """The parts by their number, the first is 1."""
        parts = self._encoder.get_vocab()
        return sorted(parts, key=parts.__getitem__)

    @property
    def size(self) -> int:
        """How many numbers there are, that of the end included."""
        return self._encoder.get_vocab_size() + _FIRST

    def fault(self, sentence: str) -> str | None:
        """Why `encode` refuses a sentence, or None."""
        return fault(self._parts(sentence), self.length, _PARTS)

    def _parts(self, sentence):
        return self._encoder.encode(" ".join(sentence.lower().split())).ids

    def unknown(self, sentence: str) -> list[str]:
        """The words of a sentence that have no numbers: none."""
        return []

    def encode(self, sentences: str | Iterable[str]) -> np.ndarray:
        """Numbers `[B, T]` int32 of a list of sentences, or `[1, T]` of one.

        Raises:
            ValueError: an empty or too long sentence.
        """
        return rows(sentences, self.length, self._parts, lambda part: part + _FIRST, _PARTS)

    def decode(self, numbers: np.ndarray) -> list[str]:
        """The sentences that numbers `[B, T]` stand for, each up to its end, a list of B."""
        rows = []
        for row in np.asarray(numbers):
            ended = np.flatnonzero(row == END)
            rows.append((row[: ended[0]] if len(ended) else row) - _FIRST)
        return [self._encoder.decode(row.tolist()).strip() for row in rows]

    def rule(self) -> dict:
        """How a program makes a row of a sentence, in JSON's types."""
        return {
            "rule": "lower-case the sentence and encode it by byte-level byte-pair encoding with "
            f"these merges; add {_FIRST} to the numbers, which count words; fill up with {END}",
            "merges": self.merges,
            "words": self.words,
            "examples": self.examples,
        }


def _encoder(merges):
    tokenizers = _library()
    pairs = [tuple(pair.split(" ")) for pair in merges]
    parts = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    parts += ["".join(pair) for pair in pairs]
    numbers = {part: number for number, part in enumerate(dict.fromkeys(parts))}
    if odd := [pair for pair in pairs if len(pair) != 2 or not numbers.keys() >= set(pair)]:
        raise ValueError(f"Expected merges of two parts that there are. Received: {odd[0]}.")
    encoder = tokenizers.Tokenizer(tokenizers.models.BPE(numbers, pairs))
    encoder.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    encoder.decoder = tokenizers.decoders.ByteLevel()
    return encoder


def _library():
    try:
        import tokenizers
    except ModuleNotFoundError:
        raise ImportError(
            "Expected the library tokenizers, for parts of words. Received: an installation "
            "without it. pip install kerasgen[text], or take a WordVocabulary."
        ) from None
    return tokenizers
