"""Pictures of batches of images, as PNG files."""

import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasgen import checks, durable
from kerasgen.plot.labels import labelled

# Pixels that the longer and the shorter side of a small image are enlarged to, in whole multiples,
_SIDE, _SHORT = 96, 64  # a card with a sentence has as many
_LONG = 768  # unless the longer would be longer than this
_GAP = 2


def grid(
    images: Any,
    path: str | pathlib.Path | None = None,
    columns: int | None = None,
    row_labels: Sequence[object] = (),
    column_labels: Sequence[object] = (),
) -> np.ndarray:
    """Tiles images, small ones enlarged without smoothing.

    Args:
        images: `[n, height, width, channels]` in [0, 1], with 1 or 3 channels.
        path: of a PNG file to write, or None.
        columns: images in a row; about the square root of n by default.
        row_labels, column_labels: what is written beside the rows and above the columns.

    Returns:
        The picture, `[height, width, 3]` float32 in [0, 1].

    Raises:
        ValueError: not a batch of images of 1 or 3 channels; fewer columns than 1.

    >>> grid(np.zeros((4, 28, 28, 1))).shape  # four times enlarged, 2 pixels apart
    (230, 230, 3)
    """
    images = _checked(images)
    n, height, width, _ = images.shape
    wanted = int(np.ceil(np.sqrt(n))) if columns is None else checks.positive("columns", columns)
    columns = int(min(n, wanted))
    rows = -(-n // columns)
    short, long = sorted((height, width))
    zoom = max(-(-_SIDE // long), min(-(-_SHORT // short), _LONG // long))
    images = np.repeat(np.repeat(images, zoom, axis=1), zoom, axis=2)
    cell = (height * zoom + _GAP, width * zoom + _GAP)
    picture = np.ones((rows * cell[0] + _GAP, columns * cell[1] + _GAP, 3), "float32")
    for i, image in enumerate(images):
        top, left = (index * side + _GAP for index, side in zip(divmod(i, columns), cell))
        inside = slice(top, top + cell[0] - _GAP), slice(left, left + cell[1] - _GAP)
        picture[inside] = image  # one channel becomes three
    picture = labelled(picture, cell, row_labels, column_labels)
    if path is not None:
        _write(picture, path)
    return picture


def pairs(
    rows: Sequence[Any],
    path: str | pathlib.Path | None = None,
    labels: Sequence[object] = (),
    column_labels: Sequence[object] = (),
) -> np.ndarray:
    """Batches of equal length as the rows of one grid: originals above their reconstructions.

    Args:
        rows: list of `[n, height, width, channels]` in [0, 1].
        path: of a PNG file to write, or None.
        labels, column_labels: what is written beside the rows and above the columns.

    Returns:
        The picture, as `grid`.

    Raises:
        ValueError: rows of different shapes.

    >>> pairs([np.zeros((4, 96, 96, 3)), np.ones((4, 96, 96, 3))]).shape
    (198, 394, 3)
    """
    rows = [_checked(row) for row in rows]
    if len({row.shape for row in rows}) != 1:
        shapes = [row.shape for row in rows]
        raise ValueError(f"Expected rows of one shape. Received: shapes {shapes}.")
    return grid(np.concatenate(rows), path, len(rows[0]), labels, column_labels)


def _checked(images):
    try:
        images = keras.ops.convert_to_numpy(images)
    except (TypeError, ValueError):  # of what is no array
        images = np.array(type(images).__name__)
    if images.ndim != 4 or images.shape[0] == 0 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"Expected images of shape [n, height, width, 1 or 3]. Received: shape {images.shape}. "
            "For one image, add a batch axis: image[None]."
        )
    if np.issubdtype(images.dtype, np.integer) or not np.all(np.isfinite(images)):
        raise ValueError(
            f"Expected finite float images in [0, 1]. Received: {images.dtype} in "
            f"[{images.min()}, {images.max()}]. Divide 8-bit images by 255."
        )
    # Means of unbounded likelihoods may lie a little outside.
    return np.clip(images.astype("float32"), 0, 1)


def _write(picture, path):
    from matplotlib import image  # writes files itself; pyplot would choose a window system

    with durable.placed(path) as new:
        # Equal pictures give equal files.
        image.imsave(new, picture, format="png", metadata={"Software": None})  # pyright: ignore
