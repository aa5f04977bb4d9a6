"""Weights files: HDF5 as Keras' `.weights.h5`, in half precision where that holds the values.

Every weights file is read here. Its arrays are compared with the model's variables, by name, shape
and type, before memory is taken and before the model changes. Nothing outside the file is read.
"""

import contextlib
import io
import pathlib
from collections.abc import Iterator, Mapping

import h5py
import keras
import numpy as np
from keras.src.saving import saving_lib

from kerasgen.zoo.manifest import PresetError

_MOST_ITEMS = 5000  # arrays and groups of a file
_MOST_DEPTH = 50
_REMEDY = "Save the model anew with kerasgen.zoo.save."


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

    An array that half precision holds exactly is written in it: see `kerasgen.zoo.rounding`.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> path = pathlib.Path("dense.weights.h5")
    >>> save(layer, path)
    """
    with h5py.File(path, "w") as file:
        for name, variable in variables(layer).items():
            values = keras.ops.convert_to_numpy(variable)
            half = to_half(values) if may_round(variable) else values
            file[name] = half if np.array_equal(half, values) else values


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
    return {name: _finite(path, name, array) for name, array in arrays.items()}


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
    values = {name: _finite("the preset", name, arrays[name]) for name in taken}
    for name in taken:
        targets[name].assign(values[name])
    return taken


@contextlib.contextmanager
def opened(path: pathlib.Path, content: bytes | None = None) -> Iterator[dict[str, h5py.Dataset]]:
    """The arrays of a file by name, not yet read.

    All of them lie in the file as they are: not elsewhere, not compressed, not left out. So no
    array takes more memory than the file is long.

    Args:
        path: of the file.
        content: its bytes, where they have been read already.

    Raises:
        PresetError: the file is not HDF5, is damaged, or holds more than arrays in groups.

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> path = pathlib.Path("dense.weights.h5")
    >>> save(layer, path)
    >>> with opened(path) as arrays:
    ...     print(sorted(arrays))
    ['vars/0', 'vars/1']
    """
    try:
        file = h5py.File(path if content is None else io.BytesIO(content), "r")
    except Exception:  # HDF5 says in many ways that it cannot read something
        raise PresetError(
            f"Expected an HDF5 file of weights. Received: {path}, which is none, or is damaged."
        ) from None
    with file:
        try:
            arrays = dict(_arrays(path, file))
        except PresetError:
            raise
        except Exception as error:
            raise _damaged(path, error) from None
        size = path.stat().st_size if content is None else len(content)
        if sum(array.nbytes for array in arrays.values()) > size:
            raise PresetError(
                f"Expected {path} to hold its weights one by one. Received: arrays that share "
                f"bytes. {_REMEDY}"
            )
        yield arrays


def _arrays(path, file):
    """Datasets by name, in groups of bounded depth and number."""
    waiting, seen = [("", file["/"])], 0
    while waiting:
        place, group = waiting.pop()
        seen += len(group)
        if seen > _MOST_ITEMS or place.count("/") > _MOST_DEPTH:
            raise PresetError(
                f"Expected at most {_MOST_ITEMS} arrays and groups in {path}, {_MOST_DEPTH} deep. "
                f"Received: more. {_REMEDY}"
            )
        for key in group:
            name = f"{place}{key}"
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise PresetError(
                    f"Expected {path} to hold its weights. Received: {name}, a link to somewhere "
                    f"else. {_REMEDY}"
                )
            item = group[key]
            if isinstance(item, h5py.Group):
                waiting.append((f"{name}/", item))
            else:
                _check_stored(path, name, item)
                yield name, item


def _check_stored(path, name, array):
    """Refuses an array whose values are not in the file as they are."""
    if not isinstance(array, h5py.Dataset):
        raise PresetError(f"Expected arrays in {path}. Received: {name}, a type. {_REMEDY}")
    if array.external or array.is_virtual:
        raise PresetError(
            f"Expected {path} to hold its weights. Received: {name}, whose values lie in "
            f"another file. {_REMEDY}"
        )
    layout = array.id.get_create_plist()
    is_plain = array.chunks is None and layout.get_nfilters() == 0
    if not is_plain or array.shape is None or array.id.get_storage_size() != array.nbytes:
        raise PresetError(
            f"Expected the arrays of {path} as they are. Received: {name}, compressed, in chunks "
            f"or without values. {_REMEDY}"
        )


def _finite(path, name, array):
    """The values of an array, which are finite numbers."""
    try:
        values = array[()]
    except Exception as error:
        raise _damaged(path, error) from None
    if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
        count = int(np.sum(~np.isfinite(values)))
        raise PresetError(
            f"Expected finite weights in {path}. Received: {count} NaN or infinite values in "
            f"{name}. Train the model anew, or take an earlier preset."
        )
    return values


def _damaged(path, error):
    return PresetError(
        f"Expected a whole HDF5 file of weights. Received: {path}, damaged: {error}. {_REMEDY}"
    )


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
