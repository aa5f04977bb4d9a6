"""Sprites with known factors, drawn by index: what disentanglement is measured on.

The set has the form of dSprites (Matthey and others 2017,
github.com/google-deepmind/dsprites-dataset): a white square, ellipse or heart on black, 64x64, at
every combination of 6 scales, 40 orientations, 32 x and 32 y, 737,280 images. A second set gives
every sprite one of 7 colors too. The drawings are this module's own:

- a pixel is 1 where its centre lies inside the outline, else 0, so that a Bernoulli likelihood is
  exact;
- at scale 1 an outline reaches 16 pixels from its centroid; the scales are 0.5, 0.6, ..., 1;
- orientation k turns by 2 pi k / 40, clockwise as seen. A square looks the same every 10 steps, an
  ellipse every 20, so no representation of an image can tell those orientations apart; a heart has
  40;
- x and y move the centroid by one pixel a step, from 16.5 to 47.5 pixels from the left and from the
  top.
"""

import dataclasses
import functools
import math
import types

import numpy as np

from kerasgen import checks
from kerasgen.data.synthetic.drawn import Drawn

# Sizes by name; the last factor varies fastest in an index.
FACTORS = types.MappingProxyType({"shape": 3, "scale": 6, "orientation": 40, "x": 32, "y": 32})
SHAPES = ("square", "ellipse", "heart")
COLORS = ("red", "yellow", "green", "cyan", "blue", "magenta", "white")
SIDE = 64

# Full or no red, green and blue: colored pixels stay binary.
_RGB = np.array(
    [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 1, 1]], "uint8"
)
_TEST_SIZE = 10_000
_RADIUS = 16
_BOX = 2 * _RADIUS + 1
_PERIOD = (10, 20, 40)  # orientations after which each shape looks the same
_HEART_CENTROID, _HEART_RADIUS = 0.29349, 1.29349  # of (u^2 + v^2 - 1)^3 = u^2 v^3, by quadrature


