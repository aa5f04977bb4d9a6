"""Captioned scenes: two or three objects on a colored background, and a sentence about them.

An image has nine cells, three by three. An object is a circle, a square, a triangle or a cross, of
six colors and two sizes, off the middle of its cell by at most 0.7 pixels of 32 each way; edges are
smoothed over a pixel. The first object stands in one row or column with the second, so to its left,
to its right, above or below; a third one, in half of the scenes, stands across that line from the
second. `kerasgen.data.synthetic.captions` puts this into words.

Of the 24 pairs of shape and color, four are held out: training scenes have none of them, those of
the split `held_out` exactly one.
"""

import dataclasses
import functools

import numpy as np

from kerasgen import checks
from kerasgen.data.synthetic import captions
from kerasgen.data.synthetic.captions import BACKGROUNDS, COLORS, RELATIONS, SHAPES, SIZES
from kerasgen.data.synthetic.drawn import Drawn

CELLS = 9
HELD_OUT = (("circle", "yellow"), ("square", "purple"), ("triangle", "red"), ("cross", "cyan"))
# Number of values of each of an image's attributes: of every cell its shape, color and size, 0 for
# none, in raster order, and then the background.
ATTRIBUTES = (len(SHAPES) + 1, len(COLORS) + 1, len(SIZES) + 1) * CELLS + (len(BACKGROUNDS),)

_RGB = np.array(  # of COLORS
    [[230, 30, 30], [40, 170, 60], [40, 70, 230], [245, 215, 40], [150, 50, 190], [50, 200, 220]],
    "float32",
)
_BACKGROUND_RGB = np.array(
    [[20, 20, 20], [240, 240, 240], [128, 128, 128], [110, 70, 40]], "float32"
)
_RADIUS = np.array([2.9, 4.3], "float32")  # of SIZES, in pixels of 32
_JITTER = 0.7
_MARGIN = 1  # pixels of 32 around the cells, which are 10 wide
_LEFT, _RIGHT, _ABOVE, _BELOW = range(len(RELATIONS))


@dataclasses.dataclass(frozen=True)
class Scenes:
    """N scenes. Names are numbered as `captions` lists them.

    Attributes:
        cell: of each object, `[N, 3]`, in raster order; -1 for a third object that is not there.
        shape, color, size: of each object, `[N, 3]`.
        offset: of each object from the middle of its cell, right and down, in pixels of 32,
            `[N, 3, 2]`.
        background: `[N]`.
        relation: of the first object to the second and of the second to the third, `[N, 2]`.
        size_said, background_said: whether the sentence tells, `[N, 3]` and `[N]`.

    >>> scenes = draw(3, seed=0)
    >>> isinstance(scenes, Scenes), scenes.cell.shape
    (True, (3, 3))
    """

    cell: np.ndarray
    shape: np.ndarray
    color: np.ndarray
    size: np.ndarray
    offset: np.ndarray
    background: np.ndarray
    relation: np.ndarray
    size_said: np.ndarray
    background_said: np.ndarray

    def __len__(self):
        return len(self.cell)

    def __getitem__(self, rows):
        return Scenes(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))

    def attributes(self):
        """What a look at the images tells, `[N, len(ATTRIBUTES)]` int32."""
        # A last cell takes objects that are not there.
        values = np.zeros((len(self), CELLS + 1, 3), "int32")
        rows = np.arange(len(self))[:, None]
        values[rows, self.cell] = np.stack([self.shape, self.color, self.size], axis=-1) + 1
        return np.concatenate(
            [values[:, :CELLS].reshape(len(self), -1), self.background[:, None]],
            axis=1,
            dtype="int32",
        )

    def render(self, side=32):
        """Images `[N, side, side, 3]` uint8.

        Raises:
            ValueError: a side that 32 does not divide.
        """
        if side < 32 or side % 32:
            raise ValueError(f"Expected a side that 32 divides. Received: side={side!r}")
        scale = side // 32
        tile = 10 * scale
        tiles = np.broadcast_to(
            _BACKGROUND_RGB[self.background][:, None, None, None], (len(self), CELLS, tile, tile, 3)
        )
        tiles = tiles.copy()
        rows, objects = np.nonzero(self.cell >= 0)
        cells = self.cell[rows, objects]
        coverage = self._coverage(rows, objects, scale)[..., None]
        color = _RGB[self.color[rows, objects]][:, None, None]
        tiles[rows, cells] += coverage * (color - tiles[rows, cells])
        images = np.broadcast_to(
            _BACKGROUND_RGB[self.background][:, None, None], (len(self), side, side, 3)
        ).copy()
        inner = slice(_MARGIN * scale, side - _MARGIN * scale)
        tiles = tiles.reshape(len(self), 3, 3, tile, tile, 3).transpose(0, 1, 3, 2, 4, 5)
        images[:, inner, inner] = tiles.reshape(len(self), 3 * tile, 3 * tile, 3)
        return np.rint(images).astype("uint8")

    def _coverage(self, rows, objects, scale):
        """The share of each pixel of a cell that its object covers, by the pixel's distance."""
        middles = (np.arange(10 * scale, dtype="float32") + 0.5) / scale - 5
        x, y = np.moveaxis(self.offset[rows, objects], -1, 0)[..., None, None]
        x, y = middles - x, middles[:, None] - y
        r = _RADIUS[self.size[rows, objects]][:, None, None]
        distance = np.empty((len(rows), *middles.shape * 2), "float32")
        for shape, outside in enumerate((_circle, _square, _triangle, _cross)):
            chosen = self.shape[rows, objects] == shape
            distance[chosen] = outside(x[chosen], y[chosen], r[chosen])
        return np.clip(0.5 - scale * distance, 0, 1)


