"""The kernel distance: the squared maximum mean discrepancy of features, k(x, y) = (x y / F + 1)^3.

    MMD^2 = E[k(x, x')] + E[k(y, y')] - 2 E[k(x, y)]   Binkowski and others 2018, arXiv 1801.01401

Unlike the Fréchet distance its estimate has no bias, whatever the number of examples. It may be
negative.
"""

import math

import numpy as np

from kerasgen import checks
from kerasgen.batches import blocks
from kerasgen.metrics.figure import Figure

_ROWS = 1000  # of the kernel's matrix at once, which bounds the memory


def polynomial(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The kernel of all pairs.

    Args:
        x, y: features `[N, F]` and `[M, F]`.

    Returns:
        `[N, M]`.

    >>> polynomial(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 0.0]]))
    array([[8., 1.]])
    """
    return (x @ y.T / x.shape[1] + 1) ** 3


def kernel_distance(x: np.ndarray, y: np.ndarray) -> Figure:
    """The unbiased MMD^2 over all pairs, in units of the kernel.

    Gretton and others, A Kernel Two-Sample Test, 2012, equation 3.

    Its standard error is the jackknife's over the examples of both sides. Where both sides have one
    distribution, the true error falls faster with N, and the jackknife's is about 1.4 times as
    large.

    Args:
        x, y: features `[N, F]` and `[M, F]`.

    Raises:
        ValueError: fewer than 3 examples of a side.

    >>> x, y = np.random.default_rng(0).standard_normal((2, 500, 3))
    >>> print(kernel_distance(x, y + 1))
    8.8642 ± 0.84 squared MMD
    """
    x, y = checks.rows("x", x), checks.rows("y", y)
    checks.alike(x=x, y=y)
    n, m = len(x), len(y)
    if min(n, m) < 3:
        raise ValueError(f"Expected at least 3 examples a side. Received: {n} and {m}.")
    within_x, within_y = _sums_within(x), _sums_within(y)
    across_x, across_y = _sums(x, y)
    x_pairs, y_pairs, across = within_x.sum(), within_y.sum(), across_x.sum()
    without_x = _mmd2(x_pairs - 2 * within_x, y_pairs, across - across_x, n - 1, m)
    without_y = _mmd2(x_pairs, y_pairs - 2 * within_y, across - across_y, n, m - 1)
    variance = (n - 1) * without_x.var() + (m - 1) * without_y.var()
    value = _mmd2(x_pairs, y_pairs, across, n, m)
    return Figure(float(value), "squared MMD", math.sqrt(variance))


def _mmd2(x_pairs, y_pairs, across, n, m):
    """From sums of the kernel over pairs of different x, of different y, and of an x and a y."""
    return x_pairs / (n * (n - 1)) + y_pairs / (m * (m - 1)) - 2 * across / (n * m)


def _sums(x, y):
    """The kernel's sums over all y for each x, and over all x for each y."""
    over_y, over_x = [], 0.0
    for _, some in blocks(len(x), _ROWS, x):
        gram = polynomial(some, y)
        over_y.append(gram.sum(axis=1))
        over_x = over_x + gram.sum(axis=0)
    return np.concatenate(over_y), over_x


def _sums_within(z):
    """The kernel's sums over all other examples of a set, for each of them."""
    itself = (np.sum(np.square(z), axis=1) / z.shape[1] + 1) ** 3
    return _sums(z, z)[0] - itself
