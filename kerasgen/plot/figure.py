"""Figures as PNG files."""

import pathlib


def write(figure, path):
    """Writes a matplotlib figure to a PNG file; None writes nothing. Equal figures give equal files."""
    if path is None:
        return
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
