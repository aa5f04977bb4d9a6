"""Generators that hand out one part's distribution after the other, and are sent the part."""

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np


def walk(turns: Generator[Any, Any, Any], known: np.ndarray) -> Iterator[tuple]:
    """Yields each `(place, ...)` that a generator tells, and sends it `known[:, place]`.

    It is sent when the next is asked for, so that whoever is told a place may fill it in before.

    >>> def copied():
    ...     print((yield 1, "first"), (yield 0, "second"))
    >>> [told for _, told in walk(copied(), np.array([[10, 20]]))]
    [20] [10]
    ['first', 'second']
    """
    sent = None
    while True:
        try:
            place, *told = turns.send(sent)
        except StopIteration:
            return
        yield place, *told
        sent = known[:, place]
