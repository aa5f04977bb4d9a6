"""Codes that are vectors of real numbers: one layer, several, or without a prior."""

import functools
import math

import keras
import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.bottlenecks.base import Bottleneck, Code, register
from kerasgen.networks.layers import Stack


def normal(mean, scale):
    """Independent normals over the last axis; TFLite lacks what the equal `MultivariateNormalDiag` computes."""
    return backend.tfd.Independent(backend.tfd.Normal(mean, scale), 1)


def _positive(raw_scale):
    return ops.softplus(raw_scale) + 1e-5  # log-densities stay finite


class Stochastic(Bottleneck):
    """A bottleneck with a `posterior` and a `prior`, and `noise` to draw with.

    Priors, and what is compared with them, take the condition `[B]` of conditional models, which few depend on.
    """

    def call(self, features, num_samples=1, condition=None):
        """Draws `num_samples` codes for each row of features `[B, F]`; the terms are those of `terms`."""
        posterior = self.posterior(features)
        z = posterior.sample(num_samples, seed=backend.next_seed(self.noise))
        return Code(z, self.terms(posterior, z, condition))

    def sample(self, n, seed, condition=None):
        """`n` codes from the prior, `[n, *latent_shape]`, with a backend seed."""
        return self.prior().sample(n, seed=seed)


@register
class Gaussian(Stochastic):
    """q(z | x) = N(mean, diag(scale^2)) against the prior p(z) = N(0, I).

    Samples are reparameterized, z = mean + scale * noise, so that the gradient passes through them (Kingma and Welling
    2014, arXiv 1312.6114).

    Args:
        latent_dim: size of z.
        seed: of the noise that calls draw; None follows the global seed.
    """

    term_names = ("kl",)

    def __init__(self, latent_dim, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.seed = seed
        self.latent_shape = (latent_dim,)
        self.noise = keras.random.SeedGenerator(seed)
        self.statistics = keras.layers.Dense(2 * latent_dim, dtype=self.dtype_policy, name="statistics")

    def build(self, input_shape):
        self.statistics.build(input_shape)
        self.built = True

    def posterior(self, features):
        """q(z | x) from features `[B, F]`: batch shape `[B]`, event shape `[latent_dim]`, float32."""
        mean, raw_scale = ops.split(ops.cast(self.statistics(features), "float32"), 2, axis=-1)
        return normal(mean, _positive(raw_scale))

    def prior(self, condition=None):
        """p(z): event shape `[latent_dim]`, float32."""
        return normal(ops.zeros(self.latent_dim), ops.ones(self.latent_dim))

    def kl_by_unit(self, posterior, z, condition=None):
        """KL(q(z_d | x) || p(z_d)), `[B, latent_dim]`, in closed form whatever z."""
        return posterior.distribution.kl_divergence(self.prior(condition).distribution)

    def terms(self, posterior, z, condition=None):
        """KL(q(z | x) || p(z)), the sum of `kl_by_unit`."""
        return {"kl": ops.sum(self.kl_by_unit(posterior, z, condition), axis=-1)}

    def from_noise(self, distribution, noise):
        """The z that standard normal noise leads to under `distribution`, a posterior or the prior."""
        return distribution.mean() + distribution.stddev() * noise

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim, "seed": self.seed}


@register
class ConditionalGaussian(Gaussian):
    """`Gaussian` against a prior that every class has of its own, p(z | y) = N(mean_y, diag(scale_y^2)).

    Means and scales are learned, from those of the standard normal (Sohn, Lee and Yan, Learning Structured Output
    Representation using Deep Conditional Generative Models, 2015).

    Args:
        latent_dim: size of z.
        num_classes: of the model's condition.
        seed: of the noise that calls draw; None follows the global seed.
    """

    def __init__(self, latent_dim, num_classes, seed=None, **kwargs):
        super().__init__(latent_dim, seed, **kwargs)
        self.num_classes = num_classes

    def build(self, input_shape):
        shape = self.num_classes, self.latent_dim
        unit = keras.initializers.Constant(math.log(math.e - 1))  # softplus makes it 1
        add = functools.partial(self.add_weight, shape=shape, dtype="float32", autocast=False)
        self.means = add(name="means", initializer="zeros")
        self.raw_scales = add(name="raw_scales", initializer=unit)
        super().build(input_shape)

    def prior(self, condition):
        """p(z | y) for labels `[B]`: batch shape `[B]`, event shape `[latent_dim]`, float32."""
        mean, raw_scale = (ops.take(each, condition, axis=0) for each in (self.means, self.raw_scales))
        return normal(mean, _positive(raw_scale))

    def sample(self, n, seed, condition):
        """A code from the prior of each of n labels, `[n, latent_dim]`, with a backend seed."""
        return self.prior(condition).sample(seed=seed)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


class Conditional(Stack):
    """What one layer's code is made of, from what is known: a perceptron to means and scales of `size` units."""

    def __init__(self, size, hidden, activation, **kwargs):
        super().__init__(**kwargs)
        self.stack = [
            keras.layers.Dense(hidden, activation, dtype=self.dtype_policy),
            keras.layers.Dense(2 * size, dtype=self.dtype_policy),
        ]

    def statistics(self, known):
        """Means and scales, each `[..., size]` float32."""
        mean, raw_scale = ops.split(ops.cast(self(known), "float32"), 2, axis=-1)
        return mean, _positive(raw_scale)


