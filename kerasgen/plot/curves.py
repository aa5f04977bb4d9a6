"""The curves of a training run."""

import csv
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kerasgen.plot.figure import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FAR = 2  # spreads of the later epochs, beyond which the first one would flatten them


def curves(
    history: str | pathlib.Path,
    path: str | pathlib.Path | None = None,
    units: Mapping[str, str] | None = None,
) -> "Figure":
    """Draws every column of a run's history over its epochs, one small plot each.

    Validation is drawn with training. A column that equals the loss is not drawn twice. Where a
    first epoch would flatten the others, the axis is linear about these and logarithmic far out.

    Args:
        history: path of a CSV file with a column `epoch`, such as `kerasgen train` writes beside
            its checkpoints.
        path: of a PNG file to write, or None.
        units: of columns, by name, written at their axes.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: a file without a column `epoch`, or without rows.

    >>> figure = curves(kerasgen.zoo.folder("gated_pixelcnn_mnist") / "history.csv")
    >>> figure.axes[0].get_xlabel()
    'epoch'
    """
    from matplotlib.figure import Figure  # pyplot would choose a window system

    epochs, columns = _columns(history)
    shown = [name for name in columns if _training(name) == name or _training(name) not in columns]
    across = min(4, max(1, len(shown)))
    down = max(1, -(-len(shown) // across))
    figure = Figure(figsize=(2.6 * across, 1.9 * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for axis, name in zip(axes, shown):
        _draw(axis, epochs, name, columns)
        axis.set_ylabel((units or {}).get(_training(name), ""), fontsize="x-small")
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    write(figure, path)
    return figure


def _training(name):
    return name.removeprefix("val_")


def _columns(history):
    """Epochs from 1, and the columns that have values, without those that repeat the loss."""
    with open(history, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or "epoch" not in rows[0]:
        raise ValueError(
            f"Expected a CSV file with a column epoch and at least one row. Received: {history}."
        )
    epochs = [int(row["epoch"]) + 1 for row in rows]
    columns = {name: np.array([_number(row[name]) for row in rows]) for name in rows[0]}
    del columns["epoch"]
    columns = {name: values for name, values in columns.items() if np.any(np.isfinite(values))}
    loss = columns.get("loss")
    if loss is None:
        return epochs, columns
    return epochs, {
        name: values
        for name, values in columns.items()
        if name == "loss" or not np.allclose(values, loss, equal_nan=True)
    }


def _draw(axis, epochs, name, columns):
    axis.plot(epochs, columns[name], ".-", label="training")
    if f"val_{name}" in columns:
        axis.plot(epochs, columns[f"val_{name}"], ".-", label="validation")
        axis.legend(fontsize="x-small", frameon=False)
    _stretch(axis)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set_title(name, fontsize="small")
    axis.set_xlabel("epoch", fontsize="x-small")
    axis.tick_params(labelsize="x-small")
    axis.spines[["top", "right"]].set_visible(False)


def _stretch(axis):
    """Makes the epochs after the first differ visibly, where the first is far from them."""
    lines = [np.asarray(line.get_ydata(), "float64") for line in axis.get_lines()]
    later = np.concatenate([line[1:] for line in lines])
    later = later[np.isfinite(later)]
    if len(later) < 3 or np.ptp(later) == 0:
        return
    low, high, spread = np.min(later), np.max(later), np.ptp(later)
    reach = _FAR * spread
    firsts = [line[0] for line in lines if not low - reach <= line[0] <= high + reach]
    if not firsts:
        return
    middle = (low + high) / 2
    there = lambda y: np.arcsinh((y - middle) / spread)  # noqa: E731
    back = lambda y: middle + spread * np.sinh(y)  # noqa: E731
    axis.set_yscale("function", functions=(there, back))
    ticks = [low, high, *firsts]
    axis.set_yticks(ticks, [f"{tick:.4g}" for tick in ticks])
    axis.minorticks_off()


def _number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return np.nan  # logged in other epochs only, or a line cut short
