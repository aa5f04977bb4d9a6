"""Representations of the images that factors render."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasgen.batches import blocks

_BATCH = 1000


class Codes:
    """Representations by factors. Every image is rendered and encoded once at most.

    Args:
        represent: function of images, as `shapes.render` gives them, to their codes `[n, D]`.
        shapes: a set such as `kerasgen.data.synthetic.shapes.Shapes`:
            it has `factor_sizes`, `len`, `index`, `factors` and `render`.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> codes = Codes(lambda images: images.mean(axis=(1, 2)), Shapes())
    >>> codes(np.array([[0, 0, 0, 0, 0], [0, 1, 0, 0, 0]])).shape
    (2, 1)
    """

    def __init__(self, represent: Callable[[np.ndarray], Any], shapes: Any):
        self.represent = represent
        self.shapes = shapes
        self.sizes = np.array(list(shapes.factor_sizes.values()))
        self._codes = None
        self._known = np.zeros(len(shapes), bool)

    def __call__(self, factors: np.ndarray) -> np.ndarray:
        """Codes `[..., D]` float32 of the images with these factors `[..., K]`."""
        index = self.shapes.index(factors)
        unknown = np.unique(index[~self._known[index]])
        for _, rows in blocks(len(unknown), _BATCH, unknown):
            images = self.shapes.render(self.shapes.factors(rows))
            codes = np.asarray(self.represent(images), "float32")
            if self._codes is None:
                self._codes = np.empty((len(self._known), codes.shape[1]), "float32")
            self._codes[rows] = codes
            self._known[rows] = True
        return self._codes[index]

    def draw(self, rng: np.random.Generator, *shape: int) -> np.ndarray:
        """Factors `[*shape, K]`, all combinations equally likely."""
        return rng.integers(self.sizes, size=(*shape, len(self.sizes)))

    def sample(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes `[n, D]` and factors `[n, K]`."""
        factors = self.draw(rng, n)
        return self(factors), factors
