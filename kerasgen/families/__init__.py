"""Models of p(x), composed of networks, likelihoods, bottlenecks and objectives."""

from kerasgen.families.latent import LatentVariableModel

__all__ = ["LatentVariableModel"]
