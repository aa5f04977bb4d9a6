"""Kinds of arguments that constructors take: a type, and the check that `register` has done of it.

    @register
    class Squash(keras.Layer):
        def __init__(self, width: Width = 64, dropout: Share = 0.0, **kwargs): ...

`Squash(width=-1)` is refused in one line before the constructor begins. The value that is the
argument's default is not checked.
"""

import dataclasses
import inspect
import math
import numbers
import re
import types
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import keras
import numpy as np

from kerasgen import checks

Kind = TypeVar("Kind")
_WIDEST = 2**20  # units, channels, words: a layer from one such width to another has 10**12 weights
_DEEPEST = 1000  # layers in a row


@dataclasses.dataclass(frozen=True)
class Check:
    """What marks a function as the check of a type, `Annotated[int, Check(function)]`.

    Args:
        function: of an argument's name and value, to the value to use; raises a ValueError.

    >>> Check(lambda name, value: abs(value))("n", -3)
    3
    """

    function: Callable[[str, Any], Any]

    def __call__(self, name: str, value: Any) -> Any:
        """The value to use."""
        return self.function(name, value)

    def check_of(self, kind: Any) -> "Check":
        """The check of an argument of a type; by this name `register` knows a mark that is one."""
        return self


def whole(least: int, most: int) -> Check:
    """A check of whole numbers from `least` to `most`.

    >>> whole(0, 9)("layers", np.int64(3))
    3
    """

    @Check
    def check(name, value):
        is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not is_integer or not least <= value <= most:
            raise ValueError(
                f"Expected {name} to be an integer in {least}..{most}. "
                f"Received: {name}={checks.short(value)}"
            )
        return int(value)

    return check


def real(low: float, high: float, ends: str = "[]") -> Check:
    """A check of finite numbers of an interval, whose ends `ends` writes as mathematics does.

    >>> real(0, 1, "[)")("dropout", 1)
    Traceback (most recent call last):
    ValueError: Expected dropout to be a number in [0, 1). Received: dropout=1
    """

    @Check
    def check(name: str, value: Any):
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        try:
            number = float(value) if is_number else math.nan
        except OverflowError:
            number = math.inf
        above = number > low or (ends[0] == "[" and number == low)
        below = number < high or (ends[1] == "]" and number == high)
        if not (above and below):
            raise ValueError(
                f"Expected {name} to be a number in {ends[0]}{low:g}, {high:g}{ends[1]}. "
                f"Received: {name}={checks.short(value)}"
            )
        return value if isinstance(value, (int, float)) else number

    return check


def one_of(*known: Any) -> Check:
    """A check of a value that is one of a few.

    >>> one_of("up", "down")("resample", "up")
    'up'
    """

    @Check
    def check(name, value):
        value = bool(value) if isinstance(value, np.bool_) else value
        if not (isinstance(value, (str, bool)) or value is None) or value not in known:
            raise ValueError(
                f"Expected {name} to be one of {', '.join(map(repr, known))}. "
                f"Received: {name}={checks.short(value)}"
            )
        return value

    return check


def all_of(check: Callable[[str, Any], Any], least: int = 1, most: int = _DEEPEST) -> Check:
    """A check of several values, each of which passes another.

    >>> all_of(whole(1, 9))("hidden", [3, 4])
    (3, 4)
    """

    @Check
    def check_each(name, values):
        values = checks.several(name, values)
        if not least <= len(values) <= most:
            raise ValueError(
                f"Expected {name} to be {least} to {most} values. Received: {len(values)} of them."
            )
        return tuple(check(f"{name}[{place}]", value) for place, value in enumerate(values))

    return check_each


def named(check: Callable[[str, Any], Any]) -> Check:
    """A check of values by name, each of which passes another.

    >>> named(whole(1, 9))("private_dims", {"sound": 3})
    {'sound': 3}
    """

    @Check
    def check_named(name, values):
        if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
            raise ValueError(
                f"Expected {name} to be values by name. Received: {name}={checks.short(values)}"
            )
        return {key: check(f"{checks.short(key)} in {name}", each) for key, each in values.items()}

    return check_named


def part(*kinds: type) -> Check:
    """A check of parts of some classes.

    >>> part(keras.Layer)("network", "mlp")
    Traceback (most recent call last):
    ValueError: Expected network to be a keras Layer. Received: 'mlp' (str).
    """

    @Check
    def check(name, value):
        checks.part(name, value, *kinds)
        return value

    return check


