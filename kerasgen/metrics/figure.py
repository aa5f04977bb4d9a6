"""A measured value with its unit, and the batch-by-batch measuring that all figures share."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

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

    >>> print(Figure(81.9883, "nats", 0.2099))
    81.988 ± 0.21 nats
    """

    value: float
    unit: str
    standard_error: float | None = None

    def __str__(self) -> str:
        error = "" if self.standard_error is None else f" ± {self.standard_error:.2g}"
        return f"{self.value:.5g}{error} {self.unit}"


def mean(values: np.ndarray, unit: str) -> Figure:
    """The mean of one value for each example, `[N]`, N at least 2.

    >>> print(mean(np.array([1.0, 2.0, 3.0]), "nats"))
    2 ± 0.58 nats
    """
    return Figure(float(values.mean()), unit, float(values.std(ddof=1) / math.sqrt(len(values))))


def over_seeds(values: Sequence[float], decimals: int) -> str:
    """The mean of one value a seed, ± their standard deviation where there are several.

    >>> over_seeds([97.1, 97.3, 97.5], decimals=2)
    '97.30 ± 0.20'
    """
    spread = f" ± {np.std(values, ddof=1):.{decimals}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{decimals}f}{spread}"


def checked(model: Any, examples: Any, condition: Any = None) -> tuple[Any, Any]:
    """Examples and condition as NumPy arrays, after the model's own checks.

    Raises:
        ValueError: what the model does not take, or fewer than 2 examples.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> points, condition = checked(model, np.zeros((5, 2)))
    >>> points.shape, condition
    ((5, 2), None)
    """
    to_numpy = keras.ops.convert_to_numpy
    examples, condition = (
        None if each is None else keras.tree.map_structure(to_numpy, each)
        for each in model.check(examples, condition)
    )
    if count(examples) < 2:
        raise ValueError(
            f"Expected at least 2 examples, for a standard error. Received: {count(examples)}."
        )
    return examples, condition


def by_batch(
    score: Callable[..., Iterable[Any]],
    examples: Any,
    condition: np.ndarray | None,
    progress: bool = False,
) -> list[np.ndarray]:
    """Scores all examples, batch by batch, in no more memory than a batch needs.

    Args:
        score: function of a batch's examples, condition and number to several arrays `[B, ...]`.
        examples: `[N, ...]`.
        condition: `[N, ...]`, or None.
        progress: show a progress bar.

    Returns:
        The arrays over all examples, float64.

    >>> by_batch(lambda x, y, number: (x + number,), np.zeros(101), None)[0][-3:]
    array([0., 0., 1.])
    """
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    parts = []
    with Progress(*Progress.get_default_columns()[:2], *columns, disable=not progress) as bar:
        total = count(examples)
        task = bar.add_task("examples", total=total)
        for number, (rows, *batch) in enumerate(blocks(total, _BATCH, examples, condition)):
            arrays = score(*batch, number)
            parts.append([keras.ops.convert_to_numpy(each).astype("float64") for each in arrays])
            bar.advance(task, rows)
    return [np.concatenate(part) for part in zip(*parts)]
