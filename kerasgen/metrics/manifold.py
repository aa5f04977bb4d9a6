"""Where samples lie and where they miss, by balls around examples.

A ball reaches to its centre's k-th nearest neighbour.

precision   share of samples within the ball of a real example
recall      share of real examples within the ball of a sample
density     mean number of real balls that a sample lies in, over k
coverage    share of real examples with a sample within their ball

Precision and recall: Kynkäänniemi and others 2019, arXiv 1904.06991. Density and coverage: Naeem
and others 2020, arXiv 2002.09797. A generator of few but good samples has precision, and lacks
recall and coverage.
"""

import numpy as np

from kerasgen import checks
from kerasgen.batches import blocks

_BLOCK = 500  # bounds the memory: distances of so many points to all others at once


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3) -> tuple[float, float]:
    """`(precision, recall)` of features `[N, F]` and `[M, F]`, each in [0, 1].

    Raises:
        ValueError: no more than k examples of a side.

    >>> real = np.arange(10.0)[:, None]
    >>> precision_recall(real, fake=np.array([[0.5], [1.0], [50.0], [51.0]]), k=1)
    (0.5, 0.2)
    """
    precise, recalled = _hits(real, fake, k)[0] > 0, _hits(fake, real, k)[0] > 0
    return float(np.mean(precise)), float(np.mean(recalled))


def density_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """`(density, coverage)` of features `[N, F]` and `[M, F]`.

    Of equal distributions they are about 1 and 1 - 2^-k.

    Raises:
        ValueError: no more than k examples of a side.

    >>> real = np.arange(10.0)[:, None]
    >>> density_coverage(real, fake=np.array([[0.5], [4.5]]), k=1)
    (2.0, 0.4)
    """
    per_query, per_centre = _hits(real, fake, k)
    return float(np.mean(per_query) / k), float(np.mean(per_centre > 0))


def _hits(centres, queries, k):
    """How many balls each query lies in, and how many queries lie in each ball."""
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import NearestNeighbors

    checks.positive("k", k)
    centres, queries = checks.rows("examples", centres), checks.rows("examples", queries)
    checks.alike(one=centres, other=queries)
    if min(len(centres), len(queries)) <= k:
        raise ValueError(
            f"Expected more than k={k} examples a side. "
            f"Received: {len(centres)} and {len(queries)}."
        )
    neighbors = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(centres)
    radii = neighbors.kneighbors()[0][:, -1]  # of other examples than the centre itself
    per_query, per_centre = [], np.zeros(len(centres), "int64")
    for _, some in blocks(len(queries), _BLOCK, queries):
        inside = pairwise_distances(some, centres) <= radii
        per_query.append(inside.sum(axis=1))
        per_centre += inside.sum(axis=0)
    return np.concatenate(per_query), per_centre
