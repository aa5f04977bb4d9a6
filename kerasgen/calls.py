"""What Keras' own methods are given, looked at before any work: honoured, or refused in a line."""

import inspect
import itertools
import types
from typing import Any

import keras

from kerasgen import batches, checks, events, weights
from kerasgen.checks.arguments import all_of, one_of, real, whole

_flag = one_of(True, False)


def _verbosity(name, value):
    check = one_of("auto", True, False) if isinstance(value, (str, bool)) else whole(0, 2)
    return check(name, value)


def _epochs(name, value):
    """Every so many epochs, or which."""
    several = isinstance(value, (list, tuple))
    return list(all_of(checks.positive)(name, value)) if several else checks.positive(name, value)


CHECKS = {
    "auto_scale_loss": _flag,
    "batch_size": checks.positive,
    "epochs": checks.positive,
    "initial_epoch": whole(0, 2**31 - 1),
    "jit_compile": one_of(True, False, "auto"),
    "return_dict": _flag,
    "run_eagerly": _flag,
    "shuffle": _flag,
    "steps": checks.positive,
    "steps_per_epoch": checks.positive,
    "steps_per_execution": checks.positive,
    "validation_batch_size": checks.positive,
    "validation_freq": _epochs,
    "validation_split": real(0, 1, "[)"),
    "validation_steps": checks.positive,
    "verbose": _verbosity,
}  # of Keras' arguments all but data, weights and callbacks


