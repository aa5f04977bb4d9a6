"""Weights of examples and of classes: checked before any work where they are arrays, and in the
step where they come in batches."""

import numbers
import re
from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend, checks

FAULT = "weights of examples that are not finite, below 0, or not one for each"


def of_classes(class_weight: Any, count: int | None) -> list[float] | None:
    """The weight of each of `count` classes, 1 where a dict names none, or None.

    Raises:
        ValueError: no dict of classes to weights; a model without classes.

    >>> of_classes({1: 2}, 3)
    [1.0, 2.0, 1.0]
    """
    if class_weight is None:
        return None
    received = f"Received: class_weight={checks.short(class_weight)}."
    if count is None:
        raise ValueError(
            f"Expected no class_weight. {received} Classes have weights, and this model has none, "
            "or several of each example: pass sample_weight, or drop it."
        )
    if not isinstance(class_weight, dict) or not all(
        not isinstance(key, bool)
        and key in range(count)
        and isinstance(weight, numbers.Real)
        and 0 <= float(weight) < np.inf
        for key, weight in class_weight.items()
    ):
        raise ValueError(
            f"Expected class_weight as a dict of classes in 0..{count - 1} to weights of at least "
            f"0. {received}"
        )
    return [float(class_weight.get(each, 1.0)) for each in range(count)]


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Weights of examples and of classes among arguments, those of held-out data too.

    >>> given({"sample_weight": [1.0]})["sample_weight"]
    [1.0]
    """
    held_out = arguments.get("validation_data")
    of_held_out = held_out[2] if isinstance(held_out, (list, tuple)) and len(held_out) > 2 else None
    names = ("sample_weight", "class_weight")
    return {name: arguments.get(name) for name in names} | {"validation sample_weight": of_held_out}


def of_examples(sample_weight: Any, count: int) -> np.ndarray | None:
    """A weight for each of `count` examples, `[count]` float32, or None.

    Raises:
        ValueError: another number of weights, negative ones or ones that are not finite.

    >>> of_examples([[1], [0.5]], 2).tolist()
    [1.0, 0.5]
    """
    if sample_weight is None:
        return None
    try:
        values = np.asarray(sample_weight)
    except ValueError:  # rows of several lengths
        raise ValueError(_expected(count, "rows of several lengths")) from None
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if flat.shape != (count,) or flat.dtype.kind not in "fiub":
        raise ValueError(_expected(count, f"shape {values.shape} of {values.dtype}"))
    if not np.all(np.isfinite(flat)) or np.any(flat < 0):
        raise ValueError(
            "Expected sample_weight to be finite and at least 0. "
            f"Received: {flat.min():g} to {flat.max():g}. Mend those weights."
        )
    return flat.astype("float32")


def in_step(sample_weight: Any, examples: Any) -> tuple[Any, dict[str, Any]]:
    """Weights `[B]` of a batch that a step is given, and what is wrong with them.

    Args:
        sample_weight: `[B]` or `[B, 1]`; what is no weight of an example counts as 0.
        examples: `[B, ...]`, or anything of that many rows.

    Returns:
        The weights, float32, and a Boolean scalar by the name of the fault, where values are not
        known yet.

    Raises:
        ValueError: another shape, as far as it is known; wrong values that are known.

    >>> weights, faults = in_step(ops.array([[2.0], [0.0]]), np.ones(2))
    >>> weights.numpy().tolist(), faults
    ([2.0, 0.0], {})
    """
    n = examples.shape[0]
    if backend.is_concrete(sample_weight):
        return ops.convert_to_tensor(of_examples(ops.convert_to_numpy(sample_weight), n)), {}
    shape, dtype = tuple(sample_weight.shape), str(sample_weight.dtype)
    differs = isinstance(n, int) and shape[:1] not in ((n,), (None,))
    if shape[1:] not in ((), (1,)) or differs or not re.search("bool|int|float", dtype):
        raise ValueError(_expected("B" if n is None else n, f"shape {shape} of {dtype}"))
    given = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
    fine = ops.logical_and(ops.isfinite(given), given >= 0)
    count = ops.shape(examples)[0]
    wrong = ops.logical_or(ops.logical_not(ops.all(fine)), ops.shape(given)[0] != count)
    # As many as there are examples, whatever came: the step ends, and then the fault is told.
    weights = ops.concatenate([ops.where(fine, given, 0.0), ops.zeros((count,))])[:count]
    return weights, {FAULT: wrong}


def _expected(count, received):
    return (
        f"Expected a sample_weight for each of {count} examples, of shape [{count}]. "
        f"Received: {received}."
    )
