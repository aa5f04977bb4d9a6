"""What a critic estimates and a generator makes small: divergences of the data P and the samples Q.

A critic gives every example a score V(x), any real number. From scores `real` of data and `fake` of
samples, `[B]` each, a divergence says what the critic minimises, what the generator minimises, and
which divergence the scores report.
"""

from kerasgen.divergences.base import Divergence
from kerasgen.divergences.games import Hinge, LeastSquares, Wasserstein
from kerasgen.divergences.variational import (
    KL,
    FDivergence,
    Minimax,
    Pearson,
    ReverseKL,
    SquaredHellinger,
    TotalVariation,
)
from kerasgen.divergences.wrappers import NonSaturating, RelativisticAverage

__all__ = [
    "KL",
    "Divergence",
    "FDivergence",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Pearson",
    "RelativisticAverage",
    "ReverseKL",
    "SquaredHellinger",
    "TotalVariation",
    "Wasserstein",
]
