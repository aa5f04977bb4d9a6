"""What Keras' own methods are given, looked at before any work: honoured, or refused in a line."""

import inspect
from typing import Any

import keras
import numpy as np

from kerasgen import checks


def by_name(method: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What a method of `keras.Model` is given, by name, without the model.

    >>> by_name("fit", 1, 2, 32)
    {'x': 1, 'y': 2, 'batch_size': 32}
    """
    signature = inspect.signature(getattr(keras.Model, method))
    given = signature.bind(None, *args, **kwargs).arguments
    given.pop("self")
    return given | given.pop("kwargs", {})


def refuse(remedy: str, **given: Any) -> None:
    """Refuses arguments that a model cannot honour.

    Raises:
        ValueError: one of them is not None.

    >>> refuse("Drop it.", loss=None)
    """
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"Expected no {name}. Received: {name}={_short(value)}. {remedy}")


def check_sizes(given: dict[str, Any]) -> None:
    """Sizes and numbers of steps are whole numbers of at least 1 where they are given.

    >>> check_sizes({"batch_size": 0})
    Traceback (most recent call last):
    ValueError: Expected batch_size to be an integer of at least 1. Received: batch_size=0
    """
    for name in ("batch_size", "steps_per_epoch", "steps", "validation_batch_size"):
        if given.get(name) is not None:
            given[name] = checks.positive(name, given[name])


def weights(sample_weight: Any, count: int) -> np.ndarray | None:
    """A weight for each of `count` examples, `[count]` float32, or None.

    Raises:
        ValueError: another number of weights, negative ones or ones that are not finite.

    >>> weights([1, 0.5], 2).tolist()
    [1.0, 0.5]
    """
    if sample_weight is None:
        return None
    values = np.asarray(sample_weight)
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if flat.shape != (count,) or flat.dtype.kind not in "fiub":
        raise ValueError(
            f"Expected a sample_weight for each of {count} examples, of shape [{count}]. "
            f"Received: shape {values.shape} of {values.dtype}."
        )
    if not np.all(np.isfinite(flat)) or np.any(flat < 0):
        raise ValueError(
            "Expected sample_weight to be finite and at least 0. "
            f"Received: {flat.min():g} to {flat.max():g}. Mend those weights."
        )
    return flat.astype("float32")


def is_array(x: Any) -> bool:
    """Whether data are arrays or nested structures of them, and not a source of batches.

    >>> is_array(np.zeros(3)), is_array({"a": np.zeros(3)}), is_array(iter([]))
    (True, True, False)
    """
    return x is not None and all(hasattr(leaf, "shape") for leaf in keras.tree.flatten(x))


def is_source(x: Any) -> bool:
    """Whether data may give batches: a data set, a generator, a `keras.utils.PyDataset`.

    >>> is_source(iter([])), is_source("images.npz")
    (True, False)
    """
    gives = any(hasattr(x, name) for name in ("__iter__", "__next__", "__getitem__"))
    return gives and not isinstance(x, (str, dict))


def _short(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
