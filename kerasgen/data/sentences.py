"""Sentences as data: one a line, different ones only, a tenth of them held out by their content.

    pros_cons/Integrated{Pros,Cons}.txt          Ganapathibhotla and Liu, Mining Opinions in
                                                 Comparative Sentences, 2008; CC BY 4.0
    sentence_polarity/rt-polarity.{pos,neg}      Pang and Lee, Seeing Stars, 2005; CC BY 4.0

A sentence is held out if the SHA-256 of its words says so, whatever else is in the set. Within a
split sentences are in the order of that number, so that a slice of it is an even sample.
"""

import collections
import dataclasses
import functools
import hashlib
import html
import os
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasgen.events import Sentences
from kerasgen.text import WordVocabulary
from kerasgen.text.words import split as words_of

POLARITY = ("negative", "positive")
_HELD_OUT = 10  # one in so many
_NUM_EXAMPLES = 8  # that show a model
_TAG = re.compile(r"\s*<(Pros|Cons)>(.*)</\1>\s*")


@dataclasses.dataclass(frozen=True)
class Lines:
    """Reads sentences with a label each, or None; a `kerasgen.data.reader.Reader`.

    Attributes:
        labeled: sentences and their labels, in any order, repeats among them.
        length: of the longest sentence, in words; longer ones are left out, as are empty ones.
        vocab_size: words that have a number; those of the training split that are the commonest.
        vocabulary: another one than that, or None.

    >>> lines = Lines([("Good price!", 1), ("good price !", 1), ("", 0)] * 9, length=4)
    >>> sum(lines.sizes.values()), lines.left_out
    (1, {'has no words': 9})
    """

    labeled: Sequence[tuple[str, int | None]]
    length: int = 20
    vocab_size: int = 2000
    vocabulary: Any = None

    @functools.cached_property
    def _found(self):
        """Sentences with their labels by split, and why others were left out."""
        fault = (self.vocabulary or WordVocabulary([], self.length)).fault
        found, left_out = {}, collections.Counter()
        for sentence, label in self.labeled:
            if reason := fault(sentence):
                left_out[re.sub(r"has [\d,]+ words, m", "has m", reason)] += 1
                continue
            digest = hashlib.sha256(" ".join(words_of(sentence)).encode()).digest()
            found.setdefault((digest, label), sentence)
        splits = {"train": [], "test": []}
        for (digest, label), sentence in sorted(found.items(), key=lambda item: item[0][0]):
            is_test = int.from_bytes(digest[-8:], "big") % _HELD_OUT == 0
            splits["test" if is_test else "train"].append((sentence, label))
        return {split: rows for split, rows in splits.items() if rows}, dict(left_out)

    @property
    def left_out(self) -> dict[str, int]:
        """How many sentences were left out, by the reason; repeats do not count."""
        return self._found[1]

    @property
    def sizes(self) -> Mapping[str, int]:
        return {split: len(rows) for split, rows in self._found[0].items()}

    @functools.cached_property
    def event(self) -> Sentences:
        if self.vocabulary is not None:
            return Sentences(self.vocabulary)
        train = [sentence for sentence, _ in self._found[0].get("train", ())]
        size = self.vocab_size
        return Sentences(WordVocabulary.of(train, size, self.length, _NUM_EXAMPLES))

    def read(self, split, start, stop):
        rows = self._found[0][split][start:stop]
        numbers = self.event.vocabulary.encode([sentence for sentence, _ in rows])
        labels = [label for _, label in rows]
        return numbers, None if None in labels else np.array(labels, "int32")


def read_lines(path: str | os.PathLike) -> list[str]:
    """The lines of a text file in UTF-8, without a byte-order mark.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another encoding, or no text.

    >>> _ = pathlib.Path("lines.txt").write_text("slow but cheap\\nlight\\n")
    >>> read_lines("lines.txt")
    ['slow but cheap', 'light']
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a file of text. Received: {path}, which is not there.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ValueError(
            f"Expected text in UTF-8. Received: {path}, whose line {line} is not. Convert it: "
            f"iconv -f WINDOWS-1252 -t UTF-8 {path.name} > utf8.txt."
        ) from None
    if "\0" in text:
        raise ValueError(f"Expected a file of text. Received: {path}, which has bytes of 0.")
    return text.splitlines()


def pros_cons(data_dir: str | os.PathLike | None = None, download: bool = False) -> Lines:
    """Reads what customers like and dislike about products, with its polarity.

    Args:
        data_dir: folder of `pros_cons/`; by default TFDS_DATA_DIR or `~/tensorflow_datasets`.
        download: of other sets; this one is to be fetched by hand.

    Raises:
        FileNotFoundError: the files are not there.

    >>> pathlib.Path("pros_cons").mkdir()
    >>> for name in "Pros", "Cons":
    ...     file = pathlib.Path(f"pros_cons/Integrated{name}.txt")
    ...     _ = file.write_text(f"<{name}>my {name}</{name}>")
    >>> sum(pros_cons(data_dir=".").sizes.values())
    2
    """
    return _opened(
        _files("pros_cons", ("IntegratedCons.txt", "IntegratedPros.txt"), data_dir), 2400
    )


def film_reviews(data_dir: str | os.PathLike | None = None, download: bool = False) -> Lines:
    """Reads sentences of film reviews with their polarity; arguments and errors as of
    `pros_cons`.

    >>> film_reviews(data_dir="nowhere")
    Traceback (most recent call last):
    FileNotFoundError: Expected rt-polarity.neg and rt-polarity.pos in ...
    """
    names = ("rt-polarity.neg", "rt-polarity.pos")
    return _opened(_files("sentence_polarity", names, data_dir), 6000, 40)


@functools.lru_cache(4)
def _opened(paths, vocab_size, length=20):
    labeled = []
    for polarity, path in enumerate(paths):
        lines = read_lines(path)
        tagged = [match[2] if (match := _TAG.fullmatch(line)) else line for line in lines]
        # The entities of some were escaped twice.
        labeled += [(html.unescape(html.unescape(line)).strip(), polarity) for line in tagged]
    return Lines(labeled, length, vocab_size)


def _files(folder, names, data_dir):
    home = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    home = pathlib.Path(home).expanduser().absolute()
    paths = tuple(home / folder / name for name in names)
    if missing := [path for path in paths if not path.is_file()]:
        raise FileNotFoundError(
            f"Expected {' and '.join(names)} in {home / folder}. Received: no {missing[0].name} "
            "there. Fetch them from www.cs.uic.edu/~liub/FBS or www.cs.cornell.edu/people/pabo, or "
            "set TFDS_DATA_DIR or data_dir= to a folder that has them."
        )
    return paths
