"""Codes of several stochastic layers."""

from typing import Any

import keras
from keras import ops

from kerasgen.bottlenecks.continuous import mean_and_scale, normal
from kerasgen.bottlenecks.layered import Layers, TopDown
from kerasgen.checks.arguments import Activation, Seed, Width, Widths
from kerasgen.registration import register


@register
class Hierarchical(TopDown):
    """Several layers of vectors, each made of all above it by a perceptron.

    Args:
        latent_dims: sizes of the layers' codes from the top down; z is all of them in one vector.
        hidden: width of the hidden layer of each conditional.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.

    >>> code = Hierarchical(latent_dims=(2, 3))(np.zeros((5, 4), "float32"))
    >>> tuple(code.z.shape), sorted(code.terms)
    ((1, 5, 5), ['kl_1', 'kl_2'])
    """

    def __init__(
        self,
        latent_dims: Widths = (16, 32),
        hidden: Width = 256,
        activation: Activation = "swish",
        seed: Seed = None,
        **kwargs: Any,
    ):
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

    def evidence(self, features: Any):
        """The features `[B, F]`."""
        return features

    def state(self, layer: int, above: Any):
        """What is above."""
        return above

    def generated(self, layer: int, state: Any) -> tuple[Any, Any]:
        """Means and scales of p(z_l | z_1..z_{l-1})."""
        return self.generation[layer - 1].statistics(state)

    def inferred(self, layer: int, evidence: Any, state: Any) -> tuple[Any, Any]:
        """Corrections to the prior's means, and scales, of q(z_l | z_1..z_{l-1}, x)."""
        known = evidence
        if state is not None:
            shape = (*ops.shape(state)[:-1], evidence.shape[-1])
            both = ops.broadcast_to(evidence, shape), ops.cast(state, evidence.dtype)
            known = ops.concatenate(both, axis=-1)
        return self.inference[layer].statistics(known)


@register
class DeepGaussian(Layers):
    """A Markov chain of normals.

        p(x, z) = p(z_L) p(z_{L-1} | z_L) ... p(z_1 | z_2) p(x | z_1)
        q(z | x) = q(z_1 | x) q(z_2 | z_1) ...

    The generative model draws it from the top down, inference from the bottom up. p(z_L) is the
    standard normal (Rezende and others 2014, arXiv 1401.4082; Burda and others 2016, arXiv
    1509.00519, section 2). Seen from x, the layers above z_1 are a learned prior, so that training
    can start from a model of one layer: q(z_1 | x) is named as that of `Gaussian`.

    Args:
        latent_dims: sizes of z_1, the layer that the decoder reads, up to z_L; z is all of them in
            one vector.
        hidden: width of the hidden layer of each conditional.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.

    >>> bottleneck = DeepGaussian(latent_dims=(3, 2))
    >>> code = bottleneck(np.zeros((5, 4), "float32"))
    >>> tuple(code.z.shape), tuple(bottleneck.decoded(code.z).shape)
    ((1, 5, 5), (1, 5, 3))
    """

    term_names = ("kl",)

    def __init__(
        self,
        latent_dims: Widths = (32, 16),
        hidden: Width = 256,
        activation: Activation = "swish",
        seed: Seed = None,
        **kwargs: Any,
    ):
        super().__init__(latent_dims, hidden, activation, seed, **kwargs)
        self.statistics = keras.layers.Dense(
            2 * self.latent_dims[0], dtype=self.dtype_policy, name="statistics"
        )
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
    def decoded_shape(self) -> tuple[int, ...]:
        return self.latent_dims[:1]

    def decoded(self, z: Any):
        return z[..., : self.latent_dims[0]]

    def posterior(self, features: Any):
        """q(z | x) from features `[B, F]`: batch shape `[B]`, event shape `[sum(latent_dims)]`."""
        from kerasgen.distributions import Chain  # imports TFP

        first = normal(*mean_and_scale(self.statistics(features)))
        return Chain(first, *_steps(self.inference, self.latent_dims))

    def prior(self, condition: Any = None):
        """p(z): event shape `[sum(latent_dims)]`, float32."""
        from kerasgen.distributions import Flipped  # imports TFP

        *_, top = self.latent_dims
        first = normal(ops.zeros(top), ops.ones(top))
        return Flipped(first, *_steps(self.generation[::-1], self.latent_dims[::-1]))

    def kl_by_unit(self, posterior: Any, z: Any, condition: Any = None):
        """The part of every unit in E[log q(z | x) - log p(z)], `[B, D]`.

        An estimate over the codes z `[n, B, D]`: no part has a closed form. That of a unit says
        what its layer's neighbours leave it to tell.
        """
        layers = zip(posterior.parts(z), self.prior().parts(z), strict=True)
        ratios = [
            q.distribution.log_prob(part) - p.distribution.log_prob(part)
            for (part, q), (_, p) in layers
        ]
        return ops.mean(ops.concatenate(ratios, axis=-1), axis=0)

    def terms(self, posterior: Any, z: Any, condition: Any = None) -> dict[str, Any]:
        """The sum of `kl_by_unit`."""
        return {"kl": ops.sum(self.kl_by_unit(posterior, z), axis=-1)}


def _steps(conditionals, sizes):
    """The conditionals of a chain whose parts depend on the one before alone, and their sizes."""

    def given(conditional, size):
        return lambda before: normal(*conditional.statistics(before[..., -size:]))

    return [given(*each) for each in zip(conditionals, sizes)], sizes
