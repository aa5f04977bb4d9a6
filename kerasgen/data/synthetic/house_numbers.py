"""House numbers: a digit of a number on a wall, in color, of which it is known where it is.

A picture of 32x32 shows a digit of one of nineteen fonts, 18 to 26 pixels high, turned by at most
10 degrees, sheared, stretched, seen at a slant and off the middle. Its neighbours to the left and
to the right, where there are any, are cut off by the picture's edge. The wall is a gradient of two
colors with a relief of waves and of blotches, shaded to one side; all has grain and is blurred.

The luma of the digit's color differs from that of the wall's colors by at least `CONTRAST`. The
class is the digit in the middle.

The task is that of Street View House Numbers (Netzer and others 2011), the set `svhn_cropped`; the
pictures are this module's own.
"""

import dataclasses
import functools

import numpy as np

from kerasgen import checks
from kerasgen.data.synthetic import glyphs
from kerasgen.data.synthetic.drawn import Drawn

SIDE = 32
CONTRAST = 0.4  # of luma in [0, 1]
LUMA = np.array([0.2126, 0.7152, 0.0722], "float32")  # of red, green and blue, ITU-R BT.709
SIZES = {"train": 60_000, "test": 10_000}
_SEEDS = {"train": 0, "test": 1}
_NUMBERS = 47  # that an example is drawn from
_RELIEF = 256  # side of the picture that blotches and grain are cut from
_BLOCK = 64  # examples drawn at once, which stay in a processor's cache
_AXIS = np.arange(SIDE, dtype="float32") - (SIDE - 1) / 2  # pixels from the middle


