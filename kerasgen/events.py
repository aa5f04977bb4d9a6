"""What one example is, and what a model may be conditional on: the events of probability.

    Image, Vector, Series    real numbers        Tokens, Classes, Sentences    whole numbers
    Joint                    several at once     Nothing                       no condition

An event knows its shape and its range. It checks what callers pass, clips what models draw, names
the tensors of exported files and renders examples as pictures. A plain list stands for an `Image`
of three numbers or a `Vector` of one, a plain number for `Classes`.
"""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.registration import register
from kerasgen.text import Vocabulary

_ROWS = 4096  # examples whose values are looked at together, which bounds the memory of a check
_BETWEEN = 0.01  # of the step between two levels: rounding in float32 errs by less


class Tensor(NamedTuple):
    """A tensor that exported files take or give.

    Attributes:
        shape: of one example.
        dtype: of its elements.
        values: the range that they have.
        meaning: what they are.
    """

    shape: tuple[int, ...]
    dtype: str
    values: str
    meaning: str


class Event:
    """Base of the events.

    Attributes:
        shape: of one example.
        dtype: of its elements.
        name: of a batch of examples in exported files.
    """

    dtype = "float32"
    name = "examples"
    values = "real"
    meaning = "examples"
    shape: tuple[int, ...]

    def __repr__(self):
        arguments = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if not k.startswith("_"))
        return f"{type(self).__name__}({arguments})"

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash((type(self), self.shape))

    @property
    def size(self) -> int:
        """Number of elements of one example."""
        return math.prod(self.shape)

    def check(self, x: Any):
        """Examples `[B, *shape]` as a tensor of the event's type.

        Raises:
            ValueError: another shape, or values out of range; inside a traced function only the
                shape is known.
        """
        self.validate(x)
        return ops.cast(x, self.dtype)

    def validate(self, x: Any) -> None:
        """The errors of `check`, without a copy of the examples."""
        if x is None:
            raise ValueError(f"Expected {self.meaning} of {self!r}. Received: None. Pass some.")
        shape = tuple(ops.shape(x))
        if len(shape) != len(self.shape) + 1 or any(
            have != want for have, want in zip(shape[1:], self.shape) if isinstance(have, int)
        ):
            expected = ", ".join(["batch", *map(str, self.shape)])
            raise ValueError(
                f"Expected {self.meaning} of shape [{expected}]. Received: shape {shape}. "
                f"{self._remedy(shape)}"
            )
        if isinstance(shape[0], int) and shape[0] == 0:
            raise ValueError("Expected at least 1 example. Received: 0.")
        if backend.is_concrete(x):
            for start in range(0, shape[0], _ROWS):
                rows = ops.convert_to_numpy(x[start : start + _ROWS])
                if rows.dtype.kind in "OSU":
                    raise ValueError(
                        f"Expected {self.meaning} as numbers. Received: {rows.dtype}. Convert them."
                    )
                if any(self.faults(rows, np).values()):
                    raise ValueError(self._explain(ops.convert_to_numpy(x)))

    def faults(self, x: Any, xp: Any = ops) -> dict[str, Any]:
        """What can be wrong with the values of examples: a Boolean scalar for each fault.

        Args:
            x: examples `[B, *shape]`.
            xp: `keras.ops`, also inside traced functions, or NumPy.
        """
        wrong = xp.any(xp.logical_not(xp.isfinite(x))) if _is_float(x) else False
        return {"NaN or infinite values": wrong}

    def _remedy(self, shape) -> str:
        if shape == self.shape:
            return "For a single example, add a batch axis: x[None]."
        if shape and math.prod(shape[1:]) == self.size and all(isinstance(n, int) for n in shape):
            return f"Reshape the data: x.reshape(-1, {', '.join(map(str, self.shape))})."
        return "Bring the data into that shape first."

    def _explain(self, x) -> str:
        bad = np.count_nonzero(~np.isfinite(x))
        return (
            f"Expected finite {self.meaning}. Received: {bad} NaN or infinite values. "
            "Remove or repair those examples."
        )

    def clip(self, x):
        """Examples within the event's range, which draws of an unbounded likelihood may leave."""
        return x

    def symbolic(self):
        """A symbolic batch of examples, to build networks by."""
        return keras.KerasTensor((None, *self.shape), self.dtype)

    def tensors(self) -> dict[str, Tensor]:
        """What a batch of examples is in exported files, by name."""
        return {self.name: Tensor(self.shape, self.dtype, self.values, self.meaning)}

    def pack(self, tensors: dict[str, Any]):
        """The batch that named tensors of an exported file stand for."""
        return tensors[self.name]

    def unpack(self, x) -> dict[str, Any]:
        """The named tensors that stand for a batch in exported files."""
        return {self.name: x}

    def example(self, n: int, seed: int) -> Any:
        """`n` examples of noise within the range, NumPy: for calibration without data."""
        return np.random.default_rng(seed).standard_normal((n, *self.shape)).astype(self.dtype)

    def render(self, x) -> np.ndarray:
        """Pictures `[N, H, W, C]` in [0, 1] of examples `[N, *shape]`."""
        from kerasgen.plot.thumbnails import curves  # imports matplotlib

        return curves(np.reshape(ops.convert_to_numpy(x), (len(x), self.shape[0], -1)))

    # As a condition

    @property
    def encoded_size(self) -> int:
        """Size of `encoded`."""
        return self.size

    def encoded(self, condition):
        """A condition as vectors `[B, encoded_size]` float32, as networks read it."""
        return ops.reshape(ops.cast(condition, "float32"), (-1, self.encoded_size))

    def request(self, n: int, condition):
        """The condition of `n` examples that are asked for; one value stands for all of them.

        Raises:
            ValueError: those of `check`; another number of values than 1 or n.
        """
        if condition is not None and np.shape(condition) == self.shape:
            condition = np.repeat(np.asarray(condition)[None], n, axis=0)
        condition = self.check(condition)
        if condition.shape[0] == 1 < n:
            condition = ops.repeat(condition, n, axis=0)
        if condition.shape[0] != n:
            raise ValueError(
                f"Expected a condition for each of n={n} examples, or one for all. "
                f"Received: {condition.shape[0]}."
            )
        return condition

    rows = "one row a condition"  # of pictures that show a model by it

    @property
    def num_shown(self) -> int | None:
        """How many values there are to show a model by, or None where there is no choice."""
        return None

    def shown(self, n: int):
        """Values of `n` examples to show a model by."""
        return self.example(n, 0)


