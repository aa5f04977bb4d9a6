"""What codes of several stochastic layers share."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasgen.batches import parted
from kerasgen.bottlenecks.continuous import Stochastic, mean_and_scale, normal
from kerasgen.checks.arguments import Activation
from kerasgen.networks.layers import activation as named
from kerasgen.networks.stack import Stack


class Conditional(Stack):
    """What one layer's code is made of, from what is known: a perceptron to means and scales.

    Args:
        size: units of the code.
        hidden: width of the hidden layer.
        activation: name of a Keras activation.

    >>> mean, scale = Conditional(2, 8, "relu").statistics(np.zeros((5, 3), "float32"))
    >>> tuple(scale.shape)
    (5, 2)
    """

    def __init__(self, size: int, hidden: int, activation: Activation, **kwargs: Any):
        super().__init__(**kwargs)
        self.stack = [
            keras.layers.Dense(hidden, named(activation), dtype=self.dtype_policy),
            keras.layers.Dense(2 * size, dtype=self.dtype_policy),
        ]

    def statistics(self, known: Any) -> tuple[Any, Any]:
        """Means and scales, each `[..., size]` float32."""
        return mean_and_scale(self(known))


class Layers(Stochastic):
    """Base of the codes of several layers.

    Posterior and prior are a `kerasgen.distributions.Chain` each.

    Args:
        latent_dims: sizes of the layers' codes; z is all of them in one vector.
        hidden: width of the hidden layer of each conditional.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.

    >>> bottleneck = kerasgen.bottlenecks.Hierarchical(latent_dims=(2, 3))
    >>> isinstance(bottleneck, Layers), bottleneck.latent_shape
    (True, (5,))
    """

    normal_in_turn = True

    def __init__(
        self,
        latent_dims: Sequence[int],
        hidden: int,
        activation: Activation,
        seed: int | None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.latent_dims = tuple(latent_dims)
        self.hidden = hidden
        self.activation = activation
        self.latent_shape = (sum(self.latent_dims),)
        self.noise = keras.random.SeedGenerator(seed)

    def conditionals(self, sizes: Sequence[int]) -> list[Conditional]:
        """A `Conditional` of each size."""
        given = self.hidden, self.activation
        return [Conditional(size, *given, dtype=self.dtype_policy) for size in sizes]

    def chain(self, distribution: Any):
        """A posterior or the prior as the chain that it is."""
        return distribution

    def from_noise(self, distribution: Any, noise: Any):
        """The z that standard normal noise leads to under a posterior or the prior."""
        return distribution.from_noise(noise)


class TopDown(Layers):
    """Several stochastic layers, drawn from the top down, in generation and in inference.

        p(z) = p(z_1) product of p(z_l | z_1..z_{l-1}),     q(z | x) = product of q(z_l |
        z_1..z_{l-1}, x)

    All are normal; p(z_1) is the standard normal. The means of q are corrections to those of p, so
    that a layer that x does not inform has the prior's mean (Sonderby and others 2016, arXiv
    1602.02282; Vahdat and Kautz 2020, arXiv 2007.03898).

    A subclass says how: `evidence(features)`, what all layers know of x; `state(layer, above)`,
    what layer l knows of z_1..z_{l-1} `[..., D]`; and means and scales `[..., D_l]`,
    `generated(layer, state)` for l > 0 and `inferred(layer, evidence, state)`, where the state of
    layer 0 is None.

    >>> issubclass(kerasgen.bottlenecks.Hierarchical, TopDown)
    True
    """

    def prior(self, condition: Any = None):
        """p(z): event shape `[sum(latent_dims)]`, float32."""
        first = normal(ops.zeros(self.latent_dims[0]), ops.ones(self.latent_dims[0]))
        return self._chain(first, [self._prior(layer) for layer in range(1, len(self.latent_dims))])

    def posterior(self, features: Any):
        """q(z | x) of features: batch shape `[B]`, event shape `[sum(latent_dims)]`."""
        evidence = self.evidence(features)

        def conditional(layer):
            def given(above):
                state = self.state(layer, above)
                correction, scale = self.inferred(layer, evidence, state)
                return normal(self.generated(layer, state)[0] + correction, scale)

            return given

        first = normal(*self.inferred(0, evidence, None))
        return self._chain(first, [conditional(layer) for layer in range(1, len(self.latent_dims))])

    def _prior(self, layer):
        """p(z_l | z_1..z_{l-1}) as a function of what is above, for any layer but the first."""
        return lambda above: normal(*self.generated(layer, self.state(layer, above)))

    def _chain(self, first, conditionals):
        from kerasgen.distributions import Chain  # imports TFP

        return Chain(first, conditionals, self.latent_dims)

    def kl_by_unit(self, posterior: Any, z: Any, condition: Any = None):
        """The expected KL of every unit, given the layers above it, `[B, D]`.

        E[KL(q(z_d | z_1..z_{l-1}, x) || p(z_d | z_1..z_{l-1}))] of unit d of layer l.

        Args:
            z: codes `[n, B, D]` of the posterior, over which the mean is taken.
        """
        layers = zip(posterior.parts(z), self.prior().parts(z), strict=True)
        kl = [q.distribution.kl_divergence(p.distribution) for (_, q), (_, p) in layers]
        # The first is without the axis n.
        means = [each if len(each.shape) == 2 else ops.mean(each, axis=0) for each in kl]
        return ops.concatenate(means, axis=-1)

    def terms(self, posterior: Any, z: Any, condition: Any = None) -> dict[str, Any]:
        """The sum of `kl_by_unit` over each layer."""
        layers = parted(self.kl_by_unit(posterior, z), self.latent_dims)
        named = zip(self.term_names, layers, strict=True)
        return {name: ops.sum(layer, axis=-1) for name, layer in named}