def by_name(method: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What a method of `keras.Model` is given, by name, without the model; None, which stands for
    the default, is left out.

    >>> by_name("fit", 1, 2, 32)
    {'x': 1, 'y': 2, 'batch_size': 32}
    """
    signature = inspect.signature(getattr(keras.Model, method))
    given = signature.bind(None, *args, **kwargs).arguments
    given.pop("self")
    given |= given.pop("kwargs", {})
    return {name: value for name, value in given.items() if value is not None}


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


def check_arguments(given: dict[str, Any]) -> None:
    """Has arguments of Keras' methods checked, each by itself, and puts what Keras takes in their
    place.

    Raises:
        ValueError: one that is none.

    >>> check_arguments({"batch_size": 0})
    Traceback (most recent call last):
    ValueError: Expected batch_size to be an integer of at least 1. Received: batch_size=0
    """
    for name, check in CHECKS.items():
        if given.get(name) is not None:
            given[name] = check(name, given[name])


def check_together(given: dict[str, Any]) -> None:
    """Has arguments of Keras' methods checked that mean something beside others only.

    Raises:
        ValueError: sizes of batches, shares and shuffling beside what gives batches of its own,
            and what tells how to validate where nothing is to be validated on, or twice.

    >>> check_together({"x": np.zeros(3), "validation_steps": 2})
    Traceback (most recent call last):
    ValueError: Expected no validation_steps. Received: validation_steps=2. Pass validation_data.
    """
    x, (held_out, *_) = given["x"], given.get("validation_data") or (None,)
    share = given.get("validation_split", 0) or None
    size = given.get("validation_batch_size")
    often = given.get("validation_freq", 1)
    if held_out is not None:
        refuse("There is validation_data: drop one.", validation_split=share)
    elif share is None:
        refuse(
            "Pass validation_data.",
            validation_steps=given.get("validation_steps"),
            validation_batch_size=size,
            validation_freq=None if often == 1 else often,
        )
    if held_out is not None and not is_array(held_out):
        refuse("What it would cut is in batches: drop it.", validation_batch_size=size)
    if not is_array(x):
        shuffles = given.get("shuffle") and not isinstance(x, keras.utils.PyDataset)
        refuse(
            f"{type(x).__name__} makes batches of its own: drop it.",
            batch_size=given.get("batch_size"),
            validation_split=share,
            shuffle=shuffles or None,
        )
    elif share and int((n := batches.count(x)) * (1 - share)) == 0:
        raise ValueError(
            f"Expected validation_split to leave some of {n} examples to train on. "
            f"Received: validation_split={share}."
        )


def check_epochs(given: dict[str, Any]) -> None:
    """Has the epochs of `fit` checked, and what is to give its batches in each.

    Raises:
        ValueError: epochs that are over at the start; what gives its batches once and is asked
            again.

    >>> check_epochs({"epochs": 3, "initial_epoch": 3})
    Traceback (most recent call last):
    ValueError: Expected epochs above initial_epoch=3, where training starts. Received: epochs=3.
    """
    first, epochs = given.get("initial_epoch", 0), given.get("epochs", 1)
    if first >= epochs:
        raise ValueError(
            f"Expected epochs above initial_epoch={first}, where training starts. "
            f"Received: epochs={epochs}."
        )
    held_out, *_ = given.get("validation_data") or (None,)
    for data, steps in ((given["x"], "steps_per_epoch"), (held_out, "validation_steps")):
        if epochs - first > 1 and hasattr(data, "__next__") and given.get(steps) is None:
            raise ValueError(
                f"Expected {steps} beside {checks.kind(data)}, which gives its batches once. "
                f"Received: epochs={epochs}. Pass it, or arrays, or a data set."
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
    """A generator of batches as Keras takes one, also of examples and lists; other data untouched.

    >>> list(in_tuples(batch for batch in (1, (2, 3), [4, 5])))
    [(1,), (2, 3), (4, 5)]
    """
    if not isinstance(data, types.GeneratorType):
        return data
    return (tuple(each) if isinstance(each, (tuple, list)) else (each,) for each in data)


def checked(model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What a method of a model is given, arrays checked, weights of examples put where Keras keeps
    them.

    Raises:
        ValueError: what the model's events refuse, weights that are none, and arguments that are
            none or go without others.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> checked(model, {"x": [[1.0, 2.0]]})["x"].shape
    (1, 2)
    """
    check_arguments(given)
    if not model.weighs_examples:
        refuse("Samples cannot be weighed: drop it.", **weights.given(given))
    if weights.of_classes(given.get("class_weight"), model.num_classes):
        refuse("Multiply it by class_weight, drop that.", sample_weight=given.get("sample_weight"))
    data = (given.get(name) for name in ("x", "y", "sample_weight"))
    given = given | _checked_data(model, *data)
    held_out = given.get("validation_data")
    if held_out is not None:
        held_out = tuple(held_out) if isinstance(held_out, (list, tuple)) else (held_out,)
        check_parts(held_out)
        held_out = _checked_data(model, *held_out, *[None] * (3 - len(held_out)))
        given["validation_data"] = tuple(held_out.values())
    check_together(given)
    check_epochs(given)
    return given


def _checked_data(model, x, y, sample_weight):
    if x is None:
        raise ValueError(f"Expected {model.event.meaning} of {model.event!r}. Received: x=None.")
    x, y = model.arrays(x, y)
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


def predicted(model: Any, given: dict[str, Any]) -> tuple[dict[str, Any], list[ValueError]]:
    """What `predict` of a model is given, arrays checked, and a list to which the first batch of a
    source that is none will add why; that one and those behind it are left out.

    Raises:
        ValueError: what the model's event refuses, and arguments that are none.
        FloatingPointError: weights that are not finite.

    >>> model = kerasgen.zoo.load("classifier_mnist")
    >>> predicted(model, {"x": np.zeros((3, 28, 28, 1))})[1]
    []
    """
    check_arguments(given)
    model.require_finite()
    x, faults = model.event.array(given.get("x")), []
    check_together(given | {"x": x})
    if is_array(x) or not is_source(x):
        model.event.validate(x)
        return given | {"x": x}, faults
    places = itertools.islice(itertools.count(), getattr(x, "num_batches", 0))  # None has no end
    each = map(x.__getitem__, places) if hasattr(x, "num_batches") else x

    def valid():
        for batch in in_tuples(batch for batch in each):
            try:
                model.event.validate(batch[0])
            except ValueError as error:
                return faults.append(error)
            yield batch

    return given | {"x": valid()}, faults


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
