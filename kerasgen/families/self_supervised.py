"""Self-supervised encoders of several senses: a code that tells what is true, not what was seen.

    max E_q[log p(told | z)] - beta KL(q(z | asked) || p(z)),   q = experts of the senses asked

What is told comes with the data for nothing: how each pixel moves until the next picture, whether
things touch then, whether two senses are of the same moment. A code of that alone may forget what
reconstruction has to keep. Lee and others, Making Sense of Vision and Touch, 2019 (arXiv
1810.10191); the bound is that of Alemi and others, Deep Variational Information Bottleneck, 2017
(arXiv 1612.00410).
"""

from typing import Any

from kerasgen.checks.arguments import NamedLayers
from kerasgen.entrance import entrance
from kerasgen.families.senses import Fusion, Multisensory, NamedLikelihoods, Senses
from kerasgen.registration import register


@register
class SelfSupervisedEncoder(Multisensory):
    """An encoder of some senses, trained to tell the others.

    Everywhere a batch is a dict by sense, and what is missing is left out. `fit` takes the senses
    that are asked and those that are told; `encode` and `reconstruct`, which gives the means of
    what is told, need the former alone.

    Args:
        event: `kerasgen.events.Partial`, of an event a sense, asked or told.
        encoders: by sense that is asked, a Keras layer or model to features `[B, F]`.
        bottleneck: `kerasgen.bottlenecks.Experts`.
        heads: by sense that is told, of the code to its likelihood's parameters.
        likelihoods: by sense that is told, from `kerasgen.likelihoods`.
        objective: from `kerasgen.objectives`; the ELBO by default.

    Raises:
        ValueError: parts that do not fit each other or the event; a sense both asked and told, or
            neither.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = SelfSupervisedEncoder(
    ...     events.Partial({"seen": [3], "felt": [2], "touches": events.Classes(2)}),
    ...     {name: networks.MLP((8,), (8,)) for name in ("seen", "felt")},
    ...     bottlenecks.Experts(2),
    ...     {"touches": networks.MLP(hidden=(8,))},
    ...     {"touches": likelihoods.CategoricalTokens()},
    ... )
    >>> told = model.reconstruct({"seen": np.zeros((5, 3), "float32")})
    >>> {name: tuple(each.shape) for name, each in told.items()}
    {'touches': (5,)}
    """

    def __init__(
        self,
        event: Senses,
        encoders: NamedLayers,
        bottleneck: Fusion,
        heads: NamedLayers,
        likelihoods: NamedLikelihoods,
        objective: Any = None,
        **kwargs: Any,
    ):
        super().__init__(event, encoders, bottleneck, heads, likelihoods, objective, **kwargs)

    def check_told(self, event, encoders, decoders):
        both = sorted(encoders.keys() & decoders.keys())
        if both or encoders.keys() | decoders.keys() != event.events.keys():
            raise ValueError(
                f"Expected each of {sorted(event.events)} to have an encoder or a head. Received: "
                f"encoders of {sorted(encoders)}, heads of {sorted(decoders)}."
            )

    def check(self, x, condition=None):
        if isinstance(x, dict):
            self._need(x, self.encoder.networks, "a sense that is asked")
        return super().check(x, condition)

    def arrays(self, x, y):
        if isinstance(x, dict):
            self._need(x, self.encoder.networks, "a sense that is asked")
            self._need(x, self.decoder.networks, "a sense that is told")
        return super().arrays(x, y)

    def _need(self, x, names, what):
        if not x.keys() & names.keys():
            raise ValueError(
                f"Expected {what}, of {sorted(names)}. Received: {sorted(x)}. Give one."
            )

    @entrance
    def posterior(self, x, condition=None, training=False):
        """q(z | the senses that are there), the product or mixture that knows most."""
        return self.whole(x)

    def export_signatures(self):
        """`encode`, of the senses that are asked to the mean of their code, and `tell`, to the
        means of what is told."""
        asked = {name: self.event.tensors()[name] for name in self.encoder.networks}

        def encode(**given):
            return {"z": self.whole(self.event.array(given)).mean()}

        def tell(**given):
            return self._reconstruct(self.event.array(given), None)

        return {"encode": (encode, asked), "tell": (tell, asked)}
