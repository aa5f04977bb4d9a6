"""Models of p(x), composed of networks, likelihoods, bottlenecks and objectives; and classifiers of x."""

from kerasgen.families.autoencoder import Autoencoder
from kerasgen.families.classifier import Classifier
from kerasgen.families.latent import LatentVariableModel
from kerasgen.families.mixture import Mixture

__all__ = ["Autoencoder", "Classifier", "LatentVariableModel", "Mixture"]
