"""How a quantity moves from one value to another while a model trains."""

import math
from typing import Any

from keras import ops


def cosine(step: Any, steps: int, start: float, end: float):
    """Half a period of a cosine from `start` at step 0 to `end` from step `steps` on, float32.

    Args:
        step: integer tensor, the training steps taken.
        steps: how many the way takes; 0 for `end` at once.
        start, end: the values.

    >>> [round(float(cosine(step, 8, start=1, end=0)), 3) for step in (0, 2, 4, 8, 9)]
    [1.0, 0.854, 0.5, 0.0, 0.0]
    """
    return end + (start - end) * 0.5 * (1 + ops.cos(math.pi * _progress(step, steps)))


def linear(step: Any, steps: int, start: float, end: float):
    """A straight line; arguments as of `cosine`.

    >>> [round(float(linear(step, 8, start=1, end=0)), 3) for step in (0, 2, 4, 8, 9)]
    [1.0, 0.75, 0.5, 0.0, 0.0]
    """
    return start + (end - start) * _progress(step, steps)


def cyclic(step: Any, steps: int, start: float, end: float):
    """Four straight rises, each followed by as long a plateau; arguments as of `cosine`.

    Fu and others, Cyclical Annealing Schedule, 2019 (arXiv 1903.10145).

    >>> [round(float(cyclic(step, 16, start=0, end=1)), 3) for step in (0, 1, 2, 3, 4, 5, 16)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0]
    """
    cycle = 4 * _progress(step, steps)
    share = ops.where(cycle < 4, ops.minimum(2 * (cycle - ops.floor(cycle)), 1.0), 1.0)
    return start + (end - start) * share


def _progress(step, steps):
    """From 0 to 1."""
    return ops.minimum(ops.cast(step, "float32") / steps, 1.0) if steps else ops.ones(())
