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


def _progress(step, steps):
    """From 0 to 1."""
    return ops.minimum(ops.cast(step, "float32") / steps, 1.0) if steps else ops.ones(())