@register
class Hierarchical(Stochastic):
    """Several stochastic layers, drawn from the top down by the generative and by the inference model.

        p(z) = p(z_1) product of p(z_l | z_1..z_{l-1}),     q(z | x) = product of q(z_l | z_1..z_{l-1}, x)

    All are normal; p(z_1) is the standard normal. The means of q are corrections to those of p, so that a layer that x
    does not inform falls back to the prior (Sonderby and others 2016, arXiv 1602.02282; Vahdat and Kautz 2020, arXiv
    2007.03898).

    Args:
        latent_dims: sizes of the layers' codes from the top down; z is all of them in one vector.
        hidden: width of the hidden layer of each conditional.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.
    """

    def __init__(self, latent_dims=(16, 32), hidden=256, activation="swish", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.latent_dims = tuple(latent_dims)
        self.hidden = hidden
        self.activation = activation
        self.seed = seed
        self.latent_shape = (sum(self.latent_dims),)
        self.term_names = tuple(f"kl_{layer}" for layer in range(1, len(self.latent_dims) + 1))
        self.noise = keras.random.SeedGenerator(seed)
        shared = {"hidden": hidden, "activation": activation, "dtype": self.dtype_policy}
        self.inference = [Conditional(size, **shared) for size in self.latent_dims]
        self.generation = [Conditional(size, **shared) for size in self.latent_dims[1:]]

    def build(self, input_shape):
        *batch, size = input_shape
        above = 0
        for layer, latent_dim in enumerate(self.latent_dims):
            self.inference[layer].build((*batch, size + above))
            if layer:
                self.generation[layer - 1].build((*batch, above))
            above += latent_dim
        self.built = True

    def prior(self, condition=None):
        """p(z): event shape `[sum(latent_dims)]`, float32."""
        first = normal(ops.zeros(self.latent_dims[0]), ops.ones(self.latent_dims[0]))
        return self._chain(first, [self._prior(layer) for layer in range(1, len(self.latent_dims))])

    def posterior(self, features):
        """q(z | x) from features `[B, F]`: batch shape `[B]`, event shape `[sum(latent_dims)]`, float32."""

        def conditional(layer):
            def given(above):
                shape = (*ops.shape(above)[:-1], features.shape[-1])
                known = ops.concatenate([ops.broadcast_to(features, shape), ops.cast(above, features.dtype)], axis=-1)
                correction, scale = self.inference[layer].statistics(known)
                return normal(self._prior(layer)(above).mean() + correction, scale)

            return given

        first = normal(*self.inference[0].statistics(features))
        return self._chain(first, [conditional(layer) for layer in range(1, len(self.latent_dims))])

    def _prior(self, layer):
        """p(z_l | z_1..z_{l-1}) as a function of what is above, for any layer but the first."""
        return lambda above: normal(*self.generation[layer - 1].statistics(above))

    def _chain(self, first, conditionals):
        from kerasgen.distributions import Chain  # imports TFP

        return Chain(first, conditionals, self.latent_dims)

    def kl_by_unit(self, posterior, z, condition=None):
        """E[KL(q(z_d | z_1..z_{l-1}, x) || p(z_d | z_1..z_{l-1}))] of every unit d of every layer l, `[B, D]`.

        Args:
            z: codes `[n, B, D]` of the posterior, over which the mean is taken.
        """
        layers = zip(posterior.parts(z), self.prior().parts(z), strict=True)
        kl = [q.distribution.kl_divergence(p.distribution) for (_, q), (_, p) in layers]  # the first without axis n
        return ops.concatenate([each if len(each.shape) == 2 else ops.mean(each, axis=0) for each in kl], axis=-1)

    def terms(self, posterior, z, condition=None):
        """The sum of `kl_by_unit` over each layer."""
        layers = ops.split(self.kl_by_unit(posterior, z), np.cumsum(self.latent_dims)[:-1].tolist(), axis=-1)
        return {name: ops.sum(layer, axis=-1) for name, layer in zip(self.term_names, layers, strict=True)}

    def from_noise(self, distribution, noise):
        """The z that standard normal noise leads to under `distribution`, a posterior or the prior."""
        return distribution.from_noise(noise)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("hidden", "activation", "seed")}
        return {**super().get_config(), "latent_dims": list(self.latent_dims), **own}


@register
class Deterministic(Bottleneck):
    """z is a linear function of the features: the bottleneck of a plain autoencoder, without a prior and without terms.

    Args:
        latent_dim: size of z.
    """

    term_names = ()

    def __init__(self, latent_dim, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.latent_shape = (latent_dim,)
        self.projection = keras.layers.Dense(latent_dim, dtype=self.dtype_policy, name="projection")

    def build(self, input_shape):
        self.projection.build(input_shape)
        self.built = True

    def posterior(self, features):
        """All mass on one z: batch shape `[B]`, event shape `[latent_dim]`, float32."""
        return backend.tfd.VectorDeterministic(ops.cast(self.projection(features), "float32"))

    def call(self, features, num_samples=1):
        """The same z `num_samples` times."""
        z = self.posterior(features).mean()[None]
        return Code(ops.repeat(z, num_samples, axis=0), {})

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim}
