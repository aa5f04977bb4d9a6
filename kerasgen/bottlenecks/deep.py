"""Codes of several stochastic layers."""

import keras
import numpy as np
from keras import ops

from kerasgen.bottlenecks.continuous import Stochastic, mean_and_scale, normal
from kerasgen.networks.layers import Stack
from kerasgen.registration import register


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
        return mean_and_scale(self(known))


class Layers(Stochastic):
    """Base of the codes of several layers, whose posterior and prior are a `kerasgen.distributions.Chain` each.

    Args:
        latent_dims: sizes of the layers' codes; z is all of them in one vector.
        hidden: width of the hidden layer of each conditional.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.
    """

    def __init__(self, latent_dims, hidden, activation, seed, **kwargs):
        super().__init__(**kwargs)
        self.latent_dims = tuple(latent_dims)
        self.hidden = hidden
        self.activation = activation
        self.latent_shape = (sum(self.latent_dims),)
        self.noise = keras.random.SeedGenerator(seed)

    def conditionals(self, sizes):
        """A `Conditional` of each size."""
        return [Conditional(size, self.hidden, self.activation, dtype=self.dtype_policy) for size in sizes]

    def from_noise(self, distribution, noise):
        """The z that standard normal noise leads to under `distribution`, a posterior or the prior."""
        return distribution.from_noise(noise)


@register
class Hierarchical(Layers):
    """Several stochastic layers, drawn from the top down by the generative and by the inference model.

        p(z) = p(z_1) product of p(z_l | z_1..z_{l-1}),     q(z | x) = product of q(z_l | z_1..z_{l-1}, x)

    All are normal; p(z_1) is the standard normal. The means of q are corrections to those of p, so that a layer that x
    does not inform has the prior's mean (Sonderby and others 2016, arXiv 1602.02282; Vahdat and Kautz 2020, arXiv
    2007.03898).

    Args:
        latent_dims: sizes of the layers' codes from the top down; z is all of them in one vector.
        hidden: width of the hidden layer of each conditional.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.
    """

    def __init__(self, latent_dims=(16, 32), hidden=256, activation="swish", seed=None, **kwargs):
        super().__init__(latent_dims, hidden, activation, seed, **kwargs)
        self.term_names = tuple(f"kl_{layer}" for layer in range(1, len(self.latent_dims) + 1))
        self.inference = self.conditionals(self.latent_dims)
        self.generation = self.conditionals(self.latent_dims[1:])

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


@register
class DeepGaussian(Layers):
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
        super().__init__(latent_dims, hidden, activation, seed, **kwargs)
        self.statistics = keras.layers.Dense(2 * self.latent_dims[0], dtype=self.dtype_policy, name="statistics")
        self.inference = self.conditionals(self.latent_dims[1:])
        self.generation = self.conditionals(self.latent_dims[:-1])

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

        first = normal(*mean_and_scale(self.statistics(features)))
        return Chain(first, *_steps(self.inference, self.latent_dims))

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


def _steps(conditionals, sizes):
    """The conditionals of a chain in which every part depends on the one before it alone, and the parts' sizes."""

    def given(conditional, size):
        return lambda before: normal(*conditional.statistics(before[..., -size:]))

    return [given(*each) for each in zip(conditionals, sizes)], sizes
