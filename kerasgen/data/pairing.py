"""Sets paired by label: several senses of one thing.

Paired({"handwriting": mnist, "speech": spoken_digits})
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import tree

from kerasgen.data.synthetic.drawn import Drawn
from kerasgen.events import Event, Joint


@dataclasses.dataclass(frozen=True)
class Paired:
    """Reads examples of one label from several sets; a `kerasgen.data.reader.Reader`.

    An example is a dict: one of the first set, and with it one of each other, drawn among those of
    its label, any number of times, by the seed and its position. A split pairs the splits of its
    name alone, so that nothing of one split meets anything of another.

    Attributes:
        readers: of the sets, each with one label an example, by the names of the parts.
        seed: of the pairs.
        label: name and event of the label as a part of its own; None for a label beside.

    Raises:
        ValueError: a set without such labels, or without an example of a label.

    >>> from kerasgen.data import catalog
    >>> digits = catalog.entry("digits").open()
    >>> pairs = Paired({"one": digits, "other": digits})
    >>> pairs.sizes, pairs.event.shape["other"]
    ({'train': 1500, 'test': 297}, (8, 8, 1))
    >>> rows = pairs.rows("test", 0, 3)
    >>> digits.read("test", 0, 297)[1][rows["other"]] == digits.read("test", 0, 3)[1]
    array([ True,  True,  True])
    """

    readers: Mapping[str, Any]
    seed: int = 0
    label: tuple[str, Event] | None = None

    @property
    def event(self) -> Joint:
        parts = {name: reader.event for name, reader in self.readers.items()}
        return Joint(parts | dict([self.label] if self.label else []))

    @property
    def sizes(self) -> dict[str, int]:
        """Those of the first set, of splits that all have."""
        first, *others = (reader.sizes for reader in self.readers.values())
        return {split: n for split, n in first.items() if all(split in each for each in others)}

    def read(self, split, start, stop):
        """Examples of the first set as it keeps them; of the others, read when asked for."""
        first = next(iter(self.readers))
        stored, labels = self.readers[first].read(split, start, stop)
        examples = {first: stored}
        for name, theirs, rows in self._partners(split, start, stop, labels):
            examples[name] = tree.map_structure(functools.partial(_taken, rows), theirs)
        if self.label:
            examples[self.label[0]] = np.asarray(labels)
        return examples, labels

    def rows(self, split: str, start: int, stop: int) -> dict[str, np.ndarray]:
        """Positions in the split of each set of the parts of examples `start` to `stop`."""
        first = next(iter(self.readers))
        labels = self.readers[first].read(split, start, stop)[1]
        partners = self._partners(split, start, stop, labels)
        return {first: np.arange(start, stop), **{name: rows for name, _, rows in partners}}

    def _partners(self, split, start, stop, labels):
        """Of each other set its name, its examples and the positions of those that are paired."""
        first, *others = self.readers
        labels = _single(first, labels)
        for number, name in enumerate(others):
            stored, theirs = self.readers[name].read(split, 0, self.readers[name].sizes[split])
            theirs = _single(name, theirs)
            order = np.argsort(theirs, kind="stable")
            low, high = (np.searchsorted(theirs[order], labels, side) for side in ("left", "right"))
            if np.any(low == high):
                raise ValueError(
                    f"Expected examples of every label of {first!r} in {split!r} of {name!r}. "
                    f"Received: none of {np.unique(labels[low == high]).tolist()}."
                )
            rng = np.random.default_rng([self.seed, number, *split.encode()])
            chance = rng.random(self.sizes[split])[start:stop]
            yield name, stored, order[low + (chance * (high - low)).astype(int)]


def _taken(rows, part):
    """Rows of an array, read when asked for."""
    return Drawn(lambda some: part[some], rows, part.shape[1:], part.dtype)


def _single(name, labels):
    """Labels `[N]`, one for each example."""
    if labels is None or np.ndim(labels) != 1:
        shape = "none" if labels is None else f"of shape {np.shape(labels)}"
        raise ValueError(f"Expected one label for each example of {name!r}. Received: {shape}.")
    return np.asarray(labels)
