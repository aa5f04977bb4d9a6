"""The arrays of an HDF5 file that anybody may have written, read within bounds.

Nothing outside the file is read, and no array takes more memory than the file is long.
"""

import contextlib
import io
import pathlib
from collections.abc import Iterator

import h5py
import numpy as np

from kerasgen.zoo.manifest import PresetError

_MOST_ITEMS = 5000  # arrays and groups of a file
_MOST_DEPTH = 50
_REMEDY = "Save the model anew with kerasgen.zoo.save."


@contextlib.contextmanager
def opened(path: pathlib.Path, content: bytes | None = None) -> Iterator[dict[str, h5py.Dataset]]:
    """The arrays of a file by name, not yet read.

    All of them lie in the file whole: not elsewhere, not compressed, not left out. So no array
    takes more memory than the file is long.

    Args:
        path: of the file.
        content: its bytes, where they have been read already.

    Raises:
        PresetError: the file is not HDF5, is damaged, or holds more than arrays in groups.

    >>> path = pathlib.Path("one.weights.h5")
    >>> with h5py.File(path, "w") as file:
    ...     file["vars/0"] = np.ones(2, "float32")
    >>> with opened(path) as arrays:
    ...     print(sorted(arrays))
    ['vars/0']
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
    """Refuses an array whose values are not in the file whole, byte for byte."""
    if not isinstance(array, h5py.Dataset):
        raise PresetError(f"Expected arrays in {path}. Received: {name}, a type. {_REMEDY}")
    if array.external or array.is_virtual:
        raise PresetError(
            f"Expected {path} to hold its weights. Received: {name}, whose values lie in "
            f"another file. {_REMEDY}"
        )
    layout = array.id.get_create_plist()
    filters = {layout.get_filter(i)[0] for i in range(layout.get_nfilters())}
    is_whole = array.chunks in (None, array.shape) and filters <= {h5py.h5z.FILTER_SHUFFLE}
    if not is_whole or array.shape is None or array.id.get_storage_size() != array.nbytes:
        raise PresetError(
            f"Expected the arrays of {path} whole. Received: {name}, compressed, in chunks "
            f"or without values. {_REMEDY}"
        )


def finite(path: pathlib.Path | str, name: str, array: h5py.Dataset | np.ndarray) -> np.ndarray:
    """The values of an array of a file, which are finite numbers.

    >>> with h5py.File("two.weights.h5", "w") as file:
    ...     file["a"] = np.ones(2, "float32")
    >>> with opened(pathlib.Path("two.weights.h5")) as arrays:
    ...     finite("two.weights.h5", "a", arrays["a"])
    array([1., 1.], dtype=float32)
    """
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