@register
class Image(Event):
    """Pixels in [0, 1], `[height, width, channels]`.

    Args:
        height, width, channels: of an image.
        levels: number of values that a pixel has, 0, 1/(levels-1), ..., 1; None for any in [0, 1].
    """

    name = "images"
    values = "[0, 1]"
    meaning = "images"

    def __init__(self, height: int, width: int, channels: int, levels: int | None = None):
        self.height = checks.positive("height", height)
        self.width = checks.positive("width", width)
        self.channels = checks.positive("channels", channels)
        self.levels = levels

    @property
    def shape(self):
        return self.height, self.width, self.channels

    def faults(self, x, xp=ops):
        faults = super().faults(x, xp)
        faults["pixels outside [0, 1]"] = xp.any(xp.logical_or(x < 0, x > 1))
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
            remedy = "Divide by 255." if low >= 0 and 1 < high <= 255 else "Rescale the data."
            received = f"values in [{low:g}, {high:g}]"
            return f"Expected values in [0, 1]. Received: {received}. {remedy}"
        steps = x * (self.levels - 1)
        between = np.abs(steps - np.round(steps)) > _BETWEEN
        binarize = 'Binarize them: binarize="dynamic" in kerasgen.data.load.'
        return (
            f"Expected pixels of {self.levels} levels, multiples of 1/{self.levels - 1}. Received: "
            f"{x[between][0]:g} and {np.count_nonzero(between) - 1:,} more between two levels. "
            f"{binarize if self.levels == 2 else 'Round them.'}"
        )

    def _remedy(self, shape):
        (height, width, channels), (_, *rest) = self.shape, (*shape, *[None] * (not shape))
        if rest == [height, width] and channels == 1:
            return "Add the channel axis: x[..., None]."
        if rest == [channels, height, width] != [height, width, channels]:
            return "Move the channels to the end: np.moveaxis(x, 1, -1)."
        if len(rest) == 3 and rest[:2] == [height, width]:
            if channels == 1:
                return "Make the images grey: x[..., :3].mean(-1, keepdims=True)."
            if rest[2] == 1:
                return f"Repeat the grey channel: np.repeat(x, {channels}, axis=-1)."
            return f"Keep {channels} channels: x[..., :{channels}]."
        if len(rest) == 3:
            return f"Resize or crop the images to {height} x {width} first."
        return super()._remedy(shape)

    def clip(self, x):
        return ops.clip(x, 0.0, 1.0)

    def example(self, n, seed):
        return np.random.default_rng(seed).random((n, *self.shape), dtype="float32")

    def render(self, x):
        return ops.convert_to_numpy(x)