class _OfItsKind:
    """A mark of parts, each checked to be of the type that it marks."""

    def check_of(self, kind):
        is_union = typing.get_origin(kind) in (typing.Union, types.UnionType)
        return part(*(typing.get_args(kind) if is_union else [kind]))


@Check
def _activation(name, value):
    is_function = inspect.isfunction(value) and value is not keras.activations.get
    try:
        if value is None or is_function or isinstance(value, str) or _keeps_shape(value):
            keras.activations.get(value)
            return value
    except ValueError:
        pass
    raise ValueError(
        f"Expected {name} to be an activation of Keras, such as 'relu', or a function. "
        f"Received: {name}={checks.short(value)}"
    )


def _keeps_shape(layer):
    try:
        return tuple(layer.compute_output_shape((None, 5))) == (None, 5)
    except Exception:  # whatever a layer raises that takes no such shape
        return False


@Check
def _column(name, value):
    is_number = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return str(value) if is_number else text(name, value)


@Check
def _steps(name, value):
    is_whole = isinstance(value, float) and value.is_integer()  # as 1e3 is
    return whole(0, 2**31 - 1)(name, int(value) if is_whole else value)


@Check
def _kernel(name, value):
    size = whole(3, 999)(name, value)
    if size % 2 == 0:
        raise ValueError(f"Expected {name} to be an odd number. Received: {name}={size}")
    return size


def text(name: str, value: Any) -> str:
    """Checks that a value is a text.

    >>> text("word", "box")
    'box'
    """
    if not isinstance(value, str):
        raise ValueError(f"Expected {name} to be a text. Received: {name}={checks.short(value)}")
    return value


def pattern(name: str, value: Any) -> str:
    """Checks that a value is a regular expression.

    >>> pattern("often", "encoder|gaussian")
    'encoder|gaussian'
    """
    try:
        re.compile(text(name, value))
    except re.error as error:
        raise ValueError(
            f"Expected {name} to be a regular expression. "
            f"Received: {name}={checks.short(value)}: {error}"
        ) from None
    return value


@Check
def _seed(name, value):
    return checks.seed(value)


Width = Annotated[int, whole(1, _WIDEST)]  # of a layer, a code, a vocabulary
Widths = Annotated[Sequence[int], all_of(whole(1, _WIDEST))]
Hidden = Annotated[Sequence[int], all_of(whole(1, _WIDEST), least=0)]  # layers, which may be none
Depth = Annotated[int, whole(1, _DEEPEST)]  # layers in a row
Depths = Annotated[Sequence[int], all_of(whole(0, _DEEPEST))]
Blocks = Annotated[int, whole(0, _DEEPEST)]  # beside other layers
Shape = Annotated[Sequence[int], all_of(whole(1, _WIDEST), least=0, most=9)]
ImageShape = Annotated[Sequence[int], all_of(whole(1, _WIDEST), 3, 3)]
Steps = Annotated[int, _steps]
Amount = Annotated[int, whole(0, _WIDEST)]  # how many of something, which may be none
Count = Annotated[int, Check(checks.positive)]
Levels = Annotated[int, whole(2, 2**16)]
Seed = Annotated[int | None, _seed]
Switch = Annotated[bool, one_of(True, False)]
Share = Annotated[float, real(0, 1, "[)")]
Weight = Annotated[float, real(0, math.inf, "[)")]
Positive = Annotated[float, Check(checks.above_zero)]
Activation = Annotated[str | Callable | None, _activation]
Part: TypeAlias = Annotated[Kind, _OfItsKind()]  # `Part[Likelihood]`
Layer: TypeAlias = Part[keras.Layer]
Layers = Annotated[Sequence[keras.Layer], all_of(part(keras.Layer), least=0)]
NamedLayers = Annotated[dict[str, keras.Layer], named(part(keras.Layer))]
Factors = Annotated[
    dict[str, Any], named(all_of(whole(0, _WIDEST), 2, 2))
]  # where each begins, ends
NamedWidths = Annotated[dict[str, int], named(whole(1, _WIDEST))]
Texts = Annotated[Sequence[str], all_of(text, least=0, most=_WIDEST)]
Columns = Annotated[Sequence[str | int], all_of(_column, least=0, most=_WIDEST)]
Numbers = Annotated[Sequence[float], all_of(real(-1e30, 1e30), most=_WIDEST)]
Scales = Annotated[Sequence[float], all_of(checks.above_zero, most=_WIDEST)]
Kernel = Annotated[int, _kernel]
Normalization = Annotated[str, one_of(None, "batch", "layer", "spectral")]
Angle = Annotated[float, real(0, 180)]
