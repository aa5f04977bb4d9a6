"""One split of a set, by random access: where every batch comes from."""

import dataclasses
from typing import Any

import numpy as np
from keras import tree

from kerasgen.data.batching import Batches
from kerasgen.events import Event, Image

_CHUNK = 1000  # examples handled at once, which bounds the memory needed beside the set itself


@dataclasses.dataclass(frozen=True)
class Source:
    """One split of a set.

    Attributes:
        name: of the set.
        event: what an example is.
        stored: the examples as they are kept, `[N, *event.shape]`, an array or `Drawn`; a dict of
            them for a `Joint`. Images of unsigned integers have the values 0..event.levels-1.
        labels: int32 `[N]`; captions, attributes or factors `[N, K]`, also `Drawn`; None for a set
            without.

    Example:
        >>> from kerasgen import data
        >>> digits = data.open("digits", "test")
        >>> digits.num_examples, digits.event
        (297, Image(height=8, width=8, channels=1, levels=17))
        >>> digits.array().shape
        (297, 8, 8, 1)
    """

    name: str
    event: Event
    stored: Any
    labels: Any = None

    @property
    def num_examples(self) -> int:
        """N."""
        return len(tree.flatten(self.stored)[0])

    def read(self, rows: np.ndarray) -> Any:
        """The examples at positions `[n]` as models take them: images float32 in [0, 1]."""
        stored = tree.map_structure(lambda part: part[rows], self.stored)
        return self.event.from_stored(stored)

    def array(self) -> Any:
        """All examples as `read` gives them."""
        whole = tree.map_structure(
            lambda each: np.empty((self.num_examples, *each.shape[1:]), each.dtype),
            self.event.symbolic(),
        )
        for rows in self._chunks():
            for part, values in zip(tree.flatten(whole), tree.flatten(self.read(rows))):
                part[rows] = values
        return whole

    def batches(self, **options: Any) -> Batches:
        """The examples in batches; options as of `kerasgen.data.batching.Batches`."""
        return Batches(self, **options)

    def binarized(self, seed: int) -> "Source":
        """The same images with every pixel drawn once as Bernoulli(pixel).

        The draws are `numpy.random.default_rng(seed).random(images.shape) < images`, so that a test
        set binarized with one seed is the same set everywhere and for every batch size.
        """
        if self.event.levels == 2:  # binary already
            return self
        rng = np.random.default_rng(seed)
        binary = np.empty((self.num_examples, *self.event.shape), "uint8")
        for rows in self._chunks():
            grey = self.event.from_stored(self.stored[rows], np.float64)
            binary[rows] = rng.random(grey.shape) < grey
        return dataclasses.replace(self, event=Image(*self.event.shape, levels=2), stored=binary)

    def _chunks(self):
        for start in range(0, self.num_examples, _CHUNK):
            yield np.arange(start, min(start + _CHUNK, self.num_examples))
