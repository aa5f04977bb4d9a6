"""The picture of a density in the plane beside data, as a PNG file."""

import functools
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kerasgen.abilities import Samples, Scores, methods
from kerasgen.plot.figure import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RESOLUTION = 200  # points along each axis at which the density is read
_BINS = 100  # of the histogram, along each axis
_ESTIMATE = {"num_samples": 64, "seed": 0}
_MARGIN = 0.1  # around the data, as a share of their extent


def density(
    model: Samples | Scores | Callable[[np.ndarray], Any],
    data: Any,
    path: str | pathlib.Path | None = None,
    samples: Any = None,
) -> "Figure":
    """Draws data and a model's density side by side, on the same axes and in the same colours.

    Args:
        model: a model with `log_prob`, or the function itself, from points `[n, 2]` to
            log-densities `[n]` in nats. A model that only samples is shown by a histogram of as
            many samples, seed 0.
        data: points `[N, 2]`, whose histogram is on the left.
        path: of a PNG file to write, or None.
        samples: points `[n, 2]` of the model, whose histogram is then drawn too, or None.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: data that are not points in the plane, or a density that is not a number
            somewhere.

    >>> points = np.random.default_rng(0).standard_normal((100, 2))
    >>> figure = density(lambda x: -np.log(2 * np.pi) - np.sum(x**2, axis=1) / 2, points)
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['100 points', 'model']
    """
    data = keras.ops.convert_to_numpy(data)
    if data.ndim != 2 or data.shape[1] != 2 or not len(data) or not np.all(np.isfinite(data)):
        raise ValueError(
            f"Expected finite points [N, 2]. Received: shape {data.shape}. "
            "Pass points in the plane."
        )
    centre = (data.max(axis=0) + data.min(axis=0)) / 2
    half = (0.5 + _MARGIN) * max(np.ptp(data, axis=0).max(), 1e-6)
    extent = [value for c in centre for value in (c - half, c + half)]
    counts = _histogram(data, extent)
    # The data's, so that the model's excesses cannot hide the rest.
    brightest = np.quantile(counts[counts > 0], 0.99)
    pictures = {f"{len(data):,} points": counts}
    known = methods(model)  # of a function, none
    only_samples = "sample" in known and "log_prob" not in known
    if samples is None and only_samples:
        samples = model.sample(len(data), seed=0)
    if samples is not None:
        drawn = keras.ops.convert_to_numpy(samples)
        pictures[f"{len(samples):,} samples"] = _histogram(drawn, extent)
    if not only_samples:
        pictures["model"] = _heights(model, extent)
    return _figure(pictures, extent, brightest, path)


def _heights(model, extent):
    """The density in the middle of each of the picture's cells, `[y, x]`."""
    left, right, bottom, top = extent
    step = (right - left) / _RESOLUTION
    x, y = (start + step * (np.arange(_RESOLUTION) + 0.5) for start in (left, bottom))
    # Rows from the bottom to the top.
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype("float32")
    log_prob = keras.ops.convert_to_numpy(_log_density(model)(points))
    if np.isnan(log_prob).any():
        wrong = np.isnan(log_prob).sum()
        raise ValueError(f"Expected log-densities. Received: {wrong} that are not numbers.")
    return np.exp(log_prob).reshape(_RESOLUTION, _RESOLUTION)


def _histogram(points, extent):
    """The share of points in each cell over its area, `[y, x]`; points outside count as such."""
    left, right, bottom, top = extent
    counts, *_ = np.histogram2d(*points.T, bins=_BINS, range=[[left, right], [bottom, top]])
    return counts.T * _BINS**2 / (len(points) * (right - left) * (top - bottom))


def _log_density(model):
    """The model's log-density, estimated as roughly as a picture shows, and repeatably."""
    if "log_prob" not in methods(model):
        return model
    is_estimate = model.likelihood_kind == "estimate"
    return functools.partial(model.log_prob, **_ESTIMATE) if is_estimate else model.log_prob


def _figure(pictures, extent, brightest, path):
    from matplotlib.figure import Figure  # pyplot would choose a window system

    figure = Figure(figsize=(4 * len(pictures), 4.2), layout="constrained")
    all_axes = figure.subplots(1, len(pictures), sharex=True, sharey=True)
    look = {"vmin": 0, "vmax": brightest, "interpolation": "nearest"}
    for axes, (title, picture) in zip(all_axes, pictures.items()):
        shown = axes.imshow(picture, origin="lower", extent=extent, **look)
        axes.set_title(title)
    figure.colorbar(shown, ax=figure.axes, label="density")
    write(figure, path)
    return figure
