"""Numbers that callers pass, checked before any work is done. Data are checked by their events."""

import inspect
import math
import numbers
import os
import pathlib
import re
from typing import Any

import numpy as np

# Words that begin with the sound of a vowel, abbreviations such as MLP among them.
_WITH_AN = re.compile(r"[AEIOaeio]|[Uu](?!ni|N|s)|[FHLMNRSX](?=[A-Z])|nd")
_SPLIT = re.compile(r"(\w+)(?:\[(-?\d{1,18}%?)?:(-?\d{1,18}%?)?\])?")


def short(value: Any) -> str:
    """What stands for a value in a line: its repr, or the start of that.

    >>> short(np.zeros((2, 1))), len(short(range(10**60)))
    ('array([[0.], [0.]])', 60)
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def kind(value: Any) -> str:
    """What kind of thing a value is, with the article, as messages say it.

    >>> kind(3), kind("3")
    ('an int', 'a str')
    """
    name = type(value).__name__
    return f"{'an' if _WITH_AN.match(name) else 'a'} {name}"


def positive(name: str, value: Any) -> int:
    """Checks that a count is an integer of at least 1, and below 2**31: nothing counts further.

    Raises:
        ValueError: anything else.

    >>> positive("n", 0)
    Traceback (most recent call last):
    ValueError: Expected n to be an integer of at least 1. Received: n=0
    """
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or not 1 <= value < 2**31:
        above = is_integer and value > 1
        raise ValueError(
            f"Expected {name} to be an integer {'below 2**31' if above else 'of at least 1'}. "
            f"Received: {name}={short(value)}"
        )
    return int(value)


def above_zero(name: str, value: Any) -> float:
    """Checks that a value is a finite number above 0.

    Raises:
        ValueError: anything else.

    >>> above_zero("limit", 2)
    2.0
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) < math.inf:
        raise ValueError(f"Expected {name} to be a number above 0. Received: {name}={short(value)}")
    return float(value)


def seed(value: Any) -> int | None:
    """Checks that a seed is None or a whole number in 0..2**32-1, NumPy's included.

    Raises:
        ValueError: anything else.

    >>> seed(np.int64(3))
    3
    """
    if value is None:
        return None
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or not 0 <= value < 2**32:
        raise ValueError(
            f"Expected seed to be None or an integer in 0..{2**32 - 1}. "
            f"Received: seed={short(value)}"
        )
    return int(value)


def rows(name: str, value: Any, least: int = 1, rank: int | None = 2) -> np.ndarray:
    """Checks that data are rows of finite numbers, and gives them as float64 `[n, ...]`.

    Args:
        name: of the data.
        value: an array, or what stands for one.
        least: number of rows.
        rank: number of axes, or None for any.

    Raises:
        ValueError: anything else.

    >>> rows("real", [[0.0, 1.0]], least=2)
    Traceback (most recent call last):
    ValueError: Expected real as at least 2 rows of finite numbers, [n, F]. Received: shape (1, 2).
    """
    shape = {1: "[n]", 2: "[n, F]", None: "[n, ...]"}[rank]
    expected = f"Expected {name} as at least {least} rows of finite numbers, {shape}. Received:"
    try:
        array = np.asarray(value, "float64")
    except (TypeError, ValueError):
        raise ValueError(f"{expected} {type(value).__name__}.") from None
    if not array.ndim or rank not in (None, array.ndim) or len(array) < least or not array.size:
        raise ValueError(f"{expected} shape {array.shape}.")
    if faults := int(np.sum(~np.isfinite(array))):
        raise ValueError(f"{expected} {faults} NaN or infinite values. Remove or repair those.")
    return array


def frequencies(name: str, value: Any) -> np.ndarray:
    """Checks that values are how often things occur, `[n]`, of which one did.

    Raises:
        ValueError: anything else.

    >>> frequencies("counts", [2, 0])
    array([2., 0.])
    """
    counts = rows(name, value, rank=1)
    if counts.min() < 0 or not counts.any():
        raise ValueError(
            f"Expected {name} of at least 0, and one above. "
            f"Received: {counts.min():g} to {counts.max():g}."
        )
    return counts