@dataclasses.dataclass(frozen=True)
class HouseNumbers:
    """N pictures, by what they are drawn from.

    Attributes:
        digits: to the left, in the middle and to the right, `[N, 3]`; -1 for none.
        font: of `glyphs.FONTS`, `[N]`.
        pose: the homography of pixels from the middle, to the right and down, to heights of a digit
            from the middle of the digit, `[N, 3, 3]`.
        height: of a digit in pixels, `[N]`.
        gap: between digits in heights, `[N]`.
        boldness: pixels by which outlines are moved outwards, `[N]`.
        blur: width of an edge in pixels, `[N]`.
        colors: red, green and blue of the digits and of the wall's two sides, `[N, 3, 3]`.
        slope: from one side of the wall to the other, a step to the right and down, `[N, 2]`.
        shade: by how much of it light falls at a step to the right and down, `[N, 2]`.
        wave: phase of the wall's waves, and its rise at a step to the right and down, `[N, 3]`.
        relief: height of waves, of blotches and of grain, `[N, 3]`.
        cut: where blotches and grain come from, `[N, 2, 2]`.

    >>> numbers = draw(3, seed=0)
    >>> numbers.digits[:, 1], numbers[:2].render().shape
    (array([2, 0, 9], dtype=int32), (2, 32, 32, 3))
    """

    digits: np.ndarray
    font: np.ndarray
    pose: np.ndarray
    height: np.ndarray
    gap: np.ndarray
    boldness: np.ndarray
    blur: np.ndarray
    colors: np.ndarray
    slope: np.ndarray
    shade: np.ndarray
    wave: np.ndarray
    relief: np.ndarray
    cut: np.ndarray

    def __len__(self):
        return len(self.font)

    def __getitem__(self, rows):
        return HouseNumbers(*(getattr(self, each.name)[rows] for each in dataclasses.fields(self)))

    def render(self):
        """Pictures `[N, 32, 32, 3]` uint8.

        >>> draw(2, seed=0).render().shape
        (2, 32, 32, 3)
        """
        pictures = np.empty((len(self), SIDE, SIDE, 3), "uint8")
        for rows in self._blocks():
            pictures[rows] = self[rows]._render()
        return pictures

    def mask(self):
        """Which pixels belong to the digit in the middle, Boolean `[N, 32, 32]`.

        >>> bool(draw(1, seed=0).mask().mean() > 0.05)
        True
        """
        masks = np.empty((len(self), SIDE, SIDE), bool)
        for rows in self._blocks():
            outside, place = self[rows]._outside()
            masks[rows] = (outside < 0) & (place == 0)
        return masks

    def _blocks(self):
        return (slice(start, start + _BLOCK) for start in range(0, len(self), _BLOCK))

    def _outside(self):
        """Pixels by which each pixel lies outside of digits, and the place of the nearest digit.

        Places are -1 to the left, 0 in the middle and 1 to the right.
        """
        known, widths = glyphs.distances()
        glyph = np.where(self.digits < 0, glyphs.NONE, self.digits + 10 * self.font[:, None])
        glyph, width, gap = glyph.T[..., None, None], widths[glyph].T[..., None, None], self.gap
        gap = gap[:, None, None]
        pose = np.moveaxis(self.pose, 0, -1)[..., None, None]
        x, y, scale = (row[0] * _AXIS + row[1] * _AXIS[:, None] + row[2] for row in pose)
        x, y = x / scale, y / scale
        edge = (width[1] + gap) / 2
        is_left, is_right = x < -edge, x > edge
        chosen = np.where(is_left, glyph[0], np.where(is_right, glyph[2], glyph[1]))
        x += np.where(is_left, edge + (width[0] + gap) / 2, 0)
        x -= np.where(is_right, edge + (width[2] + gap) / 2, 0)
        side = known.shape[-1]
        cells = side / (2 * glyphs.REACH)
        column, row = (
            np.clip((each + glyphs.REACH) * cells, 0, side - 1).astype("int32") for each in (x, y)
        )
        outside = known.ravel()[(chosen * side + row) * side + column]
        outside = outside * self.height[:, None, None] - self.boldness[:, None, None]
        return outside, is_right.astype("int8") - is_left

    def _render(self):
        outside, _ = self._outside()
        digit, here, there = np.moveaxis(self.colors, 1, 0)[:, :, None, None]
        wall = here + np.clip(0.5 + _plane(self.slope), 0, 1)[..., None] * (there - here)
        waves, blotches, grain = self.relief.T[..., None, None]
        phase = self.wave[:, :1, None] + _plane(self.wave[:, 1:])
        relief = waves * np.sin(phase) + blotches * _cut(_blotches(), self.cut[:, 0])
        wall += relief[..., None]
        covered = np.clip(0.5 - outside / self.blur[:, None, None], 0, 1)[..., None]
        picture = wall + covered * (digit - wall)
        light = 1 - np.clip(np.abs(self.shade).sum(axis=1) * SIDE / 2, 0, 1)[:, None, None]
        picture *= (light + _plane(self.shade))[..., None]
        picture += (grain * _cut(_grain(), self.cut[:, 1]))[..., None]
        return np.rint(255 * np.clip(picture, 0, 1)).astype("uint8")


def _plane(slope):
    """What rises by `slope` at a step to the right and down, 0 in the middle, `[N, 32, 32]`."""
    return slope[:, :1, None] * _AXIS + slope[:, 1:, None] * _AXIS[:, None]


