"""A folder of pictures as a data set; its sub-folders are classes."""

import collections
import functools
import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from kerasgen import checks
from kerasgen.data.writing import Imported, PictureFile, told_copies
from kerasgen.events import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
_SPLITS = {"train", "training", "test", "val", "valid", "validation"}
_AT_ONCE = 64  # pictures that are decoded together, which bounds the memory
_NAMED = 5  # files that a note names
_ORIENTATION, _TURNED = 0x0112, 5  # EXIF's tag, and its values from which a side becomes a top
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L")


def folder(
    source: str | os.PathLike,
    path: str | os.PathLike,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    name: str | None = None,
    progress: bool = False,
) -> Imported:
    """Makes one `.npz` file of the PNG, JPEG, WebP, BMP and GIF pictures in a folder.

    Pictures are turned as their EXIF says, cropped around their centre to the shape of `size` and
    resized with antialiasing. Transparency is laid on white, 16 bits become 8, of a GIF the first
    frame is taken. Two sub-folders or more are classes by their names; a single one is looked into,
    hidden ones are not. A tenth of the pictures, by a hash of their pixels, is the split "test".
    What cannot be read is skipped. The result's notes say what was done, and name what is missing.

    Args:
        source: the folder.
        path: of the file to write.
        size: (height, width) of the examples, or one number for both; None where all are alike.
        channels: 1 for grey, 3 for color; None: grey where all are.
        name: of the set; by default that of the file.
        progress: show a progress bar.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: no pictures; several sizes and none asked for; other sizes or channels.

    Example:
        >>> import pathlib, PIL.Image
        >>> for animal in ("cat", "dog"):
        ...     pathlib.Path("pets", animal).mkdir(parents=True)
        ...     PIL.Image.new("RGB", (20, 10), "red").save(f"pets/{animal}/1.png")
        >>> kerasgen.data.folder("pets", "pets.npz", size=8).event
        Image(height=8, width=8, channels=3, levels=256)
    """
    size = _pair(size)
    if channels not in (None, 1, 3):
        raise ValueError(f"Expected channels to be 1 or 3. Received: channels={channels!r}.")
    source, files, notes = _found(pathlib.Path(source))
    unreadable, changed = [], collections.Counter()
    with ThreadPoolExecutor() as pool:
        read = functools.partial(_each, pool, unreadable, progress)
        headers = dict(read(_header, files, "files"))
        shape = _shape(headers, size, channels) if headers else (1, 1, 1)
        names = sorted(map(str, {_class(source, file) for file in headers} - {None}))
        facts = {"name": name or pathlib.Path(path).stem, **({"classes": names} if names else {})}
        with PictureFile(path, shape, facts) as written:
            decode = functools.partial(_decode, shape=shape)
            for file, (pixels, changes) in read(decode, headers, "pictures"):
                written.add(pixels, names.index(str(_class(source, file))) if names else None)
                changed.update(changes)
            if not written.sizes:
                raise ValueError(
                    f"Expected pictures ({', '.join(SUFFIXES)}) in {source}. Received: none that "
                    f"can be read. {' '.join([*_unread(unreadable), *notes])}"
                )
    notes += [f"{n:,} {what}." for what, n in changed.items()] + _unread(unreadable)
    notes += told_copies(written.contents)
    return Imported(path, Image(*shape, levels=256), written.sizes, names or None, notes)


def _pair(size) -> tuple[int, int] | None:
    """Height and width that are asked for, or None."""
    if size is None:
        return None
    is_pair = isinstance(size, (list, tuple)) and len(size) == 2
    height, width = size if is_pair else (size, size)
    return checks.positive("size", height), checks.positive("size", width)


def _found(source):
    """The folder that holds the pictures or their classes, the files to read, in an order that is
    drawn once, and notes on the others.
    """
    if not source.is_dir():
        raise FileNotFoundError(f"Expected a folder of pictures. Received: {source}.")
    files = sorted(file for file in source.rglob("*") if file.is_file())
    pictures = [file for file in files if _is_picture(file.relative_to(source))]
    notes = []
    if others := collections.Counter(file.suffix or file.name for file in set(files) - {*pictures}):
        notes.append(f"{sum(others.values()):,} other files were left out ({', '.join(others)}).")
    while len(folders := {_class(source, file) for file in pictures}) == 1 and folders != {None}:
        source = source / folders.pop()
    if folders - {None} and {str(name).lower() for name in folders - {None}} <= _SPLITS:
        found = ", ".join(sorted(map(str, folders)))
        raise ValueError(
            f"Expected sub-folders that are classes. Received: {found}. Import one of them; a "
            "tenth of it is held out."
        )
    if None in folders and len(folders) > 1:
        alone = [file for file in pictures if _class(source, file) is None]
        notes.append(f"{len(alone):,} pictures outside of the class folders were left out.")
        pictures = [file for file in pictures if _class(source, file) is not None]
    order = np.random.default_rng(0).permutation(len(pictures))  # else classes come one by one
    return source, [pictures[at] for at in order], notes


