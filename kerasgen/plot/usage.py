"""The picture of how often a tokenizer uses each token of its codebook."""

import pathlib
from typing import TYPE_CHECKING

import numpy as np

from kerasgen import checks
from kerasgen.plot.figure import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def usage(counts: np.ndarray, path: str | pathlib.Path | None = None) -> "Figure":
    """Draws the share of every token, the most frequent first, beside an even use.

    Tokens that do not occur are absent.

    Args:
        counts: `[vocab_size]`, as `kerasgen.metrics.codes.histogram` gives.
        path: of a PNG file to write, or None.

    Returns:
        A matplotlib `Figure`.

    >>> figure = usage(np.array([1, 3, 0]))
    >>> figure.axes[0].lines[0].get_ydata()
    array([0.75, 0.25,  nan])
    """
    from matplotlib.figure import Figure  # pyplot would choose a window system

    counts = checks.frequencies("counts", counts)
    share = np.sort(counts)[::-1] / np.sum(counts)
    figure = Figure(figsize=(6, 2.4), layout="constrained")
    axes = figure.subplots()
    axes.step(np.arange(1, len(share) + 1), np.where(share > 0, share, np.nan), where="mid")
    axes.axhline(1 / len(share), color="0.5", linewidth=0.8, linestyle="--")
    axes.set(xlabel="token, the most frequent first", ylabel="share of all tokens")
    axes.set(yscale="log", xlim=(0, len(share) + 1))
    axes.spines[["top", "right"]].set_visible(False)
    write(figure, path)
    return figure
