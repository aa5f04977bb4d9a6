"""Sentences as rows of numbers of one length."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

END = 0
_SHOWN = 60  # characters of a sentence in an error


def rows(
    sentences: str | Iterable[str],
    length: int,
    split: Callable[[str], list[Any]],
    number: Callable[[Any], int],
    parts: str = "words",
) -> np.ndarray:
    """Numbers `[B, length]` int32 of a list of sentences, or `[1, length]` of one, filled up with
    the end.

    Args:
        sentences: a list, or one.
        length: of a row.
        split: a sentence into its parts.
        number: of a part.
        parts: what they are called.

    Raises:
        ValueError: an empty or too long sentence.

    >>> rows("a good a", 4, str.split, {"a": 2, "good": 3}.__getitem__).tolist()
    [[2, 3, 2, 0]]
    """
    sentences = [sentences] if isinstance(sentences, str) else list(sentences)
    numbers = np.full((len(sentences), length), END, "int32")
    for row, sentence in zip(numbers, sentences):
        found = split(sentence)
        if why := fault(found, length, parts):
            shown = sentence if len(sentence) <= _SHOWN else f"{sentence[:_SHOWN]}..."
            raise ValueError(
                f"Expected a sentence of 1 to {length} {parts}. Received: {shown!r}, which {why}."
            )
        row[: len(found)] = [number(part) for part in found]
    return numbers


def fault(found: list[Any], length: int, parts: str = "words") -> str | None:
    """Why parts of a sentence make no row of a length, or None.

    >>> fault([], 4), fault(["a"] * 5, 4)
    ('has no words', 'has 5 words, more than 4')
    """
    if not found:
        return "has no words"
    return f"has {len(found):,} {parts}, more than {length}" if len(found) > length else None
