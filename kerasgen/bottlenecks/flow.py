"""Codes whose prior is a flow, which takes the shape that the posteriors of all data have together,
or whose posterior is one, which takes the shape that the prior and the decoder give it."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen.bottlenecks.continuous import Gaussian, Stochastic, mean_and_scale, normal
from kerasgen.checks.arguments import Amount, Depth, Part, Seed, Width
from kerasgen.events import Event
from kerasgen.networks.flow_steps import Coupling
from kerasgen.networks.flows import FlowNetwork
from kerasgen.registration import register


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
    normal_in_turn = False

    def __init__(
        self,
        latent_dim: Width,
        num_classes: Amount = 0,
        couplings: Depth = 8,
        hidden: Width = 256,
        seed: Seed = None,
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


@register
class FlowPosterior(Stochastic):
    """q(z | x) a flow of normals, given what the encoder says of x; against p(z) = N(0, I).

        z = f(mean + scale * noise; context)

    The KL is estimated by the codes that are drawn (Rezende and Mohamed 2015, arXiv 1505.05770,
    section 4).

    Args:
        latent_dim: size of z.
        flow: a `kerasgen.networks.Planar`, `RealNVP` or `MaskedAutoregressive`.
        context: how many numbers the encoder tells the flow; 0 for one flow of all examples.
        seed: of the noise that calls draw; None follows the global seed.

    >>> bottleneck = FlowPosterior(latent_dim=2, flow=kerasgen.networks.Planar(4), context=3)
    >>> bottleneck.build((None, 5))
    >>> tuple(bottleneck.posterior(np.zeros((7, 5), "float32")).sample(6, seed=(0, 0)).shape)
    (6, 7, 2)
    """

    term_names = ("kl",)

    def __init__(
        self,
        latent_dim: Width,
        flow: Part[FlowNetwork],
        context: Amount = 16,
        seed: Seed = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.latent_shape = (latent_dim,)
        self.flow = flow
        self.context = context
        self.noise = keras.random.SeedGenerator(seed)
        dtype = {"dtype": self.dtype_policy}
        self.statistics = keras.layers.Dense(2 * latent_dim, name="statistics", **dtype)
        self.told = keras.layers.Dense(context, name="told", **dtype) if context else None

    def build(self, input_shape):
        self.statistics.build(input_shape)
        if self.told:
            self.told.build(input_shape)
        self.flow.set_size(self.latent_dim)
        self.flow.build((None, self.latent_dim + self.context))
        self.built = True

    def posterior(self, features: Any):
        """q(z | x) from features `[B, F]`: batch shape `[B]`, event shape `[latent_dim]`."""
        from kerasgen.distributions.flow import Flow  # imports TFP

        mean, scale = mean_and_scale(self.statistics(features))
        context = self.told(features) if self.told else mean[..., :0]
        return Flow([self.flow], ops.cast(context, "float32"), self.latent_dim, mean, scale)

    def prior(self, condition: Any = None):
        """p(z): event shape `[latent_dim]`, float32."""
        return normal(ops.zeros(self.latent_dim), ops.ones(self.latent_dim))

    def kl_by_unit(self, posterior: Any, z: Any, condition: Any = None):
        """Parts of KL(q(z | x) || p(z)) estimated by z `[n, B, D]`, `[B, D]`; their sum is the
        estimate."""
        prior = self.prior(condition).distribution
        return ops.mean(posterior.log_prob_by_unit(z) - prior.log_prob(z), axis=0)

    def terms(self, posterior: Any, z: Any, condition: Any = None) -> dict[str, Any]:
        """KL(q(z | x) || p(z)), the sum of `kl_by_unit`."""
        return {"kl": ops.sum(self.kl_by_unit(posterior, z, condition), axis=-1)}

    def from_noise(self, distribution: Any, noise: Any):
        """The z that standard normal noise leads to under a posterior or the prior."""
        if hasattr(distribution, "from_noise"):
            return distribution.from_noise(noise)
        return distribution.mean() + distribution.stddev() * noise
