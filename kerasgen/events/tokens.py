"""Events of whole numbers: tokens, classes, attributes."""

from typing import Annotated

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.checks.arguments import Check, Widths
from kerasgen.events.base import Event, is_float
from kerasgen.registration import register


@register
class Tokens(Event):
    """Tokens: whole numbers in 0..vocab_size-1, `[length]`, or `[height, width]` of a grid.

    Args:
        length: number of tokens, or of the rows and the columns of a grid.
        vocab_size: number of values.

    >>> Tokens(12, 20).shape, Tokens((8, 8), 512).shape
    ((12,), (8, 8))
    """

    dtype = "int32"
    name = "tokens"
    meaning = "tokens"

    end: int | None = None  # the token behind which all are it, where there is one

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

    def stored_with(self):
        return {"vocab_size": self.vocab_size}

    def details(self):
        return {"range": [0, self.vocab_size - 1]}

    def example(self, n, seed):
        values = np.random.default_rng(seed).integers(self.vocab_size, size=(n, *self.shape))
        return values.astype("int32")

    def render(self, x):
        from kerasgen.events.thumbnails import cells  # imports matplotlib

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
    """A class, one of several: a whole number in 0..count-1.

    Args:
        count: number of classes.
        names: of the classes, or None.

    >>> Classes(10).shown(3).tolist()
    [0, 1, 2]
    >>> pets = Classes(2, names=["cat", "dog"])
    >>> pets.number("dog"), pets.array(["dog", "cat"]).tolist()
    (1, [1, 0])
    """

    name = "labels"
    meaning = "labels"
    conversion = "Number them: np.unique(labels, return_inverse=True)[1]."
    rows = "one row a class"

    def __init__(
        self, count: int, names: Annotated[list[str], Check(checks.several)] | None = None
    ):
        super().__init__((), checks.positive("count", count))
        self.names = None if names is None else [str(name) for name in names]
        if names is not None and len({*map(str, names)}) != count:
            raise ValueError(f"Expected {count} different names. Received: names={names!r}.")

    def __repr__(self):
        return f"Classes({self.count})"

    @property
    def count(self) -> int:
        """Number of classes."""
        return self.vocab_size

    def name_of(self, number: int) -> str:
        """The name of a class, its number where it has none."""
        return self.names[number] if self.names else str(number)

    def number(self, name: str) -> int:
        """The class of a name or, written in digits, of a number.

        Raises:
            ValueError: there is none.
        """
        return checks.class_number(name, self.count, self.names)

    def array(self, x):
        x = super().array(np.asarray(x) if isinstance(x, str) else x)
        if self.names and getattr(getattr(x, "dtype", None), "kind", None) in ("U", "O", "T"):
            numbers = [self.number(str(name)) for name in np.ravel(x)]
            return np.reshape(np.array(numbers, "int32"), x.shape)
        return x

    def validate(self, x):
        if x is None:
            raise ValueError(
                f"Expected a condition: this model is conditional on {self.count} classes. "
                f"Received: condition=None. Pass integer labels of shape [batch] in {self.values}."
            )
        super().validate(x)

    def _remedy(self, shape):
        if len(shape) == 2 and shape[1] == 1:
            return "Drop the last axis: labels[:, 0]."
        if len(shape) == 2 and shape[1] == self.count:
            return "Turn one-hot labels into numbers: labels.argmax(-1)."
        return "Pass one whole number for each example."

    def details(self):
        return super().details() | ({"names": self.names} if self.names else {})

    def words(self, condition):
        return [self.name_of(int(each)) for each in ops.convert_to_numpy(condition)]

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

    >>> Attributes([10, 2]).shape
    (2,)
    """

    dtype = "int32"
    name = "attributes"
    meaning = "attributes"

    def __init__(self, sizes: Widths):
        self.sizes = list(sizes)

    @property
    def shape(self):
        return (len(self.sizes),)

    @property
    def values(self):
        return f"0..{max(self.sizes) - 1}"

    def details(self):
        return {"sizes": self.sizes}

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

    def clip(self, x):
        return ops.clip(x, 0, np.array(self.sizes, "int32") - 1)

    def example(self, n, seed):
        rng = np.random.default_rng(seed)
        return rng.integers(self.sizes, size=(n, len(self.sizes))).astype("int32")


def _not_whole_below(count, x, xp):
    """Where numbers are not whole ones in 0..count-1."""
    wrong = xp.logical_or(x < 0, x >= count)
    if is_float(x):
        wrong = xp.logical_or(wrong, xp.floor(x) != x)
    return wrong
