"""Codes that are vectors of real numbers, of one layer, with a prior or without."""

import functools
import math
from typing import Any

import keras
from keras import ops

from kerasgen import backend
from kerasgen.bottlenecks.base import Bottleneck, Code
from kerasgen.checks.arguments import Seed, Width
from kerasgen.events import Event
from kerasgen.registration import register


def normal(mean: Any, scale: Any):
    """Independent normals over the last axis.

    TFLite lacks what the equal `MultivariateNormalDiag` computes.

    >>> normal(ops.zeros((5, 2)), ops.ones((5, 2))).event_shape
    TensorShape([2])
    """
    return backend.tfd.Independent(backend.tfd.Normal(mean, scale), 1)


def _positive(raw_scale):
    return ops.softplus(raw_scale) + 1e-5  # log-densities stay finite


def mean_and_scale(statistics: Any) -> tuple[Any, Any]:
    """The means and scales, each `[..., D]` float32, of a layer's outputs `[..., 2 D]`.

    >>> mean, scale = mean_and_scale(ops.array([3.0, 0.0]))
    >>> [round(float(each[0]), 4) for each in (mean, scale)]  # log 2
    [3.0, 0.6932]
    """
    mean, raw_scale = ops.split(ops.cast(statistics, "float32"), 2, axis=-1)
    return mean, _positive(raw_scale)


class Stochastic(Bottleneck):
    """A bottleneck with a `posterior` and a `prior`, and `noise` to draw with.

    Priors, and what is compared with them, take the condition `[B]` of conditional models, which
    few depend on.

    >>> bottleneck = Gaussian(latent_dim=2)
    >>> isinstance(bottleneck, Stochastic), bottleneck.has_prior
    (True, True)
    """

    takes_grid = False
    has_prior = True

    def call(
        self, features: Any, num_samples: int = 1, condition: Any = None, training: bool = False
    ) -> Code:
        """Draws `num_samples` codes for each row of features `[B, F]`, with `terms`."""
        posterior = self.posterior(features)
        z = posterior.sample(num_samples, seed=backend.next_seed(self.noise))
        return Code(z, self.terms(posterior, z, condition))

    def sample(self, n: int, seed: Any, condition: Any = None):
        """`n` codes from the prior, `[n, *latent_shape]`, with a backend seed."""
        return self.prior().sample(n, seed=seed)

    def posterior_tensors(self, posterior: Any) -> dict[str, Any]:
        """What an exported file says of a posterior, by name."""
        return {"mean": posterior.mean(), "scale": posterior.stddev()}


