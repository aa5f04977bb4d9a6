"""Folders of pictures, CSV files and lines of text in the place of a `.npz` file."""

import functools
import os
import pathlib
import tempfile

from kerasgen import checks
from kerasgen.data.pictures import folder
from kerasgen.data.tables import table
from kerasgen.data.texts import text
from kerasgen.events import Event

_TABLES = (".csv", ".tsv", ".txt")


def as_npz(path: str | os.PathLike, name: str, event: Event) -> pathlib.Path:
    """The `.npz` file of a set: itself or one made for this process, of a folder or a CSV file or,
    for a model of sentences, of a text file.

    What was left out is printed.

    Args:
        path: of a `.npz` file, a folder of pictures or a CSV file.
        name: of the set.
        event: what an example is to be; pictures are cropped and resized to it.

    Example:
        >>> import pathlib, PIL.Image
        >>> pathlib.Path("reds").mkdir()
        >>> PIL.Image.new("RGB", (8, 8), "red").save("reds/1.png")
        >>> path = as_npz("reds", "reds", kerasgen.events.Image(8, 8, 3))
        /...reds.npz: 1 for training, 0 held out, images [8, 8, 3]
        >>> kerasgen.data.npz.File(path).event.shape
        (8, 8, 3)
    """
    path = checks.path("path", path)
    if not path.is_dir() and path.suffix.lower() not in _TABLES:
        return path
    shape = event.shape if event.is_picture else None
    if event.vocabulary is not None and path.suffix.lower() == ".txt":
        target = pathlib.Path(_scratch().name, f"{name}.npz")
        print(text(path, target, vocabulary=event.vocabulary, name=name))
        return target
    return _imported(path.absolute(), name, shape)


@functools.cache
def _imported(path, name, shape):
    target = pathlib.Path(_scratch().name, f"{name}.npz")
    if path.is_dir():
        size, channels = (shape[:2], shape[2]) if shape else (None, None)
        print(folder(path, target, size, channels, name))
    else:
        print(table(path, target, name=name))
    return target


@functools.cache
def _scratch():
    return tempfile.TemporaryDirectory(prefix="kerasgen-data-")
