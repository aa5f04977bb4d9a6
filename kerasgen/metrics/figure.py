"""A measured value with its unit, and the batch-by-batch measuring that all figures share."""

import math
from typing import NamedTuple

import keras
import numpy as np

from kerasgen.batches import blocks, count

_BATCH = 100


class Figure(NamedTuple):
    """A measured value.

    Attributes:
        value: the value.
        unit: its unit, in words.
        standard_error: of a mean over examples, from their spread; None for other values.
    """

    value: float
    unit: str
    standard_error: float | None = None

    def __str__(self):
        error = "" if self.standard_error is None else f" ± {self.standard_error:.2g}"
        return f"{self.value:.5g}{error} {self.unit}"


def mean(values, unit):
    """The mean of one value for each example, `[N]`, N at least 2."""
    return Figure(float(values.mean()), unit, float(values.std(ddof=1) / math.sqrt(len(values))))


def over_seeds(values, decimals):
    """The mean of one value a seed, ± their standard deviation where there are several, as text."""
    spread = f" ± {np.std(values, ddof=1):.{decimals}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{decimals}f}{spread}"


def checked(model, images, labels=None):
    """Examples and condition as NumPy arrays of their events' types, after the model's own checks.

    Raises:
        ValueError: what the model does not take, or fewer than 2 images.
    """
    checked = model.check(images, labels)
    images, labels = (
        None if each is None else keras.tree.map_structure(keras.ops.convert_to_numpy, each)
        for each in checked
    )
    if (n := count(images)) < 2:
        raise ValueError(f"Expected at least 2 images, for a standard error. Received: {n}.")
    return images, labels


def by_batch(score, images, labels, progress):
    """Runs `score(images, labels, batch_number)`, a tuple of arrays `[B, ...]`, over all batches, with a progress bar.

    Beside the arrays, memory holds no more than `score` needs for a batch.

    Returns:
        The arrays over all images, float64.
    """
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    parts = []
    with Progress(*columns, disable=not progress) as bar:
        task = bar.add_task("images", total=count(images))
        for number, (rows, *batch) in enumerate(blocks(count(images), _BATCH, images, labels)):
            arrays = score(*batch, number)
            parts.append([keras.ops.convert_to_numpy(array).astype("float64") for array in arrays])
            bar.advance(task, rows)
    return [np.concatenate(part) for part in zip(*parts)]
