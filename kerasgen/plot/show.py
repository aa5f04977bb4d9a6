"""Pictures of examples in a notebook."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kerasgen.plot.grid import grid

if TYPE_CHECKING:
    from PIL import Image


def show(
    examples: Any, columns: int | None = None, rows: Sequence[object] = (), event: Any = None
) -> "Image.Image":
    """The picture of a batch, which a notebook displays as the last line of a cell.

    Args:
        examples: images `[n, height, width, 1 or 3]` in [0, 1]; or whatever `event` renders.
        columns: examples in a row; about the square root of n by default.
        rows: labels beside the rows.
        event: of the examples, `model.event`, where they are no images.

    Raises:
        ValueError: no images, and no event.

    >>> show(np.zeros((4, 28, 28, 1))).size
    (230, 230)
    >>> show(np.zeros((2, 24, 1)), event=kerasgen.events.Series(24, 1)).size
    (198, 100)
    """
    from PIL import Image

    images = keras.ops.convert_to_numpy(examples) if event is None else event.render(examples)
    picture = grid(images, columns=columns, row_labels=rows)
    return Image.fromarray(np.round(255 * picture).astype("uint8"))
