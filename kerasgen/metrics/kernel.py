"""The kernel distance: the squared maximum mean discrepancy of features under k(x, y) = (x y / F + 1)^3.

    MMD^2 = E[k(x, x')] + E[k(y, y')] - 2 E[k(x, y)]        Binkowski and others 2018, arXiv 1801.01401

Unlike the Fréchet distance its estimate has no bias, whatever the number of examples; it may be negative.
"""

import math

import numpy as np

from kerasgen.metrics.figure import Figure


def polynomial(x, y):
    """The kernel of all pairs, `[N, M]` from features `[N, F]` and `[M, F]`."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def mmd2(x, y, kernel=polynomial):
    """The unbiased estimate of MMD^2 from features `[N, F]` and `[M, F]` (Gretton and others 2012, equation 3)."""

    def within(z):
        gram, n = kernel(z, z), len(z)
        return (gram.sum() - np.trace(gram)) / (n * (n - 1))  # without the pairs of an example with itself

    return float(within(x) + within(y) - 2 * kernel(x, y).mean())


def kernel_distance(x, y, block=1000):
    """The mean of MMD^2 over disjoint blocks, with the standard error that independent blocks allow.

    Args:
        x, y: features `[N, F]`, in random order; the longer one is cut to the length of the other.
        block: examples of each side in a block; fewer where there would not be two blocks.

    Returns:
        A `Figure`, in units of the kernel.

    Raises:
        ValueError: fewer than 4 examples of a side.
    """
    n = min(len(x), len(y))
    if n < 4:
        raise ValueError(f"Expected at least 4 examples a side, two blocks of 2. Received: {n}.")
    block = min(block, n // 2)
    values = [mmd2(x[i : i + block], y[i : i + block]) for i in range(0, n - block + 1, block)]
    return Figure(float(np.mean(values)), "squared MMD", float(np.std(values, ddof=1) / math.sqrt(len(values))))
