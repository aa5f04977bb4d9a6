"""A file of text as a data set: sentences, one a line."""

import os
from typing import Any

from kerasgen.data.npz import save_npz
from kerasgen.data.sentences import Lines, read_lines
from kerasgen.data.writing import Imported


def text(
    source: str | os.PathLike,
    path: str | os.PathLike,
    length: int = 20,
    vocab_size: int = 2000,
    vocabulary: Any = None,
    name: str | None = None,
) -> Imported:
    """Makes one `.npz` file of the sentences of a text file, one a line.

    Args:
        source: a text file in UTF-8.
        path: of the file to write.
        length: of the longest sentence, in words; longer ones are left out, as are empty lines.
        vocab_size: words that have a number, the commonest of the training split.
        vocabulary: another one than of these words, of `kerasgen.text`, with a length of its own.
        name: of the set; by default that of the file.

    Returns:
        What was written; its notes say how many lines were left out, and why.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no text in UTF-8, or too few sentences.

    Example:
        >>> with open("own.txt", "w") as file:
        ...     print(*(f"line {i}" for i in range(99)), sep=chr(10), file=file)
        >>> print(text("own.txt", "own.npz"))
        own.npz: ... for training, ... held out, sentences or tokens [20]
    """
    found = read_lines(source)
    lines = Lines([(line, None) for line in found], length, vocab_size, vocabulary)
    if lines.sizes.get("train", 0) < 2:
        raise ValueError(
            f"Expected at least 2 different sentences in {source}. Received: "
            f"{sum(lines.sizes.values())} of {len(found)} lines. {' '.join(_notes(lines, found))}"
        )
    arrays = {f"{split}_images": lines.read(split, 0, n)[0] for split, n in lines.sizes.items()}
    save_npz(path, name=name, **lines.event.stored_with(), **arrays)
    return Imported(path, lines.event, lines.sizes, notes=_notes(lines, found))


def _notes(lines, found):
    left_out = [
        f"{count:,} lines were left out: each {why}." for why, count in lines.left_out.items()
    ]
    repeats = len(found) - sum(lines.sizes.values()) - sum(lines.left_out.values())
    return left_out + ([f"{repeats:,} lines repeat others and count once."] if repeats else [])
