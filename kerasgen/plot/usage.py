"""The picture of how often a tokenizer uses each word of its vocabulary."""

import numpy as np

from kerasgen.plot.figure import write


def usage(counts, path=None):
    """Draws the share of every id, the most frequent first, beside an even use; unused ids are absent.

    Args:
        counts: `[vocab_size]`, as `kerasgen.metrics.codes.histogram` gives.
        path: of a PNG file to write, or None.

    Returns:
        A matplotlib `Figure`.
    """
    from matplotlib.figure import Figure  # pyplot would choose a window system

    share = np.sort(counts)[::-1] / np.sum(counts)
    figure = Figure(figsize=(6, 2.4), layout="constrained")
    axes = figure.subplots()
    axes.step(np.arange(1, len(share) + 1), np.where(share > 0, share, np.nan), where="mid")
    axes.axhline(1 / len(share), color="0.5", linewidth=0.8, linestyle="--")
    axes.set(xlabel="id, the most frequent first", ylabel="share of all ids", yscale="log", xlim=(0, len(share) + 1))
    axes.spines[["top", "right"]].set_visible(False)
    write(figure, path)
    return figure
