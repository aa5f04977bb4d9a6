"""The Fréchet distance between the normals that two sets of features have the moments of.

    |m - n|^2 + tr(A + B - 2 (A B)^(1/2))

for means m, n and covariances A, B (Dowson and Landau 1982; Heusel and others 2017, arXiv
1706.08500). Over Inception features it is called FID; over others it is not. Its values compare
over equal features and equal numbers of examples only, as few examples make it larger.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np


class Moments:
    """Mean and covariance of features that come in batches, float64.

    The memory is that of one batch and of F x F.

    >>> Moments.of([np.array([[0.0], [2.0]]), np.array([[4.0]])]).covariance()
    array([[4.]])
    """

    def __init__(self):
        self.count = 0
        self.mean = 0.0
        self._scatter = 0.0  # sum of squares and products around the mean

    @classmethod
    def of(cls, batches: Iterable[Any]) -> "Moments":
        """The moments of batches of features `[B, F]`."""
        moments = cls()
        for batch in batches:
            moments.update(batch)
        return moments

    def update(self, features: Any) -> None:
        """Takes in features `[B, F]` (Chan, Golub and LeVeque 1983, equation 2.1)."""
        features = np.asarray(features, "float64")
        mean = features.mean(axis=0)
        centred = features - mean
        difference = mean - self.mean
        total = self.count + len(features)
        between = np.multiply.outer(difference, difference) * (self.count * len(features) / total)
        self._scatter = self._scatter + centred.T @ centred + between
        self.mean = self.mean + difference * (len(features) / total)
        self.count = total

    def covariance(self) -> np.ndarray:
        """The unbiased covariance `[F, F]`.

        Raises:
            ValueError: fewer than 2 examples.
        """
        if self.count < 2:
            raise ValueError(
                f"Expected at least 2 examples, for a covariance. Received: {self.count}."
            )
        return np.asarray(self._scatter / (self.count - 1))


def frechet_distance(one: Moments, other: Moments) -> float:
    """The distance of two `Moments`, at least 0, in squared units of the features.

    The trace of (A B)^(1/2) is that of (A^(1/2) B A^(1/2))^(1/2), the root of a symmetric matrix:
    singular covariances do no harm.

    >>> x = np.random.default_rng(0).standard_normal((100, 3))
    >>> round(frechet_distance(Moments.of([x]), Moments.of([x + 1])), 6)
    3.0
    """
    a, b = one.covariance(), other.covariance()
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b @ root), 0)).sum()
    shift = np.sum((one.mean - other.mean) ** 2)
    return max(0.0, float(shift + np.trace(a) + np.trace(b) - 2 * cross))