@register
class Gaussian(Stochastic):
    """The bottleneck of a VAE: q(z | x) = N(mean, diag(scale^2)) against p(z) = N(0, I).

    Samples are reparameterized, z = mean + scale * noise, so that the gradient passes through them
    (Kingma and Welling 2014, arXiv 1312.6114).

    Args:
        latent_dim: size of z.
        seed: of the noise that calls draw; None follows the global seed.

    >>> bottleneck = Gaussian(latent_dim=2, seed=0)
    >>> bottleneck.build((None, 3))
    >>> posterior = bottleneck.posterior(np.zeros((5, 3), "float32"))  # whatever the weights
    >>> [round(float(each[0, 0]), 4) for each in (posterior.mean(), posterior.stddev())]
    [0.0, 0.6932]
    """

    term_names = ("kl",)
    independent_units = True
    normal_in_turn = True
    has_noise = True

    def __init__(self, latent_dim: Width, seed: Seed = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.latent_shape = (latent_dim,)
        self.noise = keras.random.SeedGenerator(seed)
        self.statistics = keras.layers.Dense(
            2 * latent_dim, dtype=self.dtype_policy, name="statistics"
        )

    def build(self, input_shape):
        self.statistics.build(input_shape)
        self.built = True

    def posterior(self, features: Any):
        """q(z | x) from features `[B, F]`: batch shape `[B]`, event shape `[latent_dim]`."""
        return normal(*mean_and_scale(self.statistics(features)))

    def prior(self, condition: Any = None):
        """p(z): event shape `[latent_dim]`, float32."""
        return normal(ops.zeros(self.latent_dim), ops.ones(self.latent_dim))

    def kl_by_unit(self, posterior: Any, z: Any, condition: Any = None):
        """KL(q(z_d | x) || p(z_d)), `[B, latent_dim]`, in closed form whatever z."""
        return posterior.distribution.kl_divergence(self.prior(condition).distribution)

    def terms(self, posterior: Any, z: Any, condition: Any = None) -> dict[str, Any]:
        """KL(q(z | x) || p(z)), the sum of `kl_by_unit`."""
        return {"kl": ops.sum(self.kl_by_unit(posterior, z, condition), axis=-1)}

    def chain(self, distribution: Any):
        """A posterior or the prior as a `kerasgen.distributions.Chain`, of one part."""
        from kerasgen.distributions import Chain  # imports TFP

        return Chain(distribution, [], self.latent_shape)

    def from_noise(self, distribution: Any, noise: Any):
        """The z that standard normal noise leads to under a posterior or the prior."""
        return distribution.mean() + distribution.stddev() * noise

    def to_noise(self, distribution: Any, z: Any):
        """The standard normal noise that leads to z under a posterior or the prior."""
        return (z - distribution.mean()) / distribution.stddev()


@register
class ConditionalGaussian(Gaussian):
    """`Gaussian` against a prior of every class, p(z | y) = N(mean_y, diag(scale_y^2)).

    Means and scales are learned, from those of the standard normal (Sohn, Lee and Yan, Learning
    Structured Output Representation using Deep Conditional Generative Models, 2015).

    Args:
        latent_dim: size of z.
        num_classes: of the model's condition.
        seed: of the noise that calls draw; None follows the global seed.

    >>> bottleneck = ConditionalGaussian(latent_dim=2, num_classes=10)
    >>> bottleneck.build((None, 3))
    >>> tuple(bottleneck.prior(np.array([0, 7, 7])).mean().shape)
    (3, 2)
    """

    def __init__(self, latent_dim: Width, num_classes: Width, seed: Seed = None, **kwargs: Any):
        super().__init__(latent_dim, seed, **kwargs)
        self.num_classes = num_classes

    def build(self, input_shape):
        shape = self.num_classes, self.latent_dim
        unit = keras.initializers.Constant(math.log(math.e - 1))  # softplus makes it 1
        add = functools.partial(self.add_weight, shape=shape, dtype="float32", autocast=False)
        self.means = add(name="means", initializer="zeros")
        self.raw_scales = add(name="raw_scales", initializer=unit)
        super().build(input_shape)

    def prior(self, condition: Any):
        """p(z | y) for labels `[B]`: batch shape `[B]`, event shape `[latent_dim]`, float32."""
        mean, raw_scale = (
            ops.take(each, condition, axis=0) for each in (self.means, self.raw_scales)
        )
        return normal(mean, _positive(raw_scale))

    def sample(self, n: int, seed: Any, condition: Any):
        """A code from the prior of each of n labels, `[n, latent_dim]`, with a backend seed."""
        return self.prior(condition).sample(seed=seed)

    def check_condition(self, condition: Event) -> None:
        if getattr(condition, "count", None) != self.num_classes:
            raise ValueError(
                f"Expected a model of {self.num_classes} classes for this bottleneck. "
                f"Received: {condition!r}. Set the bottleneck's num_classes."
            )


@register
class Deterministic(Bottleneck):
    """The bottleneck of a plain autoencoder: z is a linear function of the features.

    It has no prior and no terms.

    Args:
        latent_dim: size of z.

    >>> code = Deterministic(latent_dim=2)(np.zeros((5, 3), "float32"))
    >>> tuple(code.z.shape), code.terms
    ((1, 5, 2), {})
    """

    def __init__(self, latent_dim: Width, **kwargs: Any):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.latent_shape = (latent_dim,)
        self.projection = keras.layers.Dense(latent_dim, dtype=self.dtype_policy, name="projection")

    def build(self, input_shape):
        self.projection.build(input_shape)
        self.built = True

    def posterior(self, features: Any):
        """All mass on one z: batch shape `[B]`, event shape `[latent_dim]`, float32."""
        return backend.tfd.VectorDeterministic(ops.cast(self.projection(features), "float32"))

    def call(
        self, features: Any, num_samples: int = 1, condition: Any = None, training: bool = False
    ) -> Code:
        """The same z `num_samples` times."""
        z = self.posterior(features).mean()[None]
        return Code(ops.repeat(z, num_samples, axis=0), {})

    def posterior_tensors(self, posterior: Any) -> dict[str, Any]:
        """What an exported file says of a posterior, by name."""
        return {"mean": posterior.mean()}