def several(name: str, value: Any) -> list[Any]:
    """Checks that a value is several: a list, an array, what may be gone through; no text.

    Raises:
        ValueError: anything else.

    >>> several("limits", (0.5, None))
    [0.5, None]
    """
    try:
        if not isinstance(value, (str, bytes, dict)):
            return list(value)
    except TypeError:
        pass
    raise ValueError(f"Expected {name} as a list. Received: {name}={short(value)}. Put it in one.")


def path(name: str, value: Any) -> pathlib.Path:
    """Checks that a value is a path, a text or an `os.PathLike`.

    Raises:
        ValueError: anything else.

    >>> path("folder", "").name
    Traceback (most recent call last):
    ValueError: Expected folder to be a path. Received: folder=''
    """
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ValueError(f"Expected {name} to be a path. Received: {name}={short(value)}")
    return pathlib.Path(value)


def function(name: str, value: Any) -> Any:
    """Checks that a value can be called.

    Raises:
        ValueError: anything else.

    >>> function("attribute", np.mean) is np.mean
    True
    """
    if not callable(value):
        raise ValueError(f"Expected {name} to be a function. Received: {name}={short(value)}.")
    return value


def alike(**named: np.ndarray) -> None:
    """Checks that rows have one width.

    Raises:
        ValueError: rows of different widths.

    >>> alike(real=np.zeros((2, 3)), fake=np.zeros((5, 3)))
    """
    if len({array.shape[1:] for array in named.values()}) > 1:
        shapes = ", ".join(f"{name} of shape {array.shape}" for name, array in named.items())
        raise ValueError(f"Expected rows of one width. Received: {shapes}.")


def part(name: str, value: Any, *kinds: type) -> None:
    """Checks that a part of a model is of one of some classes.

    Raises:
        ValueError: a function, a name, a class that is not yet an object, a part of another kind.

    >>> part("encoder", "mlp", pathlib.Path)
    Traceback (most recent call last):
    ValueError: Expected encoder to be a pathlib Path. Received: 'mlp' (str).
    """
    if isinstance(value, kinds):
        return
    places = [each.__module__.split(".") for each in kinds]
    wanted = [
        f"{'.'.join(place[:2] if place[0] == 'kerasgen' else place[:1])} {each.__name__}"
        for place, each in zip(places, kinds)
    ]
    if isinstance(value, type):
        received = f"the class {value.__name__}. Make an object of it: {value.__name__}(...)."
    elif inspect.isfunction(value):
        received = "a function. Write a layer with it in call, which saving and freezing know."
    else:
        received = f"{short(value)} ({type(value).__name__})."
    raise ValueError(f"Expected {name} to be a {' or '.join(wanted)}. Received: {received}")


def class_number(name: str, count: int, names: list[str] | None = None) -> int:
    """The class of a name or, written in digits, of a number.

    Raises:
        ValueError: there is none.

    >>> class_number("7", 10), class_number("dog", 2, ["cat", "dog"])
    (7, 1)
    """
    if name in (names or ()):
        return (names or []).index(name)
    if name.isdecimal() and int(name) < count:
        return int(name)
    known = f"one of {', '.join(names)}" if names else f"a number in 0..{count - 1}"
    raise ValueError(f"Expected a class, {known}. Received: {name!r}.")


def split(value: Any) -> list[tuple[str, str, str]]:
    """The parts of a split as TensorFlow Datasets writes it: a name, and where a slice begins and
    ends, "" where that is not said.

    Raises:
        ValueError: anything else.

    >>> split("train[:50%]+test")
    [('train', '', '50%'), ('test', '', '')]
    """
    matches = [_SPLIT.fullmatch(part.strip()) for part in str(value).split("+")]
    if not all(matches):
        raise ValueError(
            "Expected a split such as 'train[:100]', 'train[90%:]' or 'train+test'. "
            f"Received: split={short(value)}."
        )
    return [(each[1], each[2] or "", each[3] or "") for each in matches if each]