@register
class Vector(Event):
    """Real numbers without an order, `[size]`: points, rows of a table.

    Args:
        size: how many.
    """

    name = "vectors"
    meaning = "vectors"

    def __init__(self, size: int):
        self._size = checks.positive("size", size)

    @property
    def shape(self):
        return (self._size,)

    def __repr__(self):
        return f"Vector({self._size})"


@register
class Series(Event):
    """Real numbers over time, `[length, channels]`.

    Args:
        length: number of samples.
        channels: numbers of a sample.
    """

    name = "series"
    meaning = "series"

    def __init__(self, length: int, channels: int):
        self.length = checks.positive("length", length)
        self.channels = checks.positive("channels", channels)

    @property
    def shape(self):
        return self.length, self.channels


@register
class Tokens(Event):
    """Whole numbers in 0..vocab_size-1, `[length]`, or `[height, width]` of a grid.

    Args:
        length: number of tokens, or of the rows and the columns of a grid.
        vocab_size: number of values.
    """

    dtype = "int32"
    name = "tokens"
    meaning = "tokens"

    def __init__(self, length: int | tuple[int, ...], vocab_size: int):
        sizes = tuple(length) if isinstance(length, (list, tuple)) else (length,)
        for size in sizes:
            checks.positive("length", size)
        self.length = length if isinstance(length, int) else sizes
        self.vocab_size = checks.positive("vocab_size", vocab_size)

    @property
    def shape(self):
        return self.length if isinstance(self.length, tuple) else (self.length,)

    @property
    def values(self):
        return f"0..{self.vocab_size - 1}"

    def faults(self, x, xp=ops):
        wrong = _not_whole_below(self.vocab_size, x, xp)
        return {f"{self.meaning} that are not whole numbers in {self.values}": xp.any(wrong)}

    def _explain(self, x):
        if x.dtype.kind == "f" and np.any(np.floor(x) != x):
            return (
                f"Expected {self.meaning} in {self.values}. Received: fractions, such as "
                f"{x[np.floor(x) != x][0]:g}."
            )
        received = f"{self.meaning} in {x.min()}..{x.max()}"
        shift = x.min() >= 1 and x.max() == self.vocab_size
        remedy = " They count from 1: subtract 1." if shift else ""
        return f"Expected {self.meaning} in {self.values}. Received: {received}.{remedy}"

    def clip(self, x):
        return ops.clip(x, 0, self.vocab_size - 1)

    def example(self, n, seed):
        values = np.random.default_rng(seed).integers(self.vocab_size, size=(n, *self.shape))
        return values.astype("int32")

    def render(self, x):
        from kerasgen.plot.thumbnails import cells  # imports matplotlib

        grid = np.reshape(ops.convert_to_numpy(x), (-1, *(1, 1, *self.shape)[-2:]))
        return cells(grid, self.vocab_size)

    @property
    def encoded_size(self):
        return self.size * self.vocab_size

    def encoded(self, condition):
        one_hot = ops.one_hot(condition, self.vocab_size)
        return ops.reshape(ops.cast(one_hot, "float32"), (-1, self.encoded_size))


