"""Sets in one `.npz` file, which needs no TensorFlow to be read.

    save_npz("mine.npz", train_images=x, train_labels=y, test_images=...)

A file holds `name` and the arrays that `kerasgen.data.layout` describes.
"""

import contextlib
import os
import pathlib
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import tree

from kerasgen import checks, durable
from kerasgen.data import catalog, layout, on_disk

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_REMEDY = "Write one with kerasgen.data.save_npz."


def save_npz(
    path: str | os.PathLike,
    *old: Any,
    name: str | None = None,
    maximum: int | Mapping[str, int] | None = None,
    vocab_size: int | Mapping[str, int] | None = None,
    **arrays: Any,
) -> pathlib.Path:
    """Writes arrays to a `.npz` file for `from_npz`; the file appears whole or not at all.

    Args:
        path: of the file to write.
        name: of the set; by default that of the file.
        maximum: the level that stands for 1 in images of integers; by default the largest of their
            type. A dict has one for each part.
        vocab_size: of tokens; by default one more than the largest. A dict has one for each part.
        **arrays: `train_images`, `train_labels` and those of any other splits, in the types and
            shapes of `kerasgen.data.layout`; other floats and signed integers are converted.
            Examples of several parts are a dict of arrays.

    Returns:
        The path.

    Raises:
        ValueError: no examples, other types or shapes, values out of range, numbers of examples or
            events of splits that do not fit each other.

    Example:
        >>> import numpy as np
        >>> from kerasgen import data
        >>> path = data.save_npz("tokens.npz", train_images=np.array([[3, 1, 2]]), vocab_size=5)
        >>> data.open(None, npz=path).event
        Tokens(length=3, vocab_size=5)
    """
    if old and not isinstance(old[0], (str, os.PathLike)):
        raise ValueError(
            f"Expected arrays by name. Received: {checks.short(old[0])} beside the path. Name the "
            "split: save_npz(path, train_images=x, train_labels=y)."
        )
    if old:
        warnings.warn(
            "save_npz(name, path) is export_npz(name, path) now; save_npz writes arrays.",
            FutureWarning,
            stacklevel=2,
        )
        return export_npz(str(path), *old, **arrays)
    path = checks.path("path", path)
    arrays = layout.flat({"maximum": maximum, "vocab_size": vocab_size, **arrays})
    if vocab_size is None:
        arrays |= layout.vocab_sizes(arrays)
    event, sizes = layout.describe(arrays)
    for split in sizes:
        event.validate_stored(layout.examples(arrays, split))
    with durable.placed(path) as new, open(new, "wb") as file:
        np.savez_compressed(file, name=name or path.stem, **arrays)
    return path


def export_npz(
    name: str,
    path: str | os.PathLike,
    splits: list[str] | None = None,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
) -> pathlib.Path:
    """Writes a set that has a name to a `.npz` file, which trains without TensorFlow.

    Args:
        name: of the set, as in `kerasgen.data.open`.
        path: of the file to write.
        splits: names of the splits to write; all by default.
        data_dir, download: as in `kerasgen.data.open`.

    Returns:
        The path.

    Example:
        >>> from kerasgen import data
        >>> data.open("digits", npz=data.export_npz("digits", "digits.npz")).num_examples
        1500
    """
    reader = catalog.entry(name).open(data_dir, download)
    arrays = {}
    for split in splits or reader.sizes:
        stored, labels = reader.read(split, 0, reader.sizes[split])
        arrays |= {split + layout.IMAGES: stored, split + layout.LABELS: labels}
    return save_npz(path, name=name, **reader.event.stored_with(), **arrays)


class File:
    """Reads one file; a `kerasgen.data.reader.Reader`.

    Args:
        path: of a file of `save_npz` or `export_npz`.

    Attributes:
        name: of the set in it.
        event: what an example is.
        sizes: number of examples by split.
        classes: names of the labels, or None.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a foreign file, or a damaged one.

    Example:
        >>> file = File(save_npz("table.npz", train_images=np.eye(3, 5)))
        >>> file.name, file.event, file.sizes
        ('table', Vector(5), {'train': 3})
    """

    def __init__(self, path: str | os.PathLike):
        self.path = path
        with self._opened() as file:
            headers = {key: _header(file, key) for key in file.files}
            self.event, self.sizes = layout.describe(headers)
            if "name" not in headers:
                raise ValueError(f"Expected a name. Received: the arrays {file.files}.")
            self.name = str(headers["name"])
            self.classes = headers["classes"].tolist() if "classes" in headers else None

    def read(self, split, start, stop):
        with self._opened() as file:
            stored = self._on_disk(split)
            if stored is None:
                stored = layout.examples(file, split)
                self.event.validate_stored(stored)
            labels = file.get(split + layout.LABELS)
        rows = slice(start, stop)
        stored = tree.map_structure(lambda part: part[rows], stored)
        return stored, None if labels is None else labels[rows]

    def _on_disk(self, split):
        """Pictures of 8 bits that can stay on disk, as every value is one of theirs; or None."""
        is_bytes = self.event.is_picture and self.event.levels == 256
        return on_disk.rows(self.path, split + layout.IMAGES) if is_bytes else None

    @contextlib.contextmanager
    def _opened(self):
        """The file as `numpy.load` opens it; what is wrong with it is told with its path."""
        if not os.path.exists(self.path):
            raise FileNotFoundError(
                f"Expected a .npz file. Received: {self.path}, which is not there. {_REMEDY}"
            )
        with open(self.path, "rb") as file:
            signature = file.read(4)
        if signature != b"PK\x03\x04" or not zipfile.is_zipfile(self.path):
            raise ValueError(
                f"Expected a .npz file. Received: {self.path}, which is not one, or is cut short. "
                f"{_REMEDY}"
            )
        try:
            with np.load(self.path, allow_pickle=False) as file:
                yield file
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, KeyError) as error:
            raise ValueError(
                f"Expected a whole .npz file. Received: {self.path}, damaged: {error}. {_REMEDY}"
            ) from None
        except ValueError as error:
            raise ValueError(f"{error} In {self.path}. {_REMEDY}") from None


def _header(file, key):
    """Examples and labels without their values: type and shape; all else as it is."""
    with file.zip.open(f"{key}.npy") as member:
        version = np.lib.format.read_magic(member)
        if version not in _HEADERS:
            raise ValueError(f"Expected a format of {list(_HEADERS)}. Received: {version}.")
        shape, _, dtype = _HEADERS[version](member)
    is_long = layout.IMAGES in key or layout.LABELS in key
    return np.broadcast_to(np.zeros((), dtype), shape) if is_long else file[key]
