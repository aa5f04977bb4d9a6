"""Weights files: HDF5 as Keras' `.weights.h5`, in half precision where that holds the values.

Bytes of one rank lie together, which HDF5 calls shuffled: those with the exponents are alike, and
any archive packs such files 7 % smaller.

Every weights file is read here, by `kerasgen.zoo.stored`. Its arrays are compared with the model's
variables, by name, shape and type, before memory is taken and before the model changes.
"""

import pathlib
from collections.abc import Mapping

import h5py
import keras
import numpy as np
from keras.src.saving import saving_lib

from kerasgen.zoo.manifest import PresetError
from kerasgen.zoo.stored import finite, opened

_SMALL = 1000  # values


def variables(layer: keras.Layer) -> dict[str, keras.Variable]:
    """Variables of a built layer or model, not of its optimizer, by their names in Keras' files.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> list(variables(layer))
    ['vars/0', 'vars/1']
    """
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

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> may_round(layer.kernel)
    True
    """
    return variable.dtype == "float32" and variable._autocast


def save(layer: keras.Layer, path: pathlib.Path) -> None:
    """Writes the weights of a built layer; the same weights give the same bytes.

    An array that half precision holds exactly is written in it: see `kerasgen.zoo.rounding`. A
    small one is not shuffled, as the index of its chunk would be larger than it.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> path = pathlib.Path("dense.weights.h5")
    >>> save(layer, path)
    """
    with h5py.File(path, "w") as file:
        for name, variable in variables(layer).items():
            values = keras.ops.convert_to_numpy(variable)
            half = to_half(values) if may_round(variable) else values
            stored = half if np.array_equal(half, values) else values
            layout = {"chunks": stored.shape, "shuffle": True} if stored.size > _SMALL else {}
            file.create_dataset(name, data=stored, **layout)


def same(path: pathlib.Path, other: pathlib.Path) -> bool:
    """Whether two files hold the same arrays, wherever these lie in them.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> path = pathlib.Path("dense.weights.h5")
    >>> save(layer, path)
    >>> same(path, path), same(path, pathlib.Path("missing.weights.h5"))
    (True, False)
    """
    try:
        with opened(path) as ours, opened(other) as theirs:
            return ours.keys() == theirs.keys() and all(
                ours[name].dtype == theirs[name].dtype and np.array_equal(ours[name], theirs[name])
                for name in ours
            )
    except PresetError:
        return False


def to_half(values: np.ndarray) -> np.ndarray:
    """The nearest float16 values; infinite where they are beyond its range.

    >>> to_half(np.array([0.1, 1e-9], "float32")).dtype.name
    'float16'
    """
    with np.errstate(over="ignore"):
        return values.astype("float16")


def load(layer: keras.Layer, path: pathlib.Path, content: bytes | None = None) -> None:
    """Gives a built layer the weights of a file that holds exactly its own.

    Args:
        layer: built.
        path: of the file.
        content: its bytes, where they have been read already.

    Raises:
        PresetError: not HDF5, or arrays that are missing, left over, of another shape or type, not
            finite, or outside of the file. The layer is unchanged.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> path = pathlib.Path("dense.weights.h5")
    >>> save(layer, path)
    >>> load(layer, path)
    """
    targets = variables(layer)
    with opened(path, content) as arrays:
        values = read(path, arrays, targets)
    for name, variable in targets.items():
        variable.assign(values[name])


def read(
    path: pathlib.Path, arrays: Mapping[str, h5py.Dataset], targets: Mapping[str, keras.Variable]
) -> dict[str, np.ndarray]:
    """The values of a file's arrays, which must be exactly those of variables; see `load`.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> path = pathlib.Path("dense.weights.h5")
    >>> save(layer, path)
    >>> with opened(path) as arrays:
    ...     print(list(read(path, arrays, variables(layer))))
    ['vars/0', 'vars/1']
    """
    agrees = {name: name in targets and fits(arrays[name], targets[name]) for name in arrays}
    if arrays.keys() != targets.keys() or not all(agrees.values()):
        raise PresetError(_mismatch(path, targets, arrays))
    return {name: finite(path, name, array) for name, array in arrays.items()}


def take(layer: keras.Layer, arrays: Mapping[str, h5py.Dataset | np.ndarray]) -> list[str]:
    """Gives a built layer the arrays that have a name and a shape of its own; returns their names.

    Integers are left out: they count the steps that a layer has made.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> take(layer, {"vars/0": np.ones((3, 2), "float32")})
    ['vars/0']
    """
    targets = variables(layer)
    shared = sorted(targets.keys() & arrays.keys())
    fitting = [name for name in shared if fits(arrays[name], targets[name])]
    taken = [name for name in fitting if arrays[name].dtype.kind == "f"]
    values = {name: finite("the preset", name, arrays[name]) for name in taken}
    for name in taken:
        targets[name].assign(values[name])
    return taken


def fits(array: h5py.Dataset | np.ndarray, variable: keras.Variable) -> bool:
    """Whether an array has the shape of a variable and a type that is stored for it.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> fits(np.zeros((3, 2), "float32"), layer.kernel), fits(np.zeros(3, "float32"), layer.kernel)
    (True, False)
    """
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
