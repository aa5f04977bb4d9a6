"""What the rows and the columns of a picture are, written beside and above it."""

import functools
import textwrap
from collections.abc import Sequence

import numpy as np

from kerasgen import checks

_SIZE = 15  # pixels of the letters
_MARGIN = 8
_LINE = 24  # letters beside a row


def labelled(
    picture: np.ndarray,
    cell: tuple[int, int],
    rows: Sequence[object] = (),
    columns: Sequence[object] = (),
) -> np.ndarray:
    """A grid of cells with a label beside each row and above each column.

    Args:
        picture: `[height, width, 3]` in [0, 1].
        cell: height and width of a cell, in pixels.
        rows, columns: labels, from the top and from the left; none for no margin.

    Returns:
        The picture with white margins, float32.

    >>> labelled(np.zeros((20, 40, 3)), (20, 20), columns=["a", 1]).shape[1]
    40
    """
    rows, columns = checks.several("row labels", rows), checks.several("column labels", columns)
    rows, columns = (named if any(map(str, named)) else [] for named in (rows, columns))
    height, width = picture.shape[:2]
    # A letter is about 0.6 of its size wide.
    beside = _drawn([textwrap.fill(str(row), _LINE) for row in rows])
    above = _drawn([textwrap.fill(str(c), max(3, int(cell[1] / 0.6 / _SIZE))) for c in columns])
    left = max((text.shape[1] + 2 * _MARGIN for text in beside), default=0)
    top = max((text.shape[0] + 2 * _MARGIN for text in above), default=0)
    page = np.ones((top + height, left + width, 3), "float32")
    page[top:, left:] = picture
    for index, text in enumerate(beside):
        _put(page, text, top + (index + 0.5) * cell[0], left - _MARGIN - text.shape[1] / 2)
    for index, text in enumerate(above):
        _put(page, text, top / 2, left + (index + 0.5) * cell[1])
    return page


def _put(page, text, y, x):
    """Lays a text on a page, its middle at a place, cut where the page ends."""
    height, width = text.shape[:2]
    top, left = max(0, round(y - height / 2)), max(0, round(x - width / 2))
    under = page[top : top + height, left : left + width]
    under[:] = np.minimum(under, text[: under.shape[0], : under.shape[1]])


def _drawn(texts):
    """Texts in black on white, `[height, width, 1]` each."""
    from PIL import Image, ImageDraw

    pictures = []
    for text in texts:
        probe = ImageDraw.Draw(Image.new("L", (1, 1)))
        box = probe.multiline_textbbox((0, 0), text, _font(), spacing=2)
        picture = Image.new("L", (int(box[2]) + 1, int(box[3]) + 1), 255)
        ImageDraw.Draw(picture).multiline_text((0, 0), text, 0, _font(), spacing=2, align="center")
        pictures.append(np.asarray(picture, "float32")[..., None] / 255)
    return pictures


@functools.cache
def _font():
    """Matplotlib's own font, which is the same on every machine."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", _SIZE)