@dataclasses.dataclass(frozen=True)
class Shapes:
    """The set, nothing of it in memory but the 720 sprites.

    Attributes:
        rgb: sprites in `COLORS` instead of white; the color comes before the other factors.

    >>> shapes = Shapes()
    >>> len(shapes), shapes.render(shapes.factors(np.arange(2))).shape
    (737280, (2, 64, 64, 1))
    """

    rgb: bool = False

    @property
    def factor_sizes(self):
        """Number of values by factor name, the last factor varying fastest in an index."""
        return {"color": len(COLORS), **FACTORS} if self.rgb else dict(FACTORS)

    @property
    def event_shape(self):
        return SIDE, SIDE, 3 if self.rgb else 1

    def __len__(self):
        return math.prod(self.factor_sizes.values())

    def factors(self, index):
        """Factors `[..., K]` int64 of the images with these indices `[...]`.

        Raises:
            ValueError: an index outside of the set.
        """
        index = np.asarray(index)
        if index.size and not 0 <= index.min() <= index.max() < len(self):
            raise ValueError(
                f"Expected indices in 0..{len(self) - 1}. Received: {index.min()}..{index.max()}."
            )
        return np.stack(np.unravel_index(index, tuple(self.factor_sizes.values())), axis=-1)

    def visible(self, index):
        """Factors `[..., K]` int32 as seen: of orientations that look the same, the first."""
        factors = self.factors(index).astype("int32")
        names = list(self.factor_sizes)
        shape, orientation = names.index("shape"), names.index("orientation")
        factors[..., orientation] %= np.array(_PERIOD)[factors[..., shape]]
        return factors

    def index(self, factors):
        """Indices `[...]` of the images with these factors `[..., K]`; undoes `factors`.

        Raises:
            ValueError: another number of factors, or a value outside of its range.
        """
        return np.ravel_multi_index(
            np.moveaxis(self._checked(factors), -1, 0), tuple(self.factor_sizes.values())
        )

    def render(self, factors):
        """Images `[n, 64, 64, 1 or 3]`, uint8 in {0, 1}, with these factors `[n, K]`.

        Raises:
            ValueError: another number of factors, or a value outside of its range.
        """
        factors = self._checked(factors)
        *color, shape, scale, orientation, x, y = factors.T
        canvas = np.zeros((len(factors), SIDE, SIDE), "uint8")
        boxes = np.lib.stride_tricks.sliding_window_view(
            canvas, (_BOX, _BOX), axis=(1, 2), writeable=True
        )
        boxes[np.arange(len(factors)), y, x] = _sprites()[shape, scale, orientation]
        return canvas[..., None] * _RGB[color[0]][:, None, None] if self.rgb else canvas[..., None]

    def sample(self, n, seed):
        """`n` images drawn evenly from the set, as of `render`, and their factors `[n, K]`."""
        factors = self.factors(
            np.random.default_rng(seed).integers(len(self), size=checks.positive("n", n))
        )
        return self.render(factors), factors

    @property
    def sizes(self):
        """Number of images by split."""
        return {"train": len(self) - _TEST_SIZE, "test": _TEST_SIZE}

    def split(self, part):
        """The images and the visible factors `[N, K]` of a split, both `Drawn`.

        Their order is random, by a fixed draw, so that a slice of a split is an even sample.
        """
        order = np.random.default_rng(0).permutation(len(self))
        index = order[:_TEST_SIZE] if part == "test" else order[_TEST_SIZE:]

        def draw(index):
            return self.render(self.factors(index))

        return (
            Drawn(draw, index, self.event_shape, "uint8"),
            Drawn(self.visible, index, (len(self.factor_sizes),), "int32"),
        )

    def _checked(self, factors):
        factors, sizes = np.asarray(factors), self.factor_sizes
        if factors.ndim == 0 or factors.shape[-1] != len(sizes):
            raise ValueError(
                f"Expected factors {list(sizes)} on the last axis. Received: shape {factors.shape}."
            )
        for name, size, values in zip(sizes, sizes.values(), np.moveaxis(factors, -1, 0)):
            if values.size and not 0 <= values.min() <= values.max() < size:
                raise ValueError(
                    f"Expected factor {name!r} in 0..{size - 1}. "
                    f"Received: {values.min()}..{values.max()}."
                )
        return factors


@functools.cache
def _sprites():
    """`[shape, scale, orientation, 33, 33]`, uint8 in {0, 1}, centroids in the middle pixel."""
    axis = np.arange(_BOX) - _RADIUS
    # A little more, so that a centre on the outline lies inside however the arithmetic rounds.
    scale = np.linspace(0.5, 1, FACTORS["scale"])[:, None, None, None] * _RADIUS * (1 + 1e-9)
    sprites = np.empty((*list(FACTORS.values())[:3], _BOX, _BOX), "uint8")
    for shape, period in enumerate(_PERIOD):
        # Equal orientations are drawn from equal angles: rounding could set a pixel on the outline
        # otherwise.
        angle = (2 * np.pi / FACTORS["orientation"] * (np.arange(FACTORS["orientation"]) % period))[
            :, None, None
        ]
        u = (np.cos(angle) * axis + np.sin(angle) * axis[:, None]) / scale
        v = (np.cos(angle) * axis[:, None] - np.sin(angle) * axis) / scale
        sprites[shape] = _inside(SHAPES[shape], u, v)
    return sprites


def _inside(shape, u, v):
    """Whether points, u to the right and v down, lie inside an outline that reaches 1."""
    if shape == "square":
        return np.maximum(np.abs(u), np.abs(v)) <= math.sqrt(0.5)
    if shape == "ellipse":
        return u**2 + (v / 0.6) ** 2 <= 1
    u, v = u * _HEART_RADIUS, _HEART_CENTROID - v * _HEART_RADIUS
    return (u**2 + v**2 - 1) ** 3 <= u**2 * v**3
