"""Figures as PNG files."""

import pathlib
from typing import TYPE_CHECKING

from kerasgen import durable

if TYPE_CHECKING:
    from matplotlib.figure import Figure  # which takes a while


def write(figure: "Figure", path: str | pathlib.Path | None) -> None:
    """Writes a matplotlib figure to a PNG file; None writes nothing.

    Equal figures give equal files.

    >>> import tempfile
    >>> from matplotlib.figure import Figure
    >>> path = pathlib.Path(tempfile.mkdtemp(), "empty.png")
    >>> write(Figure(), path)
    >>> path.exists()
    True
    """
    if path is None:
        return
    with durable.placed(path) as new:
        figure.savefig(new, format="png", dpi=100, metadata={"Software": None})
