"""From an encoder's features to a latent code, and the prior that the code is held to."""

from kerasgen.bottlenecks.base import Bottleneck, Code
from kerasgen.bottlenecks.continuous import ConditionalGaussian, Deterministic, Gaussian, Hierarchical
from kerasgen.bottlenecks.deep import DeepGaussian
from kerasgen.bottlenecks.discrete import DiscreteBottleneck, FiniteScalar, GumbelSoftmax, VectorQuantizer

__all__ = [
    "Bottleneck",
    "Code",
    "ConditionalGaussian",
    "DeepGaussian",
    "Deterministic",
    "DiscreteBottleneck",
    "FiniteScalar",
    "Gaussian",
    "GumbelSoftmax",
    "Hierarchical",
    "VectorQuantizer",
]
