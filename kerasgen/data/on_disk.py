"""Arrays of a `.npz` file that stay there: any of their rows is read when it is asked for."""

import functools
import os
import zipfile

import numpy as np

from kerasgen.data.synthetic.drawn import Drawn

_LOCAL_HEADER = 30  # bytes, before the name and the extra field of a member


def rows(path: str | os.PathLike, key: str) -> Drawn | None:
    """The array `key` of a file by its rows, or None where the array is compressed.

    Checksums are those of whole members, so that rows are not checked.

    Example:
        >>> np.savez("mine.npz", train_images=np.arange(6).reshape(3, 2))
        >>> rows("mine.npz", "train_images")[np.array([2, 0])]
        array([[4, 5],
               [0, 1]])
    """
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{key}.npy")
    if info.compress_type != zipfile.ZIP_STORED:
        return None
    with open(path, "rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER)
        lengths = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        file.seek(info.header_offset + _LOCAL_HEADER + sum(lengths))
        if np.lib.format.read_magic(file) != (1, 0):
            return None
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
        start = file.tell()
    if is_fortran or dtype.hasobject:
        return None
    read = functools.partial(_read, path, start, shape[1:], dtype)
    return Drawn(read, np.arange(shape[0]), shape[1:], dtype)


def _read(path, start, shape, dtype, positions):
    """The rows at some positions, `[n, *shape]`."""
    found = np.empty((len(positions), *shape), dtype)
    with open(path, "rb") as file:
        for row, position in zip(found.reshape(len(positions), -1).view("uint8"), positions):
            file.seek(start + int(position) * row.nbytes)
            if file.readinto(row.data) != row.nbytes:
                raise ValueError(f"Expected a whole .npz file. Received: {path}, cut short.")
    return found
