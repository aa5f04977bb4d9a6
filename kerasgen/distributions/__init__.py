"""Distributions that TFP lacks.

Discrete ones draw by uniform numbers, so that a draw is a function of the seed alone.
"""

from kerasgen.distributions.categorical import Categorical, Levels, TokenCategorical
from kerasgen.distributions.chain import Chain, Flipped
from kerasgen.distributions.discretized import (
    Discretized,
    DiscretizedLaplace,
    DiscretizedLogistic,
    DiscretizedNormal,
)
from kerasgen.distributions.flow import Flow
from kerasgen.distributions.images import AutoregressiveImageDistribution, ImageDistribution
from kerasgen.distributions.logit_laplace import LogitLaplace
from kerasgen.distributions.normal_mixture import NormalMixture
from kerasgen.distributions.product import Product
from kerasgen.distributions.sentences import TokenSequences

__all__ = [
    "AutoregressiveImageDistribution",
    "Categorical",
    "Chain",
    "Discretized",
    "DiscretizedLaplace",
    "DiscretizedLogistic",
    "DiscretizedNormal",
    "Flipped",
    "Flow",
    "ImageDistribution",
    "Levels",
    "LogitLaplace",
    "NormalMixture",
    "Product",
    "TokenCategorical",
    "TokenSequences",
]