@register
class Classes(Tokens):
    """One of several classes, a whole number in 0..count-1.

    Args:
        count: number of classes.
    """

    name = "labels"
    meaning = "labels"
    rows = "one row a class"

    def __init__(self, count: int):
        super().__init__((), checks.positive("count", count))

    def __repr__(self):
        return f"Classes({self.count})"

    @property
    def count(self) -> int:
        """Number of classes."""
        return self.vocab_size

    def validate(self, x):
        if x is None:
            raise ValueError(
                f"Expected a condition: this model is conditional on {self.count} classes. Received: "
                f"condition=None. Pass integer labels of shape [batch] in {self.values}."
            )
        super().validate(np.asarray(x) if isinstance(x, (list, tuple)) else x)

    def check(self, x):
        return super().check(np.asarray(x) if isinstance(x, (list, tuple)) else x)

    def _remedy(self, shape):
        if len(shape) == 2 and shape[1] == 1:
            return "Drop the last axis: labels[:, 0]."
        if len(shape) == 2 and shape[1] == self.count:
            return "Turn one-hot labels into numbers: labels.argmax(-1)."
        return "Pass one whole number for each example."

    @property
    def num_shown(self):
        return self.count

    def shown(self, n):
        return np.arange(n, dtype="int32") % self.count


@register
class Attributes(Event):
    """Several things that each have values of their own, whole numbers `[A]`.

    Args:
        sizes: number of values of each.
    """

    dtype = "int32"
    name = "attributes"
    meaning = "attributes"

    def __init__(self, sizes: list[int]):
        self.sizes = [checks.positive("size", size) for size in sizes]

    @property
    def shape(self):
        return (len(self.sizes),)

    @property
    def values(self):
        return f"0..{max(self.sizes) - 1}"

    def faults(self, x, xp=ops):
        wrong = _not_whole_below(np.array(self.sizes), x, xp)
        return {"attributes out of range": xp.any(wrong)}

    def _explain(self, x):
        wrong = np.any(_not_whole_below(np.array(self.sizes), x, np), axis=0)
        first = int(np.flatnonzero(wrong)[0])
        column = x[:, first]
        return (
            f"Expected attribute {first} to be whole numbers in 0..{self.sizes[first] - 1}. "
            f"Received: {column.min()}..{column.max()}."
        )

    def example(self, n, seed):
        rng = np.random.default_rng(seed)
        return rng.integers(self.sizes, size=(n, len(self.sizes))).astype("int32")


@register
class Sentences(Tokens):
    """Sentences of a vocabulary, or their tokens `[length]`, those after the last word 0.

    Args:
        vocabulary: a `kerasgen.text.Vocabulary`, with examples to show a model by.
    """

    name = "words"
    meaning = "sentences or tokens"

    def __init__(self, vocabulary: Vocabulary):
        if not vocabulary.examples:
            raise ValueError(
                "Expected a vocabulary with examples, to show the model by. Received: none. Add some."
            )
        super().__init__(vocabulary.length, vocabulary.size)
        self.vocabulary = vocabulary

    def __repr__(self):
        return f"Sentences(length={self.length}, vocab_size={self.vocab_size})"

    def validate(self, x):
        super().validate(self._numbers(x))

    def check(self, x):
        return super().check(self._numbers(x))

    def request(self, n, condition):
        if isinstance(condition, str):
            condition = [condition] * n
        return super().request(n, self._numbers(condition))

    def _numbers(self, x):
        if x is None:
            raise ValueError(
                "Expected a condition: this model draws what a sentence says. Received: "
                "condition=None. Pass a sentence for each example."
            )
        several = isinstance(x, (list, tuple)) and all(isinstance(each, str) for each in x)
        return self.vocabulary.encode(x) if several or isinstance(x, str) else x

    @property
    def rows(self):
        return f"one row each of {', '.join(map(repr, self.vocabulary.examples))}"

    @property
    def num_shown(self):
        return len(self.vocabulary.examples)

    def example(self, n, seed):
        return self.shown(n)

    def shown(self, n):
        examples = self.vocabulary.encode(self.vocabulary.examples)
        return examples[[i % len(examples) for i in range(n)]]


