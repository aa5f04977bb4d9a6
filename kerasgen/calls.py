"""What Keras' own methods are given, looked at before any work: honoured, or refused in a line."""

import inspect
import numbers
import types
from typing import Any

import keras
import numpy as np

from kerasgen import checks

_COUNTS = (
    "batch_size",
    "epochs",
    "steps",
    "steps_per_epoch",
    "steps_per_execution",
    "validation_batch_size",
    "validation_steps",
)


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
            raise ValueError(
                f"Expected no {name}. Received: {name}={checks.short(value)}. {remedy}"
            )


def check_numbers(given: dict[str, Any]) -> None:
    """Sizes and numbers of steps are whole numbers of at least 1 where they are given, shares lie
    in [0, 1), and what gives its batches once is not asked for them again.

    >>> check_numbers({"batch_size": 0})
    Traceback (most recent call last):
    ValueError: Expected batch_size to be an integer of at least 1. Received: batch_size=0
    """
    for name in _COUNTS:
        if given.get(name) is not None:
            given[name] = checks.positive(name, given[name])
    share = given.get("validation_split") or 0.0
    if not isinstance(share, numbers.Real) or not 0 <= float(share) < 1:
        raise ValueError(
            f"Expected validation_split in [0, 1). Received: validation_split={share!r}."
        )
    epochs = given.get("epochs", 1)
    for data, steps in (("x", "steps_per_epoch"), ("validation_data", "validation_steps")):
        if epochs > 1 and hasattr(given.get(data), "__next__") and given.get(steps) is None:
            raise ValueError(
                f"Expected {steps} beside {checks.kind(given[data])} as {data}, which gives "
                f"its batches once. Received: epochs={epochs}. Pass it, or arrays, or a data set."
            )


def check_modes(given: dict[str, Any]) -> None:
    """How Keras is to run a step is one of its ways.

    >>> check_modes({"jit_compile": "never"})
    Traceback (most recent call last):
    ValueError: Expected jit_compile to be one of True, False, 'auto'. Received: 'never'.
    """
    for name, known in (("run_eagerly", (True, False)), ("jit_compile", (True, False, "auto"))):
        if given.get(name) not in (None, *known):
            raise ValueError(
                f"Expected {name} to be one of {', '.join(map(repr, known))}. "
                f"Received: {given[name]!r}."
            )


def optimizer(given: Any) -> Any:
    """The optimizer that a name, a configuration or an optimizer stands for.

    Raises:
        ValueError: it stands for none.

    >>> optimizer("adan")
    Traceback (most recent call last):
    ValueError: Expected an optimizer of keras.optimizers, such as 'adam'. Received: 'adan'.
    """
    try:
        if given is not None:
            return keras.optimizers.get(given)
    except (TypeError, ValueError):
        pass
    raise ValueError(
        "Expected an optimizer of keras.optimizers, such as 'adam'. "
        f"Received: {checks.short(given)}."
    )


def check_parts(data: Any) -> None:
    """A batch is x, (x, y) or (x, y, sample_weight).

    >>> check_parts((1, 2, 3, 4))
    Traceback (most recent call last):
    ValueError: Expected batches of x, (x, y) or (x, y, sample_weight). Received: 4 parts.
    """
    if isinstance(data, tuple) and len(data) > 3:
        raise ValueError(
            f"Expected batches of x, (x, y) or (x, y, sample_weight). Received: {len(data)} parts."
        )


def in_tuples(data: Any) -> Any:
    """A generator of batches as Keras takes one, also of bare examples; other data as they are.

    >>> list(in_tuples(batch for batch in (1, (2, 3))))
    [(1,), (2, 3)]
    """
    if not isinstance(data, types.GeneratorType):
        return data
    return (batch if isinstance(batch, tuple) else (batch,) for batch in data)


def check_class_weight(given: dict[str, Any], count: int | None) -> None:
    """Weights of classes are a dict of them, for a model of `count` classes.

    Raises:
        ValueError: they are not; a model without classes; weights of examples beside them.

    >>> check_class_weight({"class_weight": {0: 2.0}}, 3)
    """
    class_weight = given.get("class_weight")
    if class_weight is None:
        return
    if count is None:
        refuse(
            "Classes have weights, and this model is conditional on none: drop it.",
            class_weight=class_weight,
        )
    if given.get("sample_weight") is not None:
        refuse("Multiply sample_weight by it.", class_weight=class_weight)
    is_dict = isinstance(class_weight, dict)
    if not is_dict or not all(
        key in range(count or 0)
        and isinstance(weight, numbers.Real)
        and 0 <= float(weight) < np.inf
        for key, weight in class_weight.items()
    ):
        raise ValueError(
            f"Expected class_weight as a dict of classes in 0..{count - 1} to weights of at least "
            f"0. Received: class_weight={checks.short(class_weight)}."
        )


def weights_in(given: dict[str, Any]) -> dict[str, Any]:
    """Weights of examples and of classes among arguments, those of held-out data too.

    >>> weights_in({"sample_weight": [1.0]})["sample_weight"]
    [1.0]
    """
    held_out = given.get("validation_data")
    of_held_out = held_out[2] if isinstance(held_out, (list, tuple)) and len(held_out) > 2 else None
    names = ("sample_weight", "class_weight")
    return {name: given.get(name) for name in names} | {"validation sample_weight": of_held_out}


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
