"""Flows: an invertible network makes of standard normal noise what the data are.

    x = f(u), u ~ N(0, I):     log p(x) = log N(f^-1(x); 0, I) - log |det df/du|

Rezende and Mohamed, Variational Inference with Normalizing Flows, 2015 (arXiv 1505.05770),
equation 5.
"""

import math
from typing import Any

from keras import ops

from kerasgen import backend, events, fitting
from kerasgen.abilities import Samples, Scores
from kerasgen.checks.arguments import Part
from kerasgen.entrance import entrance
from kerasgen.loss import Loss
from kerasgen.model import GenerativeModel
from kerasgen.networks.flows import FlowNetwork
from kerasgen.registration import register


@register
class FlowModel(Samples, Scores, GenerativeModel):
    """A density of numbers by an invertible network, with a condition or without.

    Args:
        event: a size or a list of one number, or a `kerasgen.events.Vector`, `Table` or `Series`.
        flow: a `kerasgen.networks.RealNVP`, `MaskedAutoregressive` or `Planar`.
        condition: a number of classes, any of `kerasgen.events`, or None.

    Raises:
        ValueError: an event of pixels or of whole numbers; another part than a flow.

    >>> from kerasgen import networks
    >>> model = FlowModel([2], networks.RealNVP(num_steps=4, hidden=8))
    >>> model.sample(3, seed=0).shape, round(float(model.log_prob(np.zeros((1, 2)))[0]), 4)
    (TensorShape([3, 2]), -1.8379)
    """

    def __init__(
        self,
        event: Any,
        flow: Part[FlowNetwork],
        condition: Any = None,
        **kwargs: Any,
    ):
        event = events.of(event)
        if not isinstance(event, (events.Vector, events.Series)):
            raise ValueError(
                f"Expected an event of real numbers, Vector, Table or Series. Received: {event!r}."
            )
        super().__init__(event, condition, ("nll",), **kwargs)
        self.flow = flow
        self.build()

    def build(self, input_shape=None):
        if not self.built:
            self.flow.set_size(self.event.size)
            self.flow.build((None, self.event.size + self.condition.encoded_size))
            self.built = True

    @entrance
    def distribution(self, condition=None):
        """The density of standardized examples `[D]`."""
        from kerasgen.distributions import Flow  # imports TFP

        given = self.condition.encoded(condition)
        return Flow([self.flow], ops.zeros((0,)) if given is None else given, self.event.size)

    def _log_prob(self, x, condition):
        u = ops.reshape(self.event.standardized(x), (-1, self.event.size))
        return self.distribution(condition).log_prob(u) - self.event.log_volume

    def loss_terms(self, x, condition=None, training=False):
        """`nll`, the negative log-likelihood `[B]` in nats."""
        return Loss({"nll": -self._log_prob(x, condition)})

    def _sample(self, n, seed, condition, *, temperature=1.0):
        noise = backend.tfd.Normal(0.0, 1.0).sample((n, self.event.size), seed=seed)
        return self._made(temperature * noise, condition)

    def check_sampling(self, temperature):
        if not 0 < temperature < math.inf:
            raise ValueError(
                f"Expected temperature to be a number above 0. Received: {temperature!r}."
            )
        return {"temperature": float(temperature)}

    def _made(self, noise, condition):
        x = self.distribution(condition).from_noise(noise)
        return self.event.in_units(ops.reshape(x, (-1, *self.event.shape)))

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors it takes).

        All randomness enters as standard normal noise.
        """
        condition = self.condition.tensors()

        def log_prob(**tensors):
            """How likely examples are."""
            return {"log_prob": self._log_prob(*self.unpacked(tensors))}

        def sample(noise, **tensors):
            """New examples that noise leads to."""
            return self.event.unpack(self._made(noise, self.condition.pack(tensors)))

        noise = {"noise": fitting.noise_tensor((self.event.size,))}
        return {
            "log_prob": (log_prob, self.event.tensors() | condition),
            "sample": (sample, noise | condition),
        }