@register
class Joint(Event):
    """Several events at once: a batch is a dict of their batches.

    Args:
        events: by name; plain lists stand for events as everywhere.
    """

    meaning = "dicts of examples"

    def __init__(self, events: dict[str, Any]):
        self.events = {name: of(event) for name, event in events.items()}

    @property
    def shape(self):
        return {name: event.shape for name, event in self.events.items()}

    @property
    def dtype(self):
        return {name: event.dtype for name, event in self.events.items()}

    def __hash__(self):
        return hash((Joint, tuple(self.events)))

    @property
    def size(self):
        return sum(event.size for event in self.events.values())

    def _check_names(self, x):
        if not isinstance(x, dict) or x.keys() != self.events.keys():
            received = sorted(x) if isinstance(x, dict) else type(x).__name__
            raise ValueError(f"Expected a dict of {sorted(self.events)}. Received: {received}.")

    def validate(self, x):
        self._check_names(x)
        counts = {}
        for name, event in self.events.items():
            try:
                event.validate(x[name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            counts[name] = ops.shape(x[name])[0]
        if all(isinstance(n, int) for n in counts.values()) and len(set(counts.values())) > 1:
            raise ValueError(f"Expected as many examples of each. Received: {counts}.")

    def check(self, x):
        self.validate(x)
        return {name: ops.cast(x[name], event.dtype) for name, event in self.events.items()}

    def faults(self, x, xp=ops):
        return {
            f"{name}: {fault}": found
            for name, event in self.events.items()
            for fault, found in event.faults(x[name], xp).items()
        }

    def clip(self, x):
        return {name: event.clip(x[name]) for name, event in self.events.items()}

    def symbolic(self):
        return {name: event.symbolic() for name, event in self.events.items()}

    def tensors(self):
        return {name: next(iter(event.tensors().values())) for name, event in self.events.items()}

    def pack(self, tensors):
        return {name: tensors[name] for name in self.events}

    def unpack(self, x):
        return x

    def example(self, n, seed):
        return {name: event.example(n, seed) for name, event in self.events.items()}

    def render(self, x):
        from kerasgen.plot.thumbnails import beside  # imports matplotlib

        return beside([event.render(x[name]) for name, event in self.events.items()])

    def request(self, n, condition):
        self._check_names(condition)
        return {name: event.request(n, condition[name]) for name, event in self.events.items()}

    def encoded(self, condition):
        parts = [event.encoded(condition[name]) for name, event in self.events.items()]
        return ops.concatenate(parts, axis=-1)

    @property
    def encoded_size(self):
        return sum(event.encoded_size for event in self.events.values())


@register
class Nothing(Event):
    """The condition of an unconditional model."""

    shape = ()
    encoded_size = 0

    def validate(self, x):
        if x is not None:
            raise ValueError(
                "Expected condition=None: this model is unconditional. Received: a condition. Drop it."
            )

    def check(self, x):
        self.validate(x)

    def request(self, n, condition):
        self.validate(condition)

    def faults(self, x, xp=ops):
        return {}

    def tensors(self):
        return {}

    def pack(self, tensors):
        return None

    def unpack(self, x):
        return {}

    def symbolic(self):
        return None

    def encoded(self, condition):
        return None

    def shown(self, n):
        return None

    def example(self, n, seed):
        return None


def _is_float(x):
    return "float" in keras.backend.standardize_dtype(x.dtype)


def _not_whole_below(count, x, xp):
    """Where numbers are not whole ones in 0..count-1."""
    wrong = xp.logical_or(x < 0, x >= count)
    if _is_float(x):
        wrong = xp.logical_or(wrong, xp.floor(x) != x)
    return wrong


def of(event) -> Event:
    """The event that a plain list stands for: an `Image` of three numbers, a `Vector` of one.

    Raises:
        ValueError: anything else that is no event.
    """
    if isinstance(event, Event):
        return event
    if isinstance(event, (list, tuple)) and all(isinstance(n, int) for n in event):
        if len(event) == 3:
            return Image(*event)
        if len(event) == 1:
            return Vector(*event)
    raise ValueError(
        "Expected an event of kerasgen.events, [height, width, channels] or [size]. "
        f"Received: {event!r}."
    )


def condition_of(condition) -> Event:
    """The event of a condition: None stands for `Nothing`, a number for as many `Classes`."""
    if condition is None:
        return Nothing()
    return Classes(condition) if isinstance(condition, int) else of(condition)
