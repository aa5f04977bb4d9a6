"""Autoencoders of several senses: one code, from whichever of them are there.

Each sense that is asked has an encoder, an expert of the code; each that is told has a decoder.
`bottlenecks.Experts` fuses the experts of the senses that are there, and names the papers.
"""

from typing import Annotated, Any

from kerasgen import fitting
from kerasgen.bottlenecks import Experts
from kerasgen.checks.arguments import NamedLayers, Part, named, part
from kerasgen.entrance import entrance
from kerasgen.events import Joint, Partial
from kerasgen.families.autoencoder import Autoencoder
from kerasgen.likelihoods import Joint as JointLikelihood
from kerasgen.likelihoods import Likelihood
from kerasgen.networks import SenseDecoder, SenseEncoder

Senses = Part[Partial]
Fusion = Part[Experts]
NamedLikelihoods = Annotated[dict[str, Likelihood], named(part(Likelihood))]


class Multisensory(Autoencoder):
    """Base of autoencoders of several senses, of which any may be missing.

    Args:
        event: `kerasgen.events.Partial`, of an event a sense.
        encoders: by sense, a Keras layer or model of its examples to features `[B, F]`.
        bottleneck: `kerasgen.bottlenecks.Experts`.
        decoders: by sense, of the factors that it reads to its likelihood's parameters; a sense
            that the bottleneck has clusters of has its decoder there.
        likelihoods: by sense that is told, from `kerasgen.likelihoods`.
        objective: from `kerasgen.objectives`; the ELBO by default.

    Raises:
        ValueError: parts that do not fit each other or the event.

    >>> issubclass(kerasgen.families.MultimodalVAE, Multisensory)
    True
    """

    def __init__(
        self,
        event: Senses,
        encoders: NamedLayers,
        bottleneck: Fusion,
        decoders: NamedLayers,
        likelihoods: NamedLikelihoods,
        objective: Any = None,
        **kwargs: Any,
    ):
        if not encoders or not encoders.keys() <= event.events.keys():
            raise ValueError(
                f"Expected encoders of some of {sorted(event.events)}. "
                f"Received: {sorted(encoders)}."
            )
        decoders = decoders | bottleneck.clusters
        self.check_told(event, encoders, decoders)
        super().__init__(
            event,
            SenseEncoder(encoders),
            bottleneck,
            SenseDecoder(decoders, bottleneck.factors),
            JointLikelihood(likelihoods),
            objective,
            **kwargs,
        )

    def check_told(self, event, encoders, decoders):
        """Raises a ValueError for senses with a decoder that are not those of the family."""
        if decoders.keys() != event.events.keys():
            raise ValueError(
                f"Expected a decoder, or clusters, of each of {sorted(event.events)}. "
                f"Received: {sorted(decoders)}."
            )

    @property
    def told(self):
        return Joint({name: self.event.events[name] for name in self.decoder.networks})

    def feature_shape(self):
        """Of each sense's features."""
        return {
            name: (
                None,
                *fitting.vector(network, self.event.events[name], f"the encoder of {name}"),
            )
            for name, network in self.encoder.networks.items()
        }

    @entrance
    def features(self, x, condition=None, training=False):
        """Each sense's features `[B, F]`, and which examples have it."""
        features = self.encoder(self.event.standardized(x), training=training)
        return features | {name: x[name] for name in ("present",) if name in x}

    @entrance
    def whole(self, x):
        """q(z | x) of the bottleneck's largest sets alone, which know most; x as checked."""
        return self.bottleneck.posterior(self.features(x), whole=True)

    def _reconstruct(self, x, condition):
        return self.told.clip(self.decode(self.whole(x).mean()).mean())
