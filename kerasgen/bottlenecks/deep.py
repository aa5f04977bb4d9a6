"""Codes of several stochastic layers, of which the data depend on the lowest."""

import keras
from keras import ops

from kerasgen.bottlenecks.base import register
from kerasgen.bottlenecks.continuous import Conditional, Gaussian, Stochastic, normal


@register
class DeepGaussian(Stochastic):
    """A Markov chain of normals, drawn from the top down by the generative model, from the bottom up by inference.

        p(x, z) = p(z_L) p(z_{L-1} | z_L) ... p(z_1 | z_2) p(x | z_1),    q(z | x) = q(z_1 | x) q(z_2 | z_1) ...

    p(z_L) is the standard normal (Rezende and others 2014, arXiv 1401.4082; Burda and others 2016, arXiv 1509.00519,
    section 2). Seen from x, the layers above z_1 are a learned prior, so that training can start from a model of one
    layer: q(z_1 | x) is named as that of `Gaussian`.

    Args:
        latent_dims: sizes of z_1, the layer that the decoder reads, up to z_L; z is all of them in one vector.
        hidden: width of the hidden layer of each conditional.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.
    """

    term_names = ("kl",)

    def __init__(self, latent_dims=(32, 16), hidden=256, activation="swish", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.latent_dims = tuple(latent_dims)
        self.hidden = hidden
        self.activation = activation
        self.seed = seed
        self.latent_shape = (sum(self.latent_dims),)
        self.noise = keras.random.SeedGenerator(seed)
        self.statistics = keras.layers.Dense(2 * self.latent_dims[0], dtype=self.dtype_policy, name="statistics")
        shared = {"hidden": hidden, "activation": activation, "dtype": self.dtype_policy}
        self.inference = [Conditional(size, **shared) for size in self.latent_dims[1:]]
        self.generation = [Conditional(size, **shared) for size in self.latent_dims[:-1]]

    def build(self, input_shape):
        self.statistics.build(input_shape)
        for below, above, upward, downward in zip(
            self.latent_dims, self.latent_dims[1:], self.inference, self.generation
        ):
            upward.build((None, below))
            downward.build((None, above))
        self.built = True

    @property
    def decoded_shape(self):
        return self.latent_dims[:1]

    def decoded(self, z):
        return z[..., : self.latent_dims[0]]

    def posterior(self, features):
        """q(z | x) from features `[B, F]`: batch shape `[B]`, event shape `[sum(latent_dims)]`, float32."""
        from kerasgen.distributions import Chain  # imports TFP

        return Chain(Gaussian.posterior(self, features), *_steps(self.inference, self.latent_dims))

    def prior(self, condition=None):
        """p(z): event shape `[sum(latent_dims)]`, float32."""
        from kerasgen.distributions import Flipped  # imports TFP

        *_, top = self.latent_dims
        first = normal(ops.zeros(top), ops.ones(top))
        return Flipped(first, *_steps(self.generation[::-1], self.latent_dims[::-1]))

    def kl_by_unit(self, posterior, z, condition=None):
        """The part `[B, D]` of every unit d in E[log q(z | x) - log p(z)] over the codes z `[n, B, D]`.

        An estimate: no part has a closed form. That of a unit says what its layer's neighbours leave it to tell.
        """
        layers = zip(posterior.parts(z), self.prior().parts(z), strict=True)
        ratios = [q.distribution.log_prob(part) - p.distribution.log_prob(part) for (part, q), (_, p) in layers]
        return ops.mean(ops.concatenate(ratios, axis=-1), axis=0)

    def terms(self, posterior, z, condition=None):
        """The sum of `kl_by_unit`."""
        return {"kl": ops.sum(self.kl_by_unit(posterior, z), axis=-1)}

    def from_noise(self, distribution, noise):
        """The z that standard normal noise leads to under `distribution`, a posterior or the prior."""
        return distribution.from_noise(noise)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("hidden", "activation", "seed")}
        return {**super().get_config(), "latent_dims": list(self.latent_dims), **own}


def _steps(conditionals, sizes):
    """The conditionals of a chain in which every part depends on the one before it alone, and the parts' sizes."""

    def given(conditional, size):
        return lambda before: normal(*conditional.statistics(before[..., -size:]))

    return [given(*each) for each in zip(conditionals, sizes)], sizes
