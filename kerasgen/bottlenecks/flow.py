"""Codes whose prior is a flow: it takes the shape that the posteriors of all data have together."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen.bottlenecks.continuous import Gaussian
from kerasgen.events import Event
from kerasgen.registration import register


class Coupling(keras.layers.Layer):
    """Half of the units move and stretch by amounts that the other half and a context tell.

        z = kept u + (1 - kept) (exp(s) u + t),     s, t functions of kept u and the context

    At first s and t are 0, and |s| stays below 1 (Dinh and others 2017, arXiv 1605.08803,
    equations 7 to 9).

    Args:
        kept: `[size]` of 0 and 1; 1 marks what stays.
        hidden: width of the hidden layer.

    >>> coupling = Coupling(kept=(1, 0), hidden=8)
    >>> coupling.build((None, 5))  # two units and a context of three numbers
    >>> u, context = np.array([[1.0, 2.0]], "float32"), np.zeros((1, 3), "float32")
    >>> z, log_slope = coupling.inverse(coupling.forward(u, context), context)
    >>> bool(np.allclose(z, u))
    True
    """

    def __init__(self, kept: tuple[int, ...], hidden: int, **kwargs: Any):
        super().__init__(dtype="float32", **kwargs)
        self.kept = np.array(kept, "float32")
        self.hidden_layer = keras.layers.Dense(hidden, "relu", dtype="float32")
        self.amounts = keras.layers.Dense(
            2 * len(kept), kernel_initializer="zeros", dtype="float32"
        )

    def build(self, input_shape):
        *batch, _ = input_shape
        self.hidden_layer.build(input_shape)
        self.amounts.build((*batch, self.hidden_layer.units))
        self.built = True

    def _log_scale_and_shift(self, u, context):
        context = ops.broadcast_to(context, (*ops.shape(u)[:-1], context.shape[-1]))
        known = ops.concatenate((self.kept * u, context), axis=-1)
        log_scale, shift = ops.split(self.amounts(self.hidden_layer(known)), 2, axis=-1)
        return (1 - self.kept) * ops.tanh(log_scale), (1 - self.kept) * shift

    def forward(self, u: Any, context: Any):
        """z `[..., size]` of u and a context `[..., C]`."""
        log_scale, shift = self._log_scale_and_shift(u, context)
        return ops.exp(log_scale) * u + shift

    def inverse(self, z: Any, context: Any) -> tuple[Any, Any]:
        """The u that leads to z, and log dz/du of each unit, both `[..., size]`."""
        log_scale, shift = self._log_scale_and_shift(z, context)
        return ops.exp(-log_scale) * (z - shift), log_scale


@register
class FlowGaussian(Gaussian):
    """`Gaussian` against a prior that a flow makes of the standard normal, one for each class.

    The prior can take any shape that the codes of a class have together, so that what is drawn
    from it decodes like data (Chen and others, Variational Lossy Autoencoder, 2017, arXiv
    1611.02731, section 3.2; couplings in place of its autoregressive flow draw at once).

    Args:
        latent_dim: size of z.
        num_classes: of the model's condition; 0 for a model without one.
        couplings: how many.
        hidden: width of the hidden layer of each.
        seed: of the noise that calls draw; None follows the global seed.

    >>> bottleneck = FlowGaussian(latent_dim=4, num_classes=10, couplings=2, hidden=8)
    >>> bottleneck.build((None, 3))
    >>> tuple(bottleneck.prior(np.array([0, 7, 7])).sample(5, seed=(0, 0)).shape)
    (5, 3, 4)
    """

    independent_units = False

    def __init__(
        self,
        latent_dim: int,
        num_classes: int = 0,
        couplings: int = 8,
        hidden: int = 256,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(latent_dim, seed, **kwargs)
        self.num_classes = num_classes
        half, even = np.arange(latent_dim) < latent_dim // 2, np.arange(latent_dim) % 2 == 0
        halves = (half, ~half, even, ~even)  # every unit meets others
        self.couplings = [Coupling(tuple(halves[i % 4]), hidden) for i in range(couplings)]

    def build(self, input_shape):
        for coupling in self.couplings:
            coupling.build((None, self.latent_dim + self.num_classes))
        super().build(input_shape)

    def prior(self, condition: Any = None):
        """p(z), or p(z | y) for labels `[B]`: event shape `[latent_dim]`, float32."""
        from kerasgen.distributions.flow import Flow  # imports TFP

        if self.num_classes:
            context = ops.one_hot(condition, self.num_classes, dtype="float32")
        else:
            context = ops.zeros((0,))
        return Flow(self.couplings, context, self.latent_dim)

    def kl_by_unit(self, posterior: Any, z: Any, condition: Any = None):
        """Parts of KL(q(z | x) || p(z)) estimated by z `[n, B, D]`, `[B, latent_dim]`.

        Their sum is the estimate; the density's parts are those of `Flow.log_prob_by_unit`.
        """
        log_ratio = posterior.distribution.log_prob(z) - self.prior(condition).log_prob_by_unit(z)
        return ops.mean(log_ratio, axis=0)

    def sample(self, n: int, seed: Any, condition: Any = None):
        """`n` codes from the prior, one of each label, `[n, latent_dim]`, with a backend seed."""
        if self.num_classes:
            return self.prior(condition).sample(seed=seed)
        return self.prior().sample(n, seed=seed)

    def from_noise(self, distribution: Any, noise: Any):
        """The z that standard normal noise leads to under a posterior or the prior."""
        from kerasgen.distributions.flow import Flow  # imports TFP

        if isinstance(distribution, Flow):
            return distribution.from_noise(noise)
        return super().from_noise(distribution, noise)

    def to_noise(self, distribution: Any, z: Any):
        """The standard normal noise that leads to z under a posterior or the prior."""
        from kerasgen.distributions.flow import Flow  # imports TFP

        if isinstance(distribution, Flow):
            return distribution.to_noise(z)
        return super().to_noise(distribution, z)

    def check_condition(self, condition: Event) -> None:
        if self.num_classes and getattr(condition, "count", None) != self.num_classes:
            raise ValueError(
                f"Expected a model of {self.num_classes} classes for this bottleneck. "
                f"Received: {condition!r}. Set the bottleneck's num_classes."
            )
