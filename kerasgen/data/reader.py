"""What reads a set, a slice of a split at a time."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from keras import tree

from kerasgen.events import Event


class Reader(Protocol):
    """What reads a set.

    Attributes:
        event: what an example is.
        sizes: number of examples by split, known without reading them.

    >>> kerasgen.data.catalog.entry("digits").open().sizes
    {'train': 1500, 'test': 297}
    """

    @property
    def event(self) -> Event: ...

    @property
    def sizes(self) -> Mapping[str, int]: ...

    def read(self, split: str, start: int, stop: int) -> tuple[Any, Any]:
        """Examples of a split and their labels, as a `kerasgen.data.source.Source` has them."""
        ...


class Computed(NamedTuple):
    """Reads a set that needs no file.

    Attributes:
        event, sizes: as of `Reader`.
        draw: function of a split to all its examples and their labels.

    >>> from kerasgen.events import Vector
    >>> points = Computed(Vector(2), {"train": 4}, lambda split: (np.eye(4, 2), None))
    >>> points.read("train", 0, 1)
    (array([[1., 0.]]), None)
    """

    event: Event
    sizes: Mapping[str, int]
    draw: Callable[[str], tuple[Any, Any]]

    def read(self, split, start, stop):
        stored, labels = self.draw(split)
        stored = tree.map_structure(lambda part: part[start:stop], stored)
        return stored, None if labels is None else labels[start:stop]
