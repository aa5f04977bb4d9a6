"""Pictures in files as arrays, pixel for pixel, and back."""

import os
import pathlib
from collections.abc import Iterable, Sequence

import numpy as np

from kerasgen.data.pictures import SUFFIXES

_MODES = {1: ("L", "1"), 3: ("RGB",)}


def read(paths: Iterable[str | os.PathLike], shape: Sequence[int]) -> tuple[np.ndarray, list[str]]:
    """The pictures of files and folders, none cropped, resized or recoloured, and their names.

    Args:
        paths: of files, and of folders whose pictures are taken in the order of their names.
        shape: `[height, width, channels]` that each must have.

    Returns:
        `[N, height, width, channels]` in [0, 1], float32, and names relative to the folders.

    Raises:
        ValueError: a picture of another shape or mode, a file that is none, no pictures.

    >>> import PIL.Image
    >>> PIL.Image.new("L", (8, 8), 255).save("white.png")
    >>> pictures, names = read(["white.png"], (8, 8, 1))
    >>> pictures.shape, float(pictures.min()), names
    ((1, 8, 8, 1), 1.0, ['white.png'])
    """
    files = [pair for path in paths for pair in _found(pathlib.Path(path))]
    if not files:
        where = ", ".join(map(str, paths))
        raise ValueError(
            f"Expected pictures ({', '.join(SUFFIXES)}). Received: none in {where}. Name others."
        )
    pixels = np.stack([_pixels(file, tuple(shape)) for file, _ in files])
    return pixels.astype("float32") / 255, [name for _, name in files]


def write(folder: str | os.PathLike, x: np.ndarray, names: Sequence[str] | None = None) -> None:
    """Writes pictures as PNG files into a new folder.

    Args:
        folder: to make.
        x: `[N, height, width, channels]` in [0, 1].
        names: of the files, relative to the folder; those of other types get the ending `.png`
            behind their own. By default numbers.

    Raises:
        ValueError: a name that leads out of the folder.

    >>> write("pictures", np.zeros((2, 8, 8, 1)), ["a.png", "b.jpg"])
    >>> sorted(path.name for path in pathlib.Path("pictures").iterdir())
    ['a.png', 'b.jpg.png']
    """
    import PIL.Image

    names = names or [f"{i:05}.png" for i in range(len(x))]
    folder = pathlib.Path(folder)
    folder.mkdir()
    for name, pixels in zip(names, (np.asarray(x) * 255).round().astype("uint8")):
        path = pathlib.PurePosixPath(name if name.lower().endswith(".png") else f"{name}.png")
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise ValueError(f"Expected names within the folder. Received: {name!r}.")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(target)


def _found(path):
    """`(file, name)` of a picture, or of each in a folder."""
    if not path.is_dir():
        return [(path, path.name)]
    files = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
    return [(file, file.relative_to(path).as_posix()) for file in files]


def _pixels(file, shape):
    """uint8 `[height, width, channels]`."""
    import PIL.Image

    height, width, channels = shape
    try:
        with PIL.Image.open(file) as picture:
            if picture.mode in _MODES.get(channels, ()) and picture.size == (width, height):
                return np.asarray(picture.convert(_MODES[channels][0])).reshape(shape)
            received = f"{picture.width} x {picture.height} of mode {picture.mode}"
    except PIL.UnidentifiedImageError:
        received = "which is no picture"
    except (OSError, ValueError, PIL.Image.DecompressionBombError) as error:
        received = str(error)
    raise ValueError(
        f"Expected pictures of {width} x {height} pixels of mode {_MODES.get(channels, ['?'])[0]}. "
        f"Received: {file}, {received}. Convert it, or leave it out."
    )
