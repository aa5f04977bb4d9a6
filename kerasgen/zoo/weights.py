"""Weights files: HDF5 as Keras' `.weights.h5`, in half precision where that holds the values.

Every weights file is read here. Its arrays are compared with the model's variables, by name, shape
and type, before memory is taken and before the model changes. Nothing outside the file is read.
"""

import contextlib
import pathlib
from collections.abc import Iterator, Mapping

import h5py
import keras
import numpy as np
from keras.src.saving import saving_lib

from kerasgen.zoo.manifest import PresetError


def variables(layer: keras.Layer) -> dict[str, keras.Variable]:
    """Variables of a built layer or model, not of its optimizer, by their names in Keras' files."""
    store = _Variables()
    saving_lib._save_state(layer, store, None, "", set())
    return {name: v for name, v in store.found.items() if not name.startswith("optimizer/")}


class _Variables(saving_lib.H5IOStore):
    """Keeps the variables themselves, where Keras' store writes their values."""

    def __init__(self):
        self.found = {}

    def __bool__(self):
        return True

    def make(self, path, metadata=None):
        self.place = pathlib.PurePosixPath(path, "vars")
        return self

    def __setitem__(self, key, variable):
        self.found[str(self.place / key)] = variable


def may_round(variable: keras.Variable) -> bool:
    """Whether a variable may be stored in half precision.

    Not where mixed precision leaves it alone: `autocast=False` is how Keras marks normalisations
    and their statistics, and kerasgen its codebooks.
    """
    return variable.dtype == "float32" and variable._autocast


def save(layer: keras.Layer, path: pathlib.Path) -> None:
    """Writes the weights of a built layer; the same weights give the same bytes.

    An array that half precision holds exactly is written in it: see `kerasgen.zoo.rounding`.
    """
    with h5py.File(path, "w") as file:
        for name, variable in variables(layer).items():
            values = keras.ops.convert_to_numpy(variable)
            half = to_half(values) if may_round(variable) else values
            file[name] = half if np.array_equal(half, values) else values


def to_half(values: np.ndarray) -> np.ndarray:
    """The nearest float16 values; infinite where they are beyond its range."""
    with np.errstate(over="ignore"):
        return values.astype("float16")


def load(layer: keras.Layer, path: pathlib.Path) -> None:
    """Gives a built layer the weights of a file that holds exactly its own.

    Raises:
        PresetError: not HDF5, or arrays that are missing, left over, of another shape or type, or
            outside of the file. The layer is unchanged.
    """
    targets = variables(layer)
    with opened(path) as arrays:
        agrees = {name: name in targets and fits(arrays[name], targets[name]) for name in arrays}
        if arrays.keys() != targets.keys() or not all(agrees.values()):
            raise PresetError(_mismatch(path, targets, arrays))
        values = {name: array[()] for name, array in arrays.items()}
    for name, variable in targets.items():
        variable.assign(values[name])


def take(layer: keras.Layer, arrays: Mapping[str, h5py.Dataset | np.ndarray]) -> list[str]:
    """Gives a built layer the arrays that have a name and a shape of its own; returns their names.

    Integers are left out: they count the steps that a layer has made.
    """
    targets = variables(layer)
    shared = sorted(targets.keys() & arrays.keys())
    fitting = [name for name in shared if fits(arrays[name], targets[name])]
    taken = [name for name in fitting if arrays[name].dtype.kind == "f"]
    for name in taken:
        targets[name].assign(arrays[name][()])
    return taken


@contextlib.contextmanager
def opened(path: pathlib.Path) -> Iterator[dict[str, h5py.Dataset]]:
    """The arrays of a file by name, not yet read. What links lead to is left out.

    Raises:
        PresetError: the file is not HDF5, or the values of an array lie outside of it.
    """
    arrays = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise PresetError(
                    f"Expected {path} to hold its weights. Received: {name}, whose values lie in "
                    "another file. Save the model anew with kerasgen.zoo.save."
                )
            arrays[name] = item

    try:
        file = h5py.File(path, "r")
    except OSError:
        raise PresetError(
            f"Expected an HDF5 file of weights. Received: {path}, which is none."
        ) from None
    with file:
        file.visititems(visit)
        yield arrays


def fits(array: h5py.Dataset | np.ndarray, variable: keras.Variable) -> bool:
    """Whether an array has the shape of a variable and a type that is stored for it."""
    types = {variable.dtype, "float16"} if may_round(variable) else {variable.dtype}
    return tuple(array.shape) == tuple(variable.shape) and array.dtype.name in types


def _mismatch(path, targets, arrays):
    """What is said of a file whose arrays are not exactly those of the variables."""
    shared = [name for name in targets if name in arrays]
    if differing := [name for name in shared if not fits(arrays[name], targets[name])]:
        name = differing[0]
        first = f"{name} of {_kind(targets[name])} where the file has {_kind(arrays[name])}"
    elif missing := sorted(targets.keys() - arrays.keys()):
        first = f"{missing[0]} of {_kind(targets[missing[0]])}, which the file lacks"
    else:
        extra = min(arrays.keys() - targets.keys())
        first = f"{extra} of {_kind(arrays[extra])}, which only the file has"
    return (
        f"Expected {path} to hold the {len(targets)} weights of the recipe's model. Received: "
        f"{len(arrays)} weights of another architecture; the first difference is {first}. "
        "Use the recipe that the weights were trained with."
    )


def _kind(array):
    return f"shape {tuple(array.shape)} in {array.dtype}"
