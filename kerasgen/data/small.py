"""Sets of pictures beside the same ones made smaller, from which a model is to draw them."""

import dataclasses
from typing import Any

import numpy as np

from kerasgen.data.reader import Reader
from kerasgen.data.synthetic.drawn import Drawn
from kerasgen.events import Event


def shrink(x: Any, factor: int) -> np.ndarray:
    """The means of blocks of pictures, `[N, height / factor, width / factor, channels]`.

    Raises:
        ValueError: pictures that do not divide into blocks.

    >>> shrink(np.eye(4)[None, ..., None], 2)[0, ..., 0]
    array([[0.5, 0. ],
           [0. , 0.5]], dtype=float32)
    """
    x = np.asarray(x, "float32")
    n, height, width, channels = x.shape
    if height % factor or width % factor:
        raise ValueError(
            f"Expected a factor that divides {height} and {width}. Received: factor={factor}."
        )
    blocks = x.reshape(n, height // factor, factor, width // factor, factor, channels)
    return blocks.mean(axis=(2, 4))


@dataclasses.dataclass(frozen=True)
class BesideSmall:
    """Reads pictures of a set, and each made smaller in its label's place, float32 in [0, 1].

    Attributes:
        reader: of the set.
        factor: side of the blocks of which the means are taken.

    >>> from kerasgen.data import catalog
    >>> pairs = BesideSmall(catalog.entry("digits").open(), 2)
    >>> digits, small = pairs.read("test", 0, 3)
    >>> digits.shape, small[:].shape, small.dtype
    ((3, 8, 8, 1), (3, 4, 4, 1), dtype('float32'))
    """

    reader: Reader
    factor: int = 2

    @property
    def event(self) -> Event:
        return self.reader.event

    @property
    def sizes(self):
        return self.reader.sizes

    def read(self, split, start, stop):
        stored, _ = self.reader.read(split, start, stop)
        height, width, channels = self.event.shape
        shape = height // self.factor, width // self.factor, channels

        def small(rows):
            return shrink(self.event.from_stored(stored[rows]), self.factor)

        return stored, Drawn(small, np.arange(stop - start), shape, np.dtype("float32"))
