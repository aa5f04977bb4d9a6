"""Events of real numbers: images, vectors, series."""

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.checks.arguments import Columns, Levels, Numbers, Scales
from kerasgen.events.base import Event
from kerasgen.registration import register

_CHANNELS = (1, 2, 3, 4)  # that images have
_COLOURS = {
    1: ["grey"],
    2: ["grey", "opacity"],
    3: ["red", "green", "blue"],
    4: ["red", "green", "blue", "opacity"],
}
_BRIGHTEST = 16  # pixel that a fault of scale explains; brighter ones are bytes
_BETWEEN = 0.01  # of the step between two levels: rounding in float32 errs by less


@register
class Image(Event):
    """An image: pixels in [0, 1], `[height, width, channels]`.

    Args:
        height, width, channels: of an image.
        levels: number of values that a pixel has, 0, 1/(levels-1), ..., 1; None for any in [0, 1].

    >>> tuple(Image(28, 28, 1).check(np.zeros((2, 28, 28, 1))).shape)
    (2, 28, 28, 1)
    >>> Image(28, 28, 1).check(np.full((1, 28, 28, 1), 255.0))
    Traceback (most recent call last):
    ValueError: Expected values in [0, 1]. Received: values in [255, 255]. Divide by 255.
    """

    name = "images"
    values = "[0, 1]"
    meaning = "images"
    is_picture = True

    def __init__(self, height: int, width: int, channels: int, levels: Levels | None = None):
        self.height = checks.positive("height", height)
        self.width = checks.positive("width", width)
        self.channels = checks.positive("channels", channels)
        self.levels = levels

    @property
    def shape(self):
        return self.height, self.width, self.channels

    def faults(self, x, xp=ops):
        faults = super().faults(x, xp)
        below, above, bytes_ = xp.any(x < 0), xp.any(x > 1), xp.any(x > _BRIGHTEST)
        others = xp.logical_or(below, xp.logical_not(bytes_))
        faults["pixels in 0..255 (divide them by 255)"] = xp.logical_and(bytes_, ~below)
        faults["pixels in [-1, 1] (rescale them: (x + 1) / 2)"] = xp.logical_and(below, ~above)
        faults["pixels outside [0, 1]"] = xp.logical_and(above, others)
        if self.levels:
            steps = x * (self.levels - 1)
            between = xp.abs(steps - xp.round(steps)) > _BETWEEN
            faults[f"pixels between {self.levels} levels"] = xp.any(between)
        return faults

    def _explain(self, x):
        if not np.all(np.isfinite(x)):
            return super()._explain(x)
        low, high = x.min(), x.max()
        if low < 0 or high > 1:
            remedy = _rescaling(low, high)
            received = f"values in [{low:g}, {high:g}]"
            return f"Expected values in [0, 1]. Received: {received}. {remedy}"
        steps = x * (self.levels - 1)
        between = np.abs(steps - np.round(steps)) > _BETWEEN
        binarize = 'Binarize them: x > 0.5, or binarize="dynamic" in kerasgen.data.load.'
        return (
            f"Expected pixels of {self.levels} levels, multiples of 1/{self.levels - 1}. Received: "
            f"{x[between][0]:g} and {np.count_nonzero(between) - 1:,} more between two levels. "
            f"{binarize if self.levels == 2 else 'Round them.'}"
        )

    def _remedy(self, shape):
        height, width, channels = self.shape
        if shape == (height, width) and channels == 1:
            return "For a single grey image, add both axes: x[None, ..., None]."
        if len(shape) not in (3, 4) or shape == self.shape:
            return super()._remedy(shape)
        rest = shape[1:]
        steps = []
        channels_first = len(rest) == 3 and rest[0] in _CHANNELS and rest[:2] != (height, width)
        if channels_first and (rest[2] not in _CHANNELS or rest[1:] == (height, width)):
            steps.append("Move the channels to the end: np.moveaxis(x, 1, -1)")
            rest = (*rest[1:], rest[0])
        if rest[:2] != (height, width):
            steps.append(f"Resize or crop the images to {height} x {width}")
        if len(rest) == 2:
            steps.append("Add the channel axis: x[..., None]")
        have = rest[2] if len(rest) == 3 else 1
        if have != channels:
            steps.append(_recolouring(have, channels))
        return ". ".join(steps) + "."

    def clip(self, x):
        return ops.clip(x, 0.0, 1.0)

    def details(self):
        told = {"axes": ["height", "width", "channels"], "range": [0, 1], "dark": 0, "bright": 1}
        if self.channels in _COLOURS:
            told["colours"] = _COLOURS[self.channels]
        return told | ({"levels": self.levels} if self.levels else {})

    def from_stored(self, stored, dtype=np.float32):
        values = stored.astype(dtype, copy=False)
        return values / dtype(self.levels - 1) if stored.dtype.kind == "u" else values

    def validate_stored(self, stored):
        if stored.dtype.kind != "u":
            self.validate(stored)
        elif stored.max(initial=0) >= self.levels:
            raise ValueError(
                f"Expected pixels in 0..{self.levels - 1}, the maximum. Received: {stored.max()}."
            )

    def stored_with(self):
        return {"maximum": self.levels - 1} if self.levels else {}

    def example(self, n, seed):
        noise = np.random.default_rng(seed).random((n, *self.shape), dtype="float32")
        if self.levels:
            noise = np.round(noise * (self.levels - 1)) / np.float32(self.levels - 1)
        return noise

    def render(self, x):
        x = ops.convert_to_numpy(x)
        if self.channels in (2, 4):  # the last is transparency: laid on white
            return x[..., :-1] * x[..., -1:] + 1 - x[..., -1:]
        return x if self.channels in (1, 3) else x.mean(axis=-1, keepdims=True)


