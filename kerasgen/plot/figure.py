"""Figures as PNG files."""

import pathlib
from typing import TYPE_CHECKING

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
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
