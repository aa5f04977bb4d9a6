"""From an encoder's features to a latent code, and the prior that the code is held to."""

from kerasgen.bottlenecks.base import WITH_PRIOR, Bottleneck, Code
from kerasgen.bottlenecks.continuous import ConditionalGaussian, Deterministic, Gaussian
from kerasgen.bottlenecks.deep import DeepGaussian, Hierarchical
from kerasgen.bottlenecks.discrete import DiscreteBottleneck
from kerasgen.bottlenecks.experts import Experts
from kerasgen.bottlenecks.flow import FlowGaussian, FlowPosterior
from kerasgen.bottlenecks.gumbel import GumbelSoftmax
from kerasgen.bottlenecks.ladder import Ladder
from kerasgen.bottlenecks.quantizers import FiniteScalar, VectorQuantizer

__all__ = [
    "WITH_PRIOR",
    "Bottleneck",
    "Code",
    "ConditionalGaussian",
    "DeepGaussian",
    "Deterministic",
    "DiscreteBottleneck",
    "Experts",
    "FiniteScalar",
    "FlowGaussian",
    "FlowPosterior",
    "Gaussian",
    "GumbelSoftmax",
    "Hierarchical",
    "Ladder",
    "VectorQuantizer",
]