@register
class SmallImage(Image):
    """An image from which a larger one is drawn: a condition, whose tensor has a name of its own.

    Arguments are those of `Image`.

    >>> sorted(SmallImage(14, 14, 1).tensors())
    ['small_images']
    """

    name = "small_images"
    meaning = "small images"


@register
class Vector(Event):
    """A vector: real numbers without an order, `[size]`, as points are and rows of a table.

    Args:
        size: how many.

    >>> Vector(2).shape
    (2,)
    """

    name = "vectors"
    meaning = "vectors"

    def __init__(self, size: int):
        self._size = checks.positive("size", size)

    @property
    def shape(self):
        return (self._size,)

    @property
    def columns(self) -> list[str]:
        """What each number is called."""
        return [f"x{number}" for number in range(1, self._size + 1)]

    @property
    def is_plane(self):
        return self._size == 2

    def details(self):
        return {"axes": ["column"], "columns": self.columns}

    def __repr__(self):
        return f"Vector({self._size})"


@register
class Table(Vector):
    """The numeric columns of a table in units of their own, `[len(columns)]`.

    Data, samples and densities are in those units. What a latent-variable model's networks read and
    predict, and what a mixture is fitted to, is standardized.

    Args:
        columns: their names.
        means, scales: of the columns, usually means and standard deviations of the training rows.

    >>> table = Table(["height", "weight"], means=[1.7, 70.0], scales=[0.1, 15.0])
    >>> table.standardized(np.array([[1.8, 55.0]])).round(3).tolist()
    [[1.0, -1.0]]
    """

    @property
    def is_plane(self):
        return False  # its columns have units of their own

    def __init__(self, columns: Columns, means: Numbers, scales: Scales):
        super().__init__(len(columns))
        self._columns = [str(column) for column in columns]
        self.means = [float(mean) for mean in means]
        self.scales = [float(scale) for scale in scales]
        if not len(self.means) == len(self.scales) == self.size or min(self.scales) <= 0:
            raise ValueError(
                f"Expected a mean and a positive scale for each of {self.size} columns. Received: "
                f"means={means}, scales={scales}."
            )

    def __repr__(self):
        return f"Table({', '.join(self.columns)})"

    @property
    def columns(self):
        return self._columns

    @property
    def unit(self):
        return np.array(self.scales, "float32")

    @property
    def log_volume(self):
        return float(np.sum(np.log(self.scales)))

    def stored_with(self):
        return {"columns": self.columns, "means": self.means, "scales": self.scales}

    def details(self):
        return super().details() | {"means": self.means, "scales": self.scales}

    def standardized(self, x):
        return (x - np.array(self.means, "float32")) / self.unit

    def in_units(self, x):
        return x * self.unit + np.array(self.means, "float32")


@register
class Series(Event):
    """A series: real numbers over time, `[length, channels]`.

    Args:
        length: number of samples.
        channels: numbers of a sample.

    >>> Series(24, 3).shape
    (24, 3)
    """

    name = "series"
    meaning = "series"

    def __init__(self, length: int, channels: int):
        self.length = checks.positive("length", length)
        self.channels = checks.positive("channels", channels)

    @property
    def shape(self):
        return self.length, self.channels

    def details(self):
        return {"axes": ["time", "channel"]}


def _rescaling(low, high):
    """How values from low to high become pixels in [0, 1]."""
    if low >= 0 and _BRIGHTEST < high <= 255:
        return "Divide by 255."
    if low >= 0 and 255 < high <= 65535:
        return "Divide by 65535."
    return "Rescale the data: (x + 1) / 2." if low >= -1 and high <= 1 else "Rescale the data."


def _recolouring(have, want):
    """How images of `have` channels get `want` of them."""
    if want == 1:
        return (
            "Keep the grey channel: x[..., :1]"
            if have == 2
            else "Make the images grey: x[..., :3].mean(-1, keepdims=True)"
        )
    if have == 1:
        return f"Repeat the grey channel: np.repeat(x, {want}, axis=-1)"
    if have > want:
        return f"Keep {want} channels: x[..., :{want}]"
    return f"Add the {want - have} channels that are missing, or build the model for {have}"