def _cut(picture, corner):
    """Squares `[N, 32, 32]` of a larger one."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (SIDE, SIDE))
    return windows[corner[:, 0], corner[:, 1]]


@functools.cache
def _grain():
    return np.random.default_rng(0).standard_normal((_RELIEF, _RELIEF), "float32")


@functools.cache
def _blotches():
    """Noise of four scales, from patches to specks, of variance 1."""
    from scipy import ndimage

    noise = np.random.default_rng(1).standard_normal((4, _RELIEF, _RELIEF))
    scales = [ndimage.gaussian_filter(each, 2**k) for k, each in enumerate(noise)]
    blotches = sum(each / each.std() for each in scales)
    return (blotches / blotches.std()).astype("float32")


def draw(count, seed):
    """`count` house numbers; each depends on the seed and its position alone.

    Raises:
        ValueError: count below 1.

    >>> draw(100, seed=3)[:2].digits.tolist() == draw(2, seed=3).digits.tolist()
    True
    """
    count = checks.positive("count", count)
    columns = iter(np.random.default_rng(seed).random((count, _NUMBERS)).T)

    def among(n):
        return (n * next(columns)).astype("int32")

    def between(low, high):
        return (low + (high - low) * next(columns)).astype("float32")

    def direction(low, high):
        angle, size = between(0, 2 * np.pi), between(low, high)
        return np.stack([size * np.cos(angle), size * np.sin(angle)], axis=1)

    digits = np.stack([among(10), among(10), among(10)], axis=1)
    digits[between(0, 1) < 0.4, 0] = -1
    digits[between(0, 1) < 0.4, 2] = -1
    height = between(18, 26)
    wave = [between(0, 2 * np.pi), *direction(0.3, 2).T]
    return HouseNumbers(
        digits=digits,
        font=among(len(glyphs.FONTS)),
        pose=_pose(height, between),
        height=height,
        gap=between(0.08, 0.25),
        boldness=between(0.1, 0.6),
        blur=between(1, 2.2),
        colors=_colors(between),
        slope=direction(0, 1 / SIDE),
        shade=direction(0, 0.2 / SIDE),
        wave=np.stack(wave, axis=1),
        relief=np.stack([between(-0.06, 0.06), between(0, 0.05), between(0, 0.03)], axis=1),
        cut=np.stack([among(_RELIEF - SIDE + 1) for _ in range(4)], axis=1).reshape(-1, 2, 2),
    )


def _pose(height, between):
    """Pixels to heights of a digit: moved, turned, sheared, stretched, seen at a slant."""
    angle, shear, stretch = between(-1, 1) * np.pi / 18, between(-0.15, 0.15), between(0.85, 1.2)
    pose = np.zeros((len(height), 3, 3), "float32")
    cosine, sine = np.cos(angle), np.sin(angle)
    pose[:, 0, 0], pose[:, 0, 1] = cosine + shear * sine, shear * cosine - sine
    pose[:, 1, 0], pose[:, 1, 1] = sine, cosine
    pose[:, 0] *= stretch[:, None]
    pose[:, :2] /= height[:, None, None]
    offset = np.stack([between(-2.5, 2.5), between(-2.5, 2.5)], axis=1)
    pose[:, :2, 2] = -np.einsum("nij,nj->ni", pose[:, :2, :2], offset)
    pose[:, 2] = np.stack([between(-0.006, 0.006), between(-0.006, 0.006), np.ones_like(angle)], 1)
    return pose


def _colors(between):
    """Colors of the digits and of the wall's sides, of lumas at least `CONTRAST` apart."""
    contrast = between(CONTRAST, 0.85)
    dark = 0.04 + between(0, 1) * (0.92 - contrast)
    is_light = between(0, 1) < 0.5
    digit, here = np.where(is_light, [dark + contrast, dark], [dark, dark + contrast])
    away = between(0, 0.15) * np.where(is_light, -1, 1)
    lumas = digit, here, np.clip(here + away, 0.02, 0.98)
    return np.stack([_color(luma, between) for luma in lumas], axis=1).astype("float32")


def _color(luma, between):
    """Colors `[N, 3]` of given lumas, grey to as saturated as there are."""
    chroma = np.stack([between(0, 1) for _ in range(3)], axis=1)
    chroma -= (chroma @ LUMA)[:, None]
    room = np.where(chroma > 0, 1 - luma[:, None], -luma[:, None])
    most = np.min(room / np.where(chroma == 0, 1e-6, chroma), axis=1)
    return luma[:, None] + (between(0, 1) * np.maximum(most, 0))[:, None] * chroma


@functools.cache
def _drawn(part):
    return draw(SIZES[part], _SEEDS[part])


def split(part):
    """Pictures of "train" or "test", `Drawn`, and their digits `[N]` int32.

    >>> pictures, digits = split("test")
    >>> pictures[np.arange(2)].shape, len(digits)
    ((2, 32, 32, 3), 10000)
    """
    numbers = _drawn(part)
    pictures = Drawn(lambda some: some.render(), numbers, (SIDE, SIDE, 3), "uint8")
    return pictures, numbers.digits[:, 1]


def masks(part):
    """Which pixels of a split's pictures belong to the digit of the class, `[N, 32, 32]`, `Drawn`.

    >>> masks("test")[np.arange(2)].shape
    (2, 32, 32)
    """
    return Drawn(lambda some: some.mask(), _drawn(part), (SIDE, SIDE), "bool")