# How far points lie outside of an outline that reaches r from the middle; inside it is negative.


def _circle(x, y, r):
    return np.hypot(x, y) - r


def _square(x, y, r):
    return np.maximum(np.abs(x), np.abs(y)) - 0.87 * r


def _triangle(x, y, r):
    """The tip at -r, the base at 0.85 r and 2 r long."""
    return np.maximum(y - 0.85 * r, (1.85 * np.abs(x) - y - r) / np.hypot(1.85, 1))


def _cross(x, y, r):
    x, y = np.abs(x), np.abs(y)
    return np.maximum(np.minimum(x, y) - 0.34 * r, np.maximum(x, y) - r)


def draw(count, seed, pairs="seen"):
    """`count` scenes; equal seeds give equal scenes.

    Args:
        count: N.
        seed: an integer of at least 0.
        pairs: of shape and color: "seen" in training, "held_out" for exactly one object of each
            scene, or "all".

    Raises:
        ValueError: count below 1, or other pairs.

    >>> scenes = draw(3, seed=0)
    >>> len(scenes)
    3
    """
    if pairs not in ("seen", "held_out", "all"):
        raise ValueError(
            f"Expected pairs to be 'seen', 'held_out' or 'all'. Received: pairs={pairs!r}"
        )
    rng = np.random.default_rng(seed)
    count = checks.positive("count", count)
    held_out = np.array(
        [(list(SHAPES).index(shape), list(COLORS).index(color)) for shape, color in HELD_OUT]
    )
    every = np.stack(np.divmod(np.arange(len(SHAPES) * len(COLORS)), len(COLORS)), axis=-1)
    seen = every[~np.any(np.all(every[:, None] == held_out, axis=-1), axis=1)]
    kinds = rng.choice(every if pairs == "all" else seen, (count, 3))
    cell, relation = _layout(rng, count)
    if pairs == "held_out":
        which = np.floor(rng.random(count) * np.sum(cell >= 0, axis=1)).astype(int)
        kinds[np.arange(count), which] = rng.choice(held_out, count)
    return Scenes(
        cell,
        kinds[..., 0],
        kinds[..., 1],
        rng.integers(len(SIZES), size=(count, 3)),
        rng.uniform(-_JITTER, _JITTER, (count, 3, 2)).astype("float32"),
        rng.integers(len(BACKGROUNDS), size=count),
        relation,
        rng.random((count, 3)) < 2 / 3,
        rng.random(count) < 1 / 2,
    )


def _layout(rng, count):
    """Cells `[count, 3]` and relations `[count, 2]`.

    Drawn as for a row and a third object above or below; every other scene is then turned by
    swapping its axes.
    """
    first, second, down, third = (rng.integers(n, size=count) for n in (3, 2, 3, 2))
    second = second + (second >= first)  # any other than the first
    third = third + (third >= down)
    x, y = np.stack([first, second, second]), np.stack([down, down, third])
    along = np.where(first < second, _LEFT, _RIGHT)
    across = np.where(down < third, _ABOVE, _BELOW)
    turned = rng.random(count) < 1 / 2
    cell = np.where(turned, 3 * x + y, 3 * y + x).T
    cell[rng.random(count) < 1 / 2, 2] = -1
    turn = np.array([_ABOVE, _BELOW, _LEFT, _RIGHT])
    return cell, np.where(turned, turn[[along, across]], [along, across]).T


# Number of scenes, seed and pairs of each split, by what the labels are.
_SPLITS = {
    "captions": {
        "train": (200_000, 0, "seen"),
        "test": (10_000, 1, "seen"),
        "held_out": (10_000, 2, "held_out"),
    },
    "attributes": {"train": (100_000, 3, "all"), "test": (10_000, 4, "all")},
}


SIZES = {
    what: {part: count for part, (count, *_) in parts.items()} for what, parts in _SPLITS.items()
}


@functools.cache
def _drawn(what, part):
    count, seed, pairs = _SPLITS[what][part]
    scenes = draw(count, seed, pairs)
    return scenes, captions.write(scenes, seed) if what == "captions" else scenes.attributes()


def split(side, what, part):
    """Images of one side, `Drawn`, and what is told of them.

    Args:
        side: of an image, in pixels.
        what: "captions", word numbers `[N, T]`, or "attributes", `[N, A]`.
        part: a split, a key of `SIZES[what]`.

    >>> pictures, words = split(32, "captions", list(SIZES["captions"])[-1])
    >>> len(pictures) == len(words), pictures.shape[1:]
    (True, (32, 32, 3))
    """
    scenes, labels = _drawn(what, part)
    return images(scenes, side), labels


def images(scenes, side):
    """Their images, uint8 `[N, side, side, 3]`, drawn when asked for.

    >>> images(draw(3, seed=0), 16).shape
    (3, 16, 16, 3)
    """
    return Drawn(lambda some: some.render(side), scenes, (side, side, 3), "uint8")