def _is_picture(path):
    """Whether a path within a folder is that of a picture; systems keep hidden ones of their own,
    such as macOS in "__MACOSX" and notebooks in ".ipynb_checkpoints".
    """
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not is_hidden


def _class(source, file):
    """The sub-folder that a file lies in, None where it lies in the folder itself."""
    first, *rest = file.relative_to(source).parts
    return first if rest else None


def _each(
    pool: ThreadPoolExecutor,
    unreadable: list,
    progress: bool,
    function: Callable,
    files: Iterable,
    what: str,
) -> Iterator[tuple[pathlib.Path, Any]]:
    """Files and what the function says of each; those that it cannot read become unreadable."""
    from rich.progress import track  # not with the package, which imports quickly

    def attempt(file):
        try:
            return function(file)
        except Exception as error:  # of Pillow's many decoders, which raise as many kinds
            return error

    files = iter(track([*files], what, disable=not progress))
    while some := list(itertools.islice(files, _AT_ONCE)):
        for file, found in zip(some, pool.map(attempt, some)):
            if isinstance(found, Exception):
                unreadable.append((file, found))
            else:
                yield file, found


def read(path: str | os.PathLike, shape: tuple[int, int, int]) -> np.ndarray:
    """One picture as an example `[height, width, 1 or 3]` float32 in [0, 1], made to fit as those
    of `folder` are.

    Raises:
        ValueError: a file that is no picture.

    >>> import PIL.Image
    >>> PIL.Image.new("RGB", (20, 10), "red").save("red.png")
    >>> read("red.png", (8, 8, 3))[0, 0].tolist()
    [1.0, 0.0, 0.0]
    """
    try:
        pixels, _ = _decode(path, shape)
    except Exception as error:  # of as many kinds as there are formats
        reason = " ".join(str(error).split())
        raise ValueError(f"Expected a picture. Received: {path}: {reason}.") from None
    return pixels.astype("float32") / 255


def _unread(unreadable):
    if not unreadable:
        return []
    named = [f"{file} ({' '.join(str(error).split())})" for file, error in unreadable[:_NAMED]]
    more = ", ..." if len(unreadable) > _NAMED else ""
    return [f"{len(unreadable):,} could not be read: {', '.join(named)}{more}."]


def _header(file):
    """Height, width and mode of a picture, which is not decoded for it."""
    from PIL import Image as pillow

    with pillow.open(file) as picture:
        width, height = picture.size
        is_turned = picture.getexif().get(_ORIENTATION, 1) >= _TURNED
        return (width, height, picture.mode) if is_turned else (height, width, picture.mode)


def _shape(headers, size, channels):
    sizes = {header[:2] for header in headers.values()}
    if size is None and len(sizes) > 1:
        low, high = min(sizes), max(sizes)
        raise ValueError(
            f"Expected pictures of one size, or the size that they are to have. Received: "
            f"{len(sizes):,} sizes, as {low[0]}x{low[1]} and {high[0]}x{high[1]}. Pass size=64, "
            "--size 64 on the command line."
        )
    height, width = size or sizes.pop()
    are_grey = all(header[2] in _GREY for header in headers.values())
    return height, width, channels or (1 if are_grey else 3)


def _decode(file, shape):
    """The pixels of a picture, uint8 of `shape`, and what was changed about it."""
    from PIL import Image as pillow
    from PIL import ImageOps

    height, width, channels = shape
    changes = []
    with pillow.open(file) as picture:
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16 bits, which Pillow's own conversion would cut off
        changes.append("pictures of 16 bits became 8")
        picture = pillow.fromarray(np.asarray(picture, "float32") / 257)
    elif picture.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        if np.asarray(picture.getchannel("A")).min() < 255:
            changes.append("pictures had transparent parts, laid on white")
        white = pillow.new("RGBA", picture.size, "white")
        picture = pillow.alpha_composite(white, picture).convert("RGB")
    elif picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    if picture.size != (width, height):
        if picture.width * height != picture.height * width:
            changes.append("pictures were cropped to the shape of the others")
        changes.append(f"pictures were resized to {height}x{width}")
        picture = ImageOps.fit(picture, (width, height), pillow.Resampling.LANCZOS)
    if picture.mode == "F":
        picture = pillow.fromarray(np.clip(np.rint(np.asarray(picture)), 0, 255).astype("uint8"))
    picture = picture.convert("L" if channels == 1 else "RGB")
    return np.asarray(picture).reshape(shape), changes
