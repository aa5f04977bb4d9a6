"""Whether samples are copies: how near they lie to training examples, against how near new real examples lie."""

from typing import NamedTuple

import numpy as np


class Copying(NamedTuple):
    """How samples lie around training examples.

    Attributes:
        share: probability that a sample lies nearer to the training examples than a held-out real example does: 0.5
            for a generator as new as real examples, 1 for a copier, less for one that misses the data.
        p_value: probability of so large a share if the two kinds are equally near (Mann and Whitney 1947).
        nearest: for every sample, the index of the nearest training example, `[n]`.
        distances: for every sample, the distance to it, `[n]`.
    """

    share: float
    p_value: float
    nearest: np.ndarray
    distances: np.ndarray


def copying(samples, training, held_out):
    """The data-copying test of Meehan, Chaudhuri and Dasgupta 2020 (arXiv 2004.05675, section 3.1), without cells.

    Args:
        samples, training, held_out: features or pixels, `[n, ...]` each; held-out examples are real and were not
            trained on.

    Returns:
        A `Copying`.
    """
    from scipy.stats import mannwhitneyu

    nearest, distances = nearest_neighbours(samples, training)
    _, usual = nearest_neighbours(held_out, training)
    test = mannwhitneyu(distances, usual, alternative="less")
    share = 1 - test.statistic / (len(distances) * len(usual))
    return Copying(float(share), float(test.pvalue), nearest, distances)


def nearest_neighbours(x, others):
    """Index and Euclidean distance, `[n]` each, of the nearest of `others` `[N, ...]` to every `x` `[n, ...]`."""
    from sklearn.neighbors import NearestNeighbors

    flat = (np.asarray(each, "float64").reshape(len(each), -1) for each in (others, x))
    distances, indices = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(next(flat)).kneighbors(next(flat))
    return indices[:, 0], distances[:, 0]
