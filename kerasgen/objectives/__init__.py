"""What a latent-variable model maximises."""

from kerasgen.objectives.bounds import ELBO, IWAE, Objective
from kerasgen.objectives.collapse import BagOfWords, FreeBits
from kerasgen.objectives.correlation import TCVAE
from kerasgen.objectives.discrete import REINFORCE
from kerasgen.objectives.perceptual import Perceptual
from kerasgen.objectives.senses import SensesELBO

__all__ = [
    "ELBO",
    "IWAE",
    "REINFORCE",
    "TCVAE",
    "BagOfWords",
    "FreeBits",
    "Objective",
    "Perceptual",
    "SensesELBO",
]
