"""p(x | network output): from a network's output to a `tfd.Distribution` over data in [0, 1]."""

from kerasgen.likelihoods.base import Discrete, Likelihood
from kerasgen.likelihoods.channelwise import (
    Channelwise,
    ChannelwiseCategorical,
    ChannelwiseLogistic,
    JointCategorical,
)
from kerasgen.likelihoods.elementwise import (
    Bernoulli,
    Categorical,
    CategoricalTokens,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    Laplace,
    LocationScale,
    LogitLaplace,
)
from kerasgen.likelihoods.joint import Joint
from kerasgen.likelihoods.pixelwise import Autoregressive
from kerasgen.likelihoods.sentences import AutoregressiveTokens

__all__ = [
    "Autoregressive",
    "AutoregressiveTokens",
    "Bernoulli",
    "Categorical",
    "CategoricalTokens",
    "Channelwise",
    "ChannelwiseCategorical",
    "ChannelwiseLogistic",
    "ContinuousBernoulli",
    "Discrete",
    "DiscretizedLogistic",
    "Gaussian",
    "Joint",
    "JointCategorical",
    "Laplace",
    "Likelihood",
    "LocationScale",
    "LogitLaplace",
]
