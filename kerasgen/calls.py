"""What Keras' own methods are given, looked at before any work: honoured, or refused in a line."""

import inspect
import numbers
import types
from typing import Any

import keras

from kerasgen import batches, checks, events, weights

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


def checked(model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What a method of a model is given, arrays checked, weights of examples put where Keras keeps
    them.

    Raises:
        ValueError: what the model's events refuse, weights that are none, or beside a source.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> checked(model, {"x": [[1.0, 2.0]]})["x"].shape
    (1, 2)
    """
    check_numbers(given)
    if not model.weighs_examples:
        refuse("Samples cannot be weighed: drop it.", **weights.given(given))
    weights.of_classes(given.get("class_weight"), model.num_classes)
    data = (given.get(name) for name in ("x", "y", "sample_weight"))
    given = given | _checked_data(model, *data)
    held_out = given.get("validation_data")
    if held_out is not None:
        held_out = tuple(held_out) if isinstance(held_out, (list, tuple)) else (held_out,)
        check_parts(held_out)
        held_out = _checked_data(model, *held_out, *[None] * (3 - len(held_out)))
        given["validation_data"] = tuple(held_out.values())
    return given


def _checked_data(model, x, y, sample_weight):
    if x is None:
        raise ValueError(f"Expected {model.event.meaning} of {model.event!r}. Received: x=None.")
    x, y = model.event.array(x), model.condition.array(y)
    if is_array(x) or not is_source(x):
        model.validate(x, y)
        sample_weight = weights.of_examples(sample_weight, batches.count(x))
        if y is None and sample_weight is not None:
            y = events.Nothing.of_each(batches.count(x))  # Keras drops weights beside None
    else:
        refuse(
            f"Its batches are of {checks.kind(x)}: let it give (x, y, sample_weight).",
            **{"y beside a source of batches": y, "sample_weight": sample_weight},
        )
    return {"x": in_tuples(x), "y": y, "sample_weight": sample_weight}


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
