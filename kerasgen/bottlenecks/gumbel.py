"""The bottleneck of the discrete VAE: categorical tokens, relaxed in training.

Jang and others 2017 (arXiv 1611.01144); Ramesh and others 2021 (arXiv 2102.12092).
"""

from collections.abc import Sequence
from typing import Annotated, Any

import keras
from keras import ops

from kerasgen import backend, checks
from kerasgen.annealing import cosine
from kerasgen.bottlenecks.base import Code
from kerasgen.bottlenecks.discrete import DiscreteBottleneck
from kerasgen.checks.arguments import Seed, Steps, Switch, Width, all_of
from kerasgen.registration import register


@register
class GumbelSoftmax(DiscreteBottleneck):
    """A relaxed discrete bottleneck: q(tokens | x) independent categorical variables, p uniform.

    In training a one-hot token is relaxed to softmax((logits + Gumbel noise) / temperature), and z
    is the mean of the code vectors under it, so that the gradient passes. The temperature falls
    along a cosine to near 0, where the relaxed tokens are one-hot. Outside of training tokens are
    drawn exactly, so that the loss is the bound on log p(x).

    Args:
        vocab_size: size V of the codebook.
        latent_dim: size D of a code vector.
        temperature_steps: training steps in which the temperature falls. The steps taken are saved
            with the weights.
        temperatures: the first and the last; the last is published as 1/16.
        straight_through: decode the one-hot token in training too, with the gradient of the relaxed
            one.
        seed: of the Gumbel noise.

    >>> code = GumbelSoftmax(vocab_size=16, latent_dim=3)(np.zeros((5, 4, 4, 8), "float32"))
    >>> tuple(code.z.shape), abs(round(float(code.terms["kl"][0]), 4))  # even logits cost nothing
    ((1, 5, 4, 4, 3), 0.0)
    """

    term_names = ("kl",)
    has_token_probabilities = True

    def __init__(
        self,
        vocab_size: Width,
        latent_dim: Width,
        temperature_steps: Steps = 0,
        temperatures: Annotated[Sequence[float], all_of(checks.above_zero, 2, 2)] = (1.0, 1 / 16),
        straight_through: Switch = False,
        seed: Seed = None,
        **kwargs: Any,
    ):
        super().__init__(vocab_size, latent_dim, channels=vocab_size, seed=seed, **kwargs)
        self.straight_through = straight_through
        self.temperature_steps = temperature_steps
        self.temperatures = tuple(temperatures)

    def build(self, input_shape):
        # Small vectors would all look the same to the decoder.
        unit = keras.initializers.RandomNormal(stddev=1.0)
        shape = self.vocab_size, self.latent_dim
        self.vectors = self.add_float32("vectors", shape, initializer=unit)
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        super().build(input_shape)

    @property
    def temperature(self):
        """At the present step."""
        return cosine(self.step, self.temperature_steps, *self.temperatures)

    def posterior(self, features: Any):
        """q(tokens | x): batch shape `[B]`, event shape `[h, w]`."""
        return _independent(self.project(features))

    def prior(self, condition: Any = None):
        """Equal probabilities for all tokens: event shape `[h, w]`."""
        return _independent(ops.zeros((*self.latent_shape[:-1], self.vocab_size)))

    def call(
        self, features: Any, num_samples: int = 1, condition: Any = None, training: bool = False
    ) -> Code:
        """Draws `num_samples` codes, relaxed ones in training.

        The term is KL(q(tokens | x) || uniform).
        """
        logits = self.project(features)
        shape, seed = (num_samples, *ops.shape(logits)), backend.next_seed(self.noise)
        noisy = logits + backend.tfd.Gumbel(0.0, 1.0).sample(shape, seed=seed)
        if training:
            one_hot = ops.softmax(noisy / self.temperature)
            if self.straight_through:
                hard = ops.one_hot(ops.argmax(noisy, axis=-1), self.vocab_size)
                one_hot = one_hot + ops.stop_gradient(hard - one_hot)
            z = ops.matmul(one_hot, self.vectors)
            self.step.assign_add(1)
        else:
            z = self.embed(ops.argmax(noisy, axis=-1))
        return Code(z, {"kl": _independent(logits).kl_divergence(self.prior())})

    def embed(self, tokens: Any):
        """Code vectors `[..., h, w, D]` of tokens `[..., h, w]`."""
        return ops.take(self.vectors, tokens, axis=0)


def _independent(logits):
    """Independent tokens on a grid from logits `[..., h, w, V]`."""
    from kerasgen.distributions import Categorical  # imports TFP

    return backend.tfd.Independent(Categorical(logits=logits), 2)
