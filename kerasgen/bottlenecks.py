"""From an encoder's features to a latent code, and the prior that the code is held to."""

from typing import NamedTuple

import keras
from keras import ops

from kerasgen import backend


class Code(NamedTuple):
    """A latent code and what it costs.

    Attributes:
        z: `[num_samples, B, *latent_shape]`.
        terms: named loss terms in nats, each `[B]`.
    """

    z: object
    terms: dict


@keras.saving.register_keras_serializable(package="kerasgen.bottlenecks")
class Gaussian(keras.layers.Layer):
    """q(z | x) = N(mean, diag(scale^2)) against the prior p(z) = N(0, I).

    Samples are reparameterized, z = mean + scale * noise, so that the gradient passes through them (Kingma and Welling
    2014, arXiv 1312.6114).

    Args:
        latent_dim: size of z.
        seed: of the noise that calls draw.
    """

    term_names = ("kl",)

    def __init__(self, latent_dim, seed=0, **kwargs):
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
        return backend.tfd.MultivariateNormalDiag(mean, ops.softplus(raw_scale) + 1e-5)  # log q(z | x) stays finite

    def prior(self):
        """p(z): event shape `[latent_dim]`, float32."""
        return backend.tfd.MultivariateNormalDiag(ops.zeros(self.latent_dim), ops.ones(self.latent_dim))

    def call(self, features, num_samples=1):
        """Draws `num_samples` codes for each row of features `[B, F]`; the term is KL(q(z | x) || p(z))."""
        posterior = self.posterior(features)
        z = posterior.sample(num_samples, seed=backend.next_seed(self.noise))
        return Code(z, {"kl": posterior.kl_divergence(self.prior())})

    def sample(self, n, seed):
        """`n` codes from the prior, `[n, latent_dim]`, with a backend seed."""
        return self.prior().sample(n, seed=seed)

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim, "seed": self.seed}


@keras.saving.register_keras_serializable(package="kerasgen.bottlenecks")
class Deterministic(keras.layers.Layer):
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
        return Code(self.posterior(features).sample(num_samples), {})

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim}
