"""Numbers that callers pass, checked before any work is done. Data are checked by their events."""

import math
import numbers
import re
from typing import Any

import numpy as np

_SPLIT = re.compile(r"(\w+)(?:\[(-?\d{1,18}%?)?:(-?\d{1,18}%?)?\])?")


def positive(name: str, value: Any) -> int:
    """Checks that a count is an integer of at least 1.

    Raises:
        ValueError: anything else.

    >>> positive("n", 0)
    Traceback (most recent call last):
    ValueError: Expected n to be an integer of at least 1. Received: n=0
    """
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or value < 1:
        raise ValueError(
            f"Expected {name} to be an integer of at least 1. Received: {name}={value!r}"
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
        raise ValueError(f"Expected {name} to be a number above 0. Received: {name}={value!r}")
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
            f"Expected seed to be None or an integer in 0..{2**32 - 1}. Received: seed={value!r}"
        )
    return int(value)


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
            f"Received: split={value!r}."
        )
    return [tuple(group or "" for group in match.groups()) for match in matches if match]
