"""Models of p(x), composed of networks, likelihoods, bottlenecks, divergences and objectives; and
classifiers of x.
"""

from kerasgen.families.adversarial import AdversarialModel
from kerasgen.families.attributes import AttributeClassifier
from kerasgen.families.autoencoder import Autoencoder
from kerasgen.families.autoregressive import AutoregressiveModel
from kerasgen.families.classifier import Classifier
from kerasgen.families.discrete import DiscreteAutoencoder
from kerasgen.families.flow import FlowModel
from kerasgen.families.language import LanguageModel
from kerasgen.families.latent import LatentVariableModel
from kerasgen.families.mixture import Mixture
from kerasgen.families.multimodal import MultimodalVAE
from kerasgen.families.policy import PolicyGradientModel
from kerasgen.families.self_conditioned import SelfConditionedModel
from kerasgen.families.self_supervised import SelfSupervisedEncoder
from kerasgen.families.two_stage import TwoStageModel

__all__ = [
    "AdversarialModel",
    "AttributeClassifier",
    "Autoencoder",
    "AutoregressiveModel",
    "Classifier",
    "DiscreteAutoencoder",
    "FlowModel",
    "LanguageModel",
    "LatentVariableModel",
    "Mixture",
    "MultimodalVAE",
    "PolicyGradientModel",
    "SelfConditionedModel",
    "SelfSupervisedEncoder",
    "TwoStageModel",
]
