"""Whether samples are copies: how near they lie to training examples, against new real examples."""

from typing import Any, NamedTuple

import numpy as np

from kerasgen import checks


class Copying(NamedTuple):
    """How samples lie around training examples.

    Attributes:
        share: probability that a sample lies nearer to the training examples than a held-out real
            example does: 0.5 for a generator as new as real examples, 1 for a copier, less for one
            that misses the data.
        p_value: probability of so large a share if the two kinds are equally near (Mann and Whitney
            1947).
        nearest: for every sample, the index of the nearest training example, `[n]`.
        distances: for every sample, the distance to it, `[n]`.

    >>> x = np.random.default_rng(0).standard_normal((20, 3))
    >>> copying(x, training=x, held_out=x + 0.1).share
    1.0
    """

    share: float
    p_value: float
    nearest: np.ndarray
    distances: np.ndarray


def copying(samples: Any, training: Any, held_out: Any) -> Copying:
    """The data-copying test of Meehan, Chaudhuri and Dasgupta 2020, without its cells.

    arXiv 2004.05675, section 3.1.

    Args:
        samples, training, held_out: features or pixels, `[n, ...]` each; held-out examples are real
            and were not trained on.

    >>> x, y, z = np.random.default_rng(0).standard_normal((3, 200, 5))
    >>> abs(copying(x, training=y, held_out=z).share - 0.5) < 0.1
    True
    """
    from scipy.stats import mannwhitneyu

    nearest, distances = nearest_neighbours(samples, training)
    _, usual = nearest_neighbours(held_out, training)
    test = mannwhitneyu(distances, usual, alternative="less")
    share = 1 - test.statistic / (len(distances) * len(usual))
    return Copying(float(share), float(test.pvalue), nearest, distances)


def nearest_neighbours(x: Any, others: Any) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of `others` `[N, ...]` to every `x` `[n, ...]`.

    Returns:
        Its index and its Euclidean distance, `[n]` each.

    >>> nearest_neighbours([[0.0], [7.0]], [[1.0], [5.0]])
    (array([0, 1]), array([1., 2.]))
    """
    from sklearn.neighbors import NearestNeighbors

    others, x = checks.rows("others", others, rank=None), checks.rows("x", x, rank=None)
    checks.alike(x=x, others=others)
    others, x = (each.reshape(len(each), -1) for each in (others, x))
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(others)
    distances, indices = search.kneighbors(x)
    return indices[:, 0], distances[:, 0]
