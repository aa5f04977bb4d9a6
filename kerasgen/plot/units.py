"""The picture of what every unit of a code tells."""

import pathlib
from typing import TYPE_CHECKING

import numpy as np

from kerasgen import checks
from kerasgen.plot.figure import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def units(kl: np.ndarray, path: str | pathlib.Path | None = None) -> "Figure":
    """Draws the KL of every unit, the largest first: units at 0 have collapsed to the prior.

    Args:
        kl: `[D]` in nats, as `kerasgen.metrics.units.kl_by_unit` gives.
        path: of a PNG file to write, or None.

    Returns:
        A matplotlib `Figure`.

    >>> figure = units(np.array([0.0, 3.1, 0.2]))
    >>> [round(float(bar.get_height()), 1) for bar in figure.axes[0].patches]
    [3.1, 0.2, 0.0]
    """
    from matplotlib.figure import Figure  # pyplot would choose a window system

    kl = checks.rows("kl", kl, rank=1)
    figure = Figure(figsize=(6, 2.4), layout="constrained")
    axes = figure.subplots()
    axes.bar(np.arange(1, len(kl) + 1), np.sort(kl)[::-1], width=0.8)
    axes.set(xlabel="unit of the code, the most telling first", ylabel="KL, nats")
    axes.xaxis.get_major_locator().set_params(integer=True)  # pyright: ignore[reportCallIssue]
    axes.spines[["top", "right"]].set_visible(False)
    write(figure, path)
    return figure
