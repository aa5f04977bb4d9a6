"""The picture of a table: every column, and every pair of columns, as a PNG file."""

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasgen import checks
from kerasgen.plot.figure import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 5  # columns that are drawn
_BINS = 24
_INCHES = 1.6  # a side of a panel


def columns(
    samples: Any, names: Sequence[str], path: str | pathlib.Path | None = None, data: Any = None
) -> "Figure":
    """Draws the first columns of a table, histograms on the diagonal and pairs below it.

    Args:
        samples: rows `[n, D]`, drawn in colour.
        names: of the columns.
        path: of a PNG file to write, or None.
        data: rows `[N, D]`, drawn in grey below the samples, or None.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: other shapes.

    >>> figure = columns(np.random.default_rng(0).standard_normal((50, 3)), ["a", "b", "c"])
    >>> len(figure.axes)
    6
    """
    from matplotlib.figure import Figure  # which takes a while

    given, names = {"data": data, "samples": samples}, checks.several("names", names)
    tables = [checks.rows(name, each) for name, each in given.items() if each is not None]
    if not tables or any(table.shape[1] != len(names) for table in tables):
        raise ValueError(
            f"Expected rows [n, {len(names)}], a column for each of {checks.short(names)}. "
            f"Received: shapes {[table.shape for table in tables]}."
        )
    shown = min(len(names), MOST)
    figure = Figure((_INCHES * shown + 0.8, _INCHES * shown + 0.8), layout="constrained")
    styles = [("0.6", "data"), ("tab:blue", "samples")][-len(tables) :]
    for row in range(shown):
        for column in range(row + 1):
            axes = figure.add_subplot(shown, shown, row * shown + column + 1)
            for table, (color, label) in zip(tables, styles):
                if row == column:
                    ends = np.quantile(tables[0][:, row], (0.0, 1.0))
                    bins = np.linspace(ends[0], ends[1], _BINS) if ends[1] > ends[0] else _BINS
                    style = {"density": True, "color": color, "label": label, "alpha": 0.6}
                    axes.hist(table[:, row], bins, **style)
                else:
                    axes.plot(table[:, column], table[:, row], ".", color=color, markersize=2)
            axes.tick_params(labelsize=6)
            if row == shown - 1:
                axes.set_xlabel(names[column], fontsize=8)
            if column == 0 and row:
                axes.set_ylabel(names[row], fontsize=8)
            if row == column == 0 and len(tables) > 1:
                axes.legend(fontsize=6)
    write(figure, path)
    return figure
