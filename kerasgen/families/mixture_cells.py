"""Probabilities of pixels at levels under a mixture of Gaussians: the masses of their cells."""

from collections.abc import Generator
from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend

_FAR = 1e9  # standard deviations, further than any cell
_LEAST = -1e5  # nats, so that an image that no component allows has a probability all the same


def log_masses(level: Any, means: Any, scales: Any, levels: Any) -> Any:
    """log of a normal's mass on the cell of a level; the outermost cells have no outer end.

    Args:
        level: whole numbers as floats; they, means and scales broadcast.
        means, scales: of normals of continuous pixels in [0, 1].
        levels: number of values of a pixel.

    >>> float(ops.sum(ops.exp(log_masses(np.arange(4.0, dtype="float32"), 0.3, 0.1, 4))).numpy())
    1.0
    """
    log_cdf = backend.tfd.Normal(0.0, 1.0).log_cdf
    low, high = ((end / levels - means) / scales for end in (level, level + 1))
    low, high = ops.where(level > 0, low, -_FAR), ops.where(level < levels - 1, high, _FAR)
    # On the side of the mean where both functions are small, so that their difference keeps its
    # digits.
    is_above = low + high > 0
    low, high = ops.where(is_above, -high, low), ops.where(is_above, -low, high)
    log_low, log_high = log_cdf(low), log_cdf(high)
    return log_high + ops.log1p(-ops.exp(log_low - log_high))


def in_turn(mixture: Any, n: int) -> Generator[tuple[int, np.ndarray], np.ndarray, None]:
    """Yields `(place, log_probs [n, levels])` of each pixel, and is sent the levels `[n]`.

        p(x_i | x_1, ..., x_{i-1}) = sum over k of p(k | x_1, ..., x_{i-1}) p(x_i | k)

    Raises:
        ValueError: a density, or full covariances, under which a cell has no known mass.

    >>> mixture = kerasgen.families.Mixture([2, 2, 1], num_components=3, levels=4)
    >>> turns = in_turn(mixture, 5)
    >>> [int(next(turns)[0]), *(int(turns.send(np.zeros(5, int))[0]) for _ in range(3))]
    [0, 1, 2, 3]
    """
    if not mixture.levels or mixture.covariance != "diag":
        raise ValueError(
            "Expected levels and diagonal covariances. "
            f"Received: levels={mixture.levels}, covariance={mixture.covariance!r}."
        )
    return _in_turn(mixture, n)


def _in_turn(mixture, n):
    means, scales = (ops.convert_to_numpy(each) for each in (mixture.means, mixture.scales()))
    log_prior = ops.convert_to_numpy(ops.log_softmax(ops.convert_to_tensor(mixture.logits)))
    log_weights = np.repeat(log_prior[None].astype("float64"), n, axis=0)  # of components
    every = np.arange(mixture.levels, dtype="float32")[:, None, None]
    row = mixture.size // mixture.event_shape[0]
    for place in range(mixture.size):
        if place % row == 0:  # [levels, K, row]
            here = slice(place, place + row)
            of_row = log_masses(every, means[:, here], scales[:, here], mixture.levels)
            of_row = np.maximum(ops.convert_to_numpy(of_row).astype("float64"), _LEAST)
        masses = of_row[..., place % row]
        log_weights -= np.max(log_weights, axis=1, keepdims=True)
        weights = np.exp(log_weights)
        probs = weights @ np.exp(masses).T / np.sum(weights, axis=1, keepdims=True)
        level = yield place, np.log(np.maximum(probs, np.finfo("float64").tiny))
        log_weights += masses[level]
