"""What every event has, and what a tensor of an exported file is."""

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasgen import backend

_ROWS = 4096  # examples whose values are looked at together, which bounds the memory of a check


class Tensor(NamedTuple):
    """A tensor that exported files take or give.

    Attributes:
        shape: of one example.
        dtype: of its elements.
        values: the range that they have.
        meaning: what they are.
        details: what a program needs to make or to read them, in JSON's types.

    >>> Tensor((28, 28, 1), "float32", "[0, 1]", "images").shape
    (28, 28, 1)
    """

    shape: tuple[int, ...]
    dtype: str
    values: str
    meaning: str
    details: Mapping[str, Any] = MappingProxyType({})


class Event:
    """Base of the events.

    Attributes:
        shape: of one example.
        dtype: of its elements.
        name: of a batch of examples in exported files.

    >>> issubclass(kerasgen.events.Image, Event)
    True
    """

    dtype = "float32"
    name = "examples"
    values = "real"
    meaning = "examples"
    conversion = "Convert them."  # of what is no number
    shape: tuple[int, ...]
    levels: Any = None  # of its elements, an integer, None where they are any in their range
    is_picture = False  # whether an example is one itself, not only drawn as one
    is_plane = False  # whether an example is a point of the plane, so that one picture shows all
    count: Any = None  # of classes, an integer, where an example is one of several
    names: Any = None  # of these classes, where they have some
    side_by_side = ""  # what a picture of it shows from the left, where that is several
    columns: Any = None  # what the numbers of a row are called, where an example is one
    vocabulary: Any = None  # of sentences, which an example is
    unit: Any = 1.0  # what a step of 1 is among standardized values

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
        x = self.array(x)
        self.validate(x)
        return self.cast(x)

    def cast(self, x: Any):
        """Valid examples as a tensor of the event's type."""
        return ops.cast(x, self.dtype)

    def array(self, x: Any) -> Any:
        """Examples as an array of numbers, where they are a list, a table of pandas' or Booleans.

        Raises:
            ValueError: a list of parts that differ in shape.
        """
        if hasattr(x, "to_numpy"):
            return x.to_numpy()
        if "bool" in str(getattr(x, "dtype", "")):
            return x.astype(self.dtype) if isinstance(x, np.ndarray) else ops.cast(x, self.dtype)
        if not isinstance(x, (list, tuple)):
            return x
        try:
            return np.asarray(x)
        except ValueError:
            raise ValueError(
                f"Expected {self.meaning} as one array. Received: {type(x).__name__} of {len(x)} "
                "parts that differ in shape. Pass examples and their condition apart: (x, y)."
            ) from None

    def validate(self, x: Any) -> None:
        """The errors of `check`, without a copy of the examples."""
        if x is None:
            raise ValueError(f"Expected {self.meaning} of {self!r}. Received: None. Pass some.")
        x = self.array(x)
        expected = ", ".join(["batch", *map(str, self.shape)])
        wanted = f"{self.meaning} of shape [{expected}]"
        if not hasattr(x, "shape"):
            raise ValueError(f"Expected {wanted}. {_received(x)}")
        if not re.search("bool|int|float", str(x.dtype)):  # NumPy's or the backend's
            raise ValueError(
                f"Expected {self.meaning} as numbers. Received: {x.dtype}. {self.conversion}"
            )
        shape = tuple(size if isinstance(size, int) else None for size in ops.shape(x))
        if len(shape) != len(self.shape) + 1 or any(
            have not in (want, None) for have, want in zip(shape[1:], self.shape)
        ):
            in_batches = shape == self.shape and not backend.is_concrete(x)
            remedy = "Batch the data: data.batch(64)." if in_batches else self._remedy(shape)
            raise ValueError(f"Expected {wanted}. Received: shape {shape}. {remedy}")
        if shape[0] == 0:
            raise ValueError("Expected at least 1 example. Received: 0.")
        if backend.is_concrete(x):
            self._validate_values(x)

    def _validate_values(self, x):
        for start in range(0, len(x), _ROWS):
            rows = ops.convert_to_numpy(x[start : start + _ROWS])
            if any(self.faults(rows, np).values()):
                raise ValueError(self._explain(ops.convert_to_numpy(x)))

    def faults(self, x: Any, xp: Any = ops) -> dict[str, Any]:
        """What can be wrong with the values of examples: a Boolean scalar for each fault.

        Args:
            x: examples `[B, *shape]`.
            xp: `keras.ops`, also inside traced functions, or NumPy.
        """
        wrong = xp.any(xp.logical_not(xp.isfinite(x))) if is_float(x) else False
        return {"NaN or infinite values": wrong}

    def _remedy(self, shape) -> str:
        if shape == self.shape:
            return "For a single example, add a batch axis: x[None]."
        if shape and math.prod(shape[1:]) == self.size and all(isinstance(n, int) for n in shape):
            return f"Reshape the data: x.reshape(-1, {', '.join(map(str, self.shape))})."
        if shape[len(shape) - len(self.shape) :] == self.shape and None not in shape:
            return f"Join the leading axes: x.reshape(-1, {', '.join(map(str, self.shape))})."
        return "Bring the data into that shape first."

    def _explain(self, x) -> str:
        return (
            f"Expected finite {self.meaning}. Received: {np.count_nonzero(~np.isfinite(x))} NaN or "
            "infinite values. Remove or repair those examples."
        )

    def clip(self, x):
        """Examples within the event's range, which draws of an unbounded likelihood may leave."""
        return x

    def standardized(self, x: Any):
        """Examples as networks read them: near 0 and 1, whatever their units."""
        return x

    @property
    def log_volume(self) -> float:
        """By how much log-densities of standardized examples exceed those in units, in nats."""
        return 0.0

    def in_units(self, x: Any):
        """The examples that standardized ones stand for."""
        return x

    def symbolic(self):
        """A symbolic batch of examples, to build networks by."""
        return keras.KerasTensor((None, *self.shape), self.dtype)

    def tensors(self) -> dict[str, Tensor]:
        """What a batch of examples is in exported files, by name."""
        told = (self.values, self.meaning, self.details())
        return {self.name: Tensor(self.shape, self.dtype, *told)}

    def details(self) -> dict[str, Any]:
        """What a program needs to make or to read examples, in JSON's types."""
        return {}

    def pack(self, tensors: dict[str, Any]):
        """The batch that named tensors of an exported file stand for."""
        return tensors[self.name]

    def unpack(self, x) -> dict[str, Any]:
        """The named tensors that stand for a batch in exported files."""
        # The mean of a mixture of TFP forgets its last static size.
        return {self.name: ops.reshape(x, (ops.shape(x)[0], *self.shape))}

    def from_stored(self, stored: Any, dtype: Any = np.float32) -> Any:
        """Examples that stored ones stand for; `dtype` is that of pixels."""
        return stored.astype(self.dtype, copy=False)

    def validate_stored(self, stored: Any) -> None:
        """The errors of `check`, of examples as they are stored."""
        self.validate(stored)

    def stored_with(self) -> dict[str, Any]:
        """What stands beside stored examples, so that they tell the event."""
        return {}

    def example(self, n: int, seed: int) -> Any:
        """`n` examples of noise within the range, NumPy: for calibration without data."""
        return np.random.default_rng(seed).standard_normal((n, *self.shape)).astype(self.dtype)

    def lengths(self, x: Any) -> np.ndarray | None:
        """How many elements `[B]` of each are told, with its end; None where all count."""

    def render(self, x) -> np.ndarray:
        """Pictures `[N, H, W, C]` in [0, 1] of examples `[N, *shape]`."""
        from kerasgen.events.thumbnails import curves  # imports matplotlib

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

    def words(self, condition) -> list[str]:
        """Each of several conditions `[n, ...]` as it is written beside what is drawn of it."""
        return [str(each) for each in ops.convert_to_numpy(condition)]

    rows = "one row a condition"  # of pictures that show a model by it

    @property
    def num_shown(self) -> int | None:
        """How many values there are to show a model by, or None where there is no choice."""
        return None

    def shown(self, n: int):
        """Values of `n` examples to show a model by."""
        return self.example(n, 0)


def is_float(x):
    """Whether values are of a floating type, NumPy's or the backend's.

    >>> is_float(np.zeros(3)), is_float(np.arange(3))
    (True, False)
    """
    return "float" in keras.backend.standardize_dtype(x.dtype)


def _received(x):
    """What came in the place of an array, and what to do."""
    if isinstance(x, dict) and x:
        keys = sorted(map(str, x))
        first = next((key for key in keys if key in ("image", "images", "x")), keys[0])
        return f"Received: a dict of {keys}. Take one of its values: {first!r}."
    if hasattr(x, "__iter__") and not isinstance(x, (str, dict)):
        return f"Received: {type(x).__name__}, a source of batches. Pass its batches one by one."
    return f"Received: {type(x).__name__}. Load the data, and pass the array."
