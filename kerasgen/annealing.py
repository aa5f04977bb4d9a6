"""How a quantity moves from one value to another while a model trains."""

import math

from keras import ops


def cosine(step, steps, start, end):
    """`start` at step 0, `end` from step `steps` on, and half a period of a cosine between them, float32.

    Args:
        step: integer tensor, the training steps taken.
        steps: how many the way takes; 0 for `end` at once.
    """
    progress = ops.minimum(ops.cast(step, "float32") / steps, 1.0) if steps else ops.ones(())
    return end + (start - end) * 0.5 * (1 + ops.cos(math.pi * progress))


def linear(step, steps, start, end):
    """`start` at step 0, `end` from step `steps` on, and a straight line between them; arguments as of `cosine`."""
    progress = ops.minimum(ops.cast(step, "float32") / steps, 1.0) if steps else ops.ones(())
    return start + (end - start) * progress
