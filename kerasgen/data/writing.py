"""What importing own data writes: rows one by one, a tenth of them held out, and what to say."""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from kerasgen import durable
from kerasgen.data import layout
from kerasgen.events import Event

_SHARE = 10  # of the examples one in so many is held out


@dataclasses.dataclass
class Imported:
    """A file of own data.

    Attributes:
        path: of the file.
        event: what an example is.
        sizes: number of examples by split.
        classes: names of the labels, or None without labels.
        notes: what was changed or left out, a sentence each.

    Example:
        >>> image = kerasgen.events.Image(8, 8, 1)
        >>> print(Imported("mine.npz", image, {"train": 9, "test": 1}, ["cat", "dog"]))
        mine.npz: 9 for training, 1 held out, images [8, 8, 1]; classes cat, dog
    """

    path: os.PathLike | str
    event: Event
    sizes: Mapping[str, int]
    classes: list[str] | None = None
    notes: list[str] = dataclasses.field(default_factory=list)

    def __str__(self):
        train, test = (self.sizes.get(split, 0) for split in ("train", "test"))
        what = f"{self.event.meaning} {list(self.event.shape)}"
        classes = f"; classes {', '.join(self.classes)}" if self.classes else ""
        first = f"{self.path}: {train:,} for training, {test:,} held out, {what}{classes}"
        return "\n".join([first, *self.notes])


def is_held_out(row: np.ndarray) -> bool:
    """Whether an example belongs to the held-out tenth, a function of its content alone.

    So copies of one example are never on both sides, whatever else is in the set.

    Example:
        >>> bool(np.mean([is_held_out(np.arange(n)) for n in range(1000)]).round(1) == 0.1)
        True
    """
    return content(row) % _SHARE == 0


def content(row: np.ndarray) -> int:
    """A number that equal examples share, and others do not.

    Example:
        >>> content(np.zeros(3)) == content(np.zeros(3)) != content(np.ones(3))
        True
    """
    return int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:8], "big")


def told_copies(contents: Collection[int]) -> list[str]:
    """What is to be said of equal examples, a sentence, or none where there are none.

    Args:
        contents: of the examples, by `content`.

    Example:
        >>> told_copies([3, 4, 3])
        ['1 examples are copies of others: slices of train, as for validation, may part them.']
    """
    copies = len(contents) - len(set(contents))
    told = f"{copies:,} examples are copies of others: slices of train, as for validation, may part"
    return [f"{told} them."] if copies else []


class PictureFile:
    """Writes pictures of 8 bits into a `.npz` file, none of them kept in memory.

    A context; the file appears when it ends well. Members are not compressed, so that a reader
    finds any picture by its position.

    Args:
        path: of the file.
        shape: of a picture.
        facts: what stands beside the pictures, arrays by name.

    Example:
        >>> with PictureFile("mine.npz", (8, 8, 1), {"name": "mine"}) as file:
        ...     file.add(np.zeros((8, 8, 1), "uint8"))
        >>> sum(kerasgen.data.npz.File("mine.npz").sizes.values())
        1
    """

    def __init__(self, path: str | os.PathLike, shape: tuple[int, int, int], facts: Mapping):
        self.path = pathlib.Path(path)
        self.shape = shape
        self.facts = {**facts, "maximum": 255}
        self._rows: dict[str, Any] = {}
        self.labels: dict[str, list[int | None]] = {}
        self.contents: list[int] = []

    @property
    def sizes(self) -> dict[str, int]:
        """Number of pictures by split."""
        return {split: len(labels) for split, labels in sorted(self.labels.items(), reverse=True)}

    def add(self, picture: np.ndarray, label: int | None = None) -> None:
        """Appends a picture uint8 of the file's shape, with its label where the set has some."""
        number = content(picture)
        split = "train" if number % _SHARE else "test"
        if split == "train":
            self.contents.append(number)
        self._rows[split].write(np.ascontiguousarray(picture))
        self.labels.setdefault(split, []).append(label)

    def __enter__(self):
        folder = self.path.absolute().parent  # has the room that the file will need
        folder.mkdir(parents=True, exist_ok=True)
        self._open = contextlib.ExitStack()
        for split in ("train", "test"):
            aside = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
            self._rows[split] = self._open.enter_context(aside)
        return self

    def __exit__(self, kind, error, trace):
        with self._open:
            if kind is None:
                self._write()

    def _write(self):
        with (
            durable.placed(self.path) as new,
            zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as file,
        ):
            for split, size in self.sizes.items():
                self._write_split(file, split, size)
            for name, value in self.facts.items():
                with file.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, np.asarray(value), allow_pickle=False)

    def _write_split(self, file, split, size):
        header = {"descr": "|u1", "fortran_order": False, "shape": (size, *self.shape)}
        with file.open(f"{split}{layout.IMAGES}.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(member, header)
            self._rows[split].seek(0)
            shutil.copyfileobj(self._rows[split], member, 1 << 20)
        if None not in self.labels[split]:
            with file.open(f"{split}{layout.LABELS}.npy", "w") as member:
                np.lib.format.write_array(member, np.array(self.labels[split], "int32"))
