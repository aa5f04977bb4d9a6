"""Models built without values: what a recipe asks for is known before memory is taken for it."""

import collections
import contextlib
from collections.abc import Iterator, Mapping

import keras
import numpy as np
from keras import ops
from keras.src.backend.common import global_state

from kerasgen.zoo.manifest import PresetError

_WAITING = "uninitialized_variables"  # where Keras keeps variables that have no values yet
_NAMES = "object_name_uids"  # where it counts layers by the names that it gives them


@contextlib.contextmanager
def without_values(arrays: int) -> Iterator[list[keras.Variable]]:
    """Variables that are made inside have a shape and a type, and no values.

    Args:
        arrays: that there are values for. Far more variables or layers are an error as soon as they
            come: a recipe of one line can ask for a million.

    Yields:
        The variables made so far, for `give_values`.

    Raises:
        PresetError: far more variables or layers than arrays.

    >>> with without_values(2) as waiting:
    ...     layer = keras.layers.Dense(2)
    ...     layer.build((None, 3))
    >>> len(waiting)
    2
    """
    before = global_state.get_global_attribute(_WAITING)
    names = global_state.get_global_attribute(_NAMES, collections.defaultdict(int), True)
    waiting = _Bounded(2 * arrays + 100)  # seeds and counters of metrics are in no file
    counted = _Counted(names, 10 * arrays + 1000)
    global_state.set_global_attribute(_WAITING, waiting)
    global_state.set_global_attribute(_NAMES, counted)
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield waiting
    finally:
        global_state.set_global_attribute(_WAITING, before)
        names.update(counted)
        global_state.set_global_attribute(_NAMES, names)


def give_values(
    waiting: list[keras.Variable],
    targets: Mapping[str, keras.Variable],
    values: Mapping[str, np.ndarray],
) -> None:
    """Gives variables their values: those that `targets` names `values`, others their own.

    >>> with without_values(2) as waiting:
    ...     layer = keras.layers.Dense(1)
    ...     layer.build((None, 1))
    >>> give_values(waiting, {"kernel": layer.kernel}, {"kernel": np.array([[3.0]])})
    >>> float(layer(np.ones((1, 1)))[0, 0])
    3.0
    """
    known = {id(variable): values[name] for name, variable in targets.items()}
    for variable in waiting:
        if id(variable) in known:
            variable._initializer = _constant(known[id(variable)])
        variable._deferred_initialize()


def _constant(values):
    return lambda shape, dtype=None: ops.convert_to_tensor(values.astype(dtype), dtype)


class _Bounded(list):
    """A list that takes so many items."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def append(self, variable):
        _check(len(self), self.most, "variables")
        super().append(variable)


class _Counted(collections.defaultdict):
    """Counts of names, so many altogether."""

    def __init__(self, names, most):
        super().__init__(int, names)
        self.most, self.count = most, 0

    def __setitem__(self, name, number):
        _check(self.count, self.most, "layers")
        self.count += 1
        super().__setitem__(name, number)


def _check(count, most, what):
    if count >= most:
        raise PresetError(
            "Expected a recipe of the model whose weights lie beside it. Received: one of more "
            f"than {most} {what}. Use the recipe that the weights were trained with."
        )
