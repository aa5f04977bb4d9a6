"""Codes that are grids of words from a vocabulary: what a tokenizer is made of.

    features [B, h, w, F] -> ids [B, h, w] in 0..V-1 -> code vectors z [B, h, w, D]

GumbelSoftmax     a categorical posterior, relaxed in training            Jang and others 2017, arXiv 1611.01144;
                  (discrete VAE)                                          Ramesh and others 2021, arXiv 2102.12092
VectorQuantizer   the nearest vector of a codebook (VQ-VAE)               van den Oord and others 2017, arXiv 1711.00937
FiniteScalar      every channel rounded to levels (FSQ), no codebook      Mentzer and others 2023, arXiv 2309.15505

Probabilities, distances and codebooks are float32 whatever the networks compute in.
"""

import math

import keras
import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.annealing import cosine
from kerasgen.bottlenecks.base import Bottleneck, Code
from kerasgen.registration import register


class DiscreteBottleneck(Bottleneck):
    """Base of the discrete bottlenecks: features of a grid to ids of the same grid, and ids to code vectors.

    Their `posterior` is one over ids, batch shape `[B]` and event shape `[h, w]`; its mode are the ids.

    Args:
        vocab_size: number of words V.
        latent_dim: size D of a code vector.
        channels: what a position's features are projected to.
        seed: of the noise that calls draw; None follows the global seed.

    Raises:
        ValueError: features that are not those of a grid.
    """

    is_discrete = True

    def __init__(self, vocab_size, latent_dim, channels, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.latent_dim = latent_dim
        self.noise = keras.random.SeedGenerator(seed)
        self.projection = keras.layers.Dense(channels, dtype=self.dtype_policy, name="projection")

    def build(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(
                f"Expected features of a grid, [batch, height, width, channels], for {type(self).__name__}. "
                f"Received: shape {tuple(input_shape)}. Use an encoder that keeps the grid, such as GridEncoder."
            )
        self.latent_shape = (*input_shape[1:-1], self.latent_dim)
        self.projection.build(input_shape)
        self.built = True

    def add_float32(self, name, shape, **arguments):
        """A weight that mixed precision leaves as it is."""
        return self.add_weight(name=name, shape=shape, dtype="float32", autocast=False, **arguments)

    def project(self, features):
        return ops.cast(self.projection(features), "float32")


@register
class GumbelSoftmax(DiscreteBottleneck):
    """q(ids | x), independent categorical variables, against the uniform prior: the discrete VAE.

    In training a one-hot id is relaxed to softmax((logits + Gumbel noise) / temperature), and z is the mean of the code
    vectors under it, so that the gradient passes. The temperature falls along a cosine to near 0, where the relaxed ids
    are one-hot. Outside of training ids are drawn exactly, so that the loss is the bound on log p(x).

    Args:
        vocab_size: number of words V.
        latent_dim: size D of a code vector.
        temperature_steps: training steps in which the temperature falls. The steps taken are saved with the weights.
        temperatures: the first and the last; the last is published as 1/16.
        straight_through: decode the one-hot id in training too, with the gradient of the relaxed one.
        seed: of the Gumbel noise.
    """

    term_names = ("kl",)
    has_token_probabilities = True

    def __init__(
        self,
        vocab_size,
        latent_dim,
        temperature_steps=0,
        temperatures=(1.0, 1 / 16),
        straight_through=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(vocab_size, latent_dim, channels=vocab_size, seed=seed, **kwargs)
        self.straight_through = straight_through
        self.temperature_steps = temperature_steps
        self.temperatures = tuple(temperatures)

    def build(self, input_shape):
        unit = keras.initializers.RandomNormal(stddev=1.0)  # small vectors would all look the same to the decoder
        self.vectors = self.add_float32("vectors", (self.vocab_size, self.latent_dim), initializer=unit)
        self.step = self.add_weight(
            name="step", shape=(), dtype="int32", initializer="zeros", trainable=False, aggregation="only_first_replica"
        )
        super().build(input_shape)

    @property
    def temperature(self):
        """At the present step."""
        return cosine(self.step, self.temperature_steps, *self.temperatures)

    def posterior(self, features):
        return _independent(self.project(features))

    def prior(self, condition=None):
        """Equal probabilities for all ids: event shape `[h, w]`."""
        return _independent(ops.zeros((*self.latent_shape[:-1], self.vocab_size)))

    def call(self, features, num_samples=1, condition=None, training=False):
        """Draws `num_samples` codes, relaxed ones in training; the term is KL(q(ids | x) || uniform)."""
        logits = self.project(features)
        seed = backend.next_seed(self.noise)
        noisy = logits + backend.tfd.Gumbel(0.0, 1.0).sample((num_samples, *ops.shape(logits)), seed=seed)
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

    def embed(self, ids):
        """Code vectors `[..., h, w, D]` of ids `[..., h, w]`."""
        return ops.take(self.vectors, ids, axis=0)


def _independent(logits):
    """Independent ids on a grid from logits `[..., h, w, V]`."""
    from kerasgen.distributions import Categorical  # imports TFP

    return backend.tfd.Independent(Categorical(logits=logits), 2)


class _Quantizer(DiscreteBottleneck):
    """Base of bottlenecks that round features to the nearest code, in training too.

    The gradient of z passes to the features as if nothing had been rounded ("straight through").
    """

    def posterior(self, features):
        """All mass on the nearest ids."""
        return backend.tfd.Independent(backend.tfd.Deterministic(self.nearest(features)[1]), 2)

    def call(self, features, num_samples=1, condition=None, training=False):
        """The same z `num_samples` times."""
        h, ids = self.nearest(features)
        z = self.embed(ids)
        terms = self.terms(h, z)
        if training:
            self.update(h, ids)
        z = h + ops.stop_gradient(z - h)
        return Code(ops.repeat(z[None], num_samples, axis=0), terms, self.term_weights)


@register
class VectorQuantizer(_Quantizer):
    """The nearest vector e of a codebook, z = e[argmin |h - e|^2].

    The commitment term |h - sg(e)|^2 keeps features h near their vectors. The vectors follow the features: as moving
    averages of those that chose them (van den Oord and others 2017, appendix A.1), which is a step of k-means, or by
    the gradient of |sg(h) - e|^2. A vector that hardly any feature chooses is replaced by a random feature of the batch
    (Dhariwal and others 2020, arXiv 2005.00341, section 3); so all are set by the first batch.

    Args:
        vocab_size: number of vectors V.
        latent_dim: size D of a vector.
        codebook: "ema" for moving averages, "gradient" for gradients.
        decay: of the moving averages; under "gradient" only of how often each vector is chosen.
        commitment: weight of the commitment term.
        revive_below: a vector is replaced where it is chosen less often than this share of an even use.
        seed: of the choice of features.

    Raises:
        ValueError: an unknown kind of codebook.
    """

    def __init__(
        self,
        vocab_size,
        latent_dim,
        codebook="ema",
        decay=0.99,
        commitment=0.25,
        revive_below=0.03,
        seed=None,
        **kwargs,
    ):
        if codebook not in ("ema", "gradient"):
            raise ValueError(f"Expected codebook to be 'ema' or 'gradient'. Received: {codebook!r}")
        super().__init__(vocab_size, latent_dim, channels=latent_dim, seed=seed, **kwargs)
        self.decay = decay
        self.term_weights = {"commitment": commitment}
        self.revive_below = revive_below
        self.averages_codebook = codebook == "ema"
        self.term_names = ("commitment",) if self.averages_codebook else ("commitment", "codebook")

    def build(self, input_shape):
        # All replicas compute the same update from sums over all of them.
        state = {"trainable": False, "aggregation": "only_first_replica"}
        shape = (self.vocab_size, self.latent_dim)
        self.vectors = self.add_float32(
            "vectors", shape, initializer="random_normal", **(state if self.averages_codebook else {})
        )
        self.uses = self.add_float32("uses", (self.vocab_size,), initializer="zeros", **state)
        if self.averages_codebook:
            self.sums = self.add_float32("sums", shape, initializer="zeros", **state)
        else:  # a training step of JAX forgets what is assigned to a trained weight: revivals are kept beside it
            self.offsets = self.add_float32("offsets", shape, initializer="zeros", **state)
        super().build(input_shape)

    def codebook(self):
        """The vectors, `[V, D]` float32."""
        vectors = ops.convert_to_tensor(self.vectors)
        return vectors if self.averages_codebook else vectors + self.offsets

    def nearest(self, features):
        """Projected features `[B, h, w, D]`, float32, and the ids of their nearest vectors, int32."""
        h = self.project(features)
        vectors = ops.stop_gradient(self.codebook())
        # |h|^2 - |h - e|^2: |h|^2 is the same for all e. TFLite lacks a part of Keras' argmax.
        nearness = 2 * ops.matmul(h, ops.transpose(vectors)) - ops.sum(ops.square(vectors), axis=-1)
        return h, ops.cast(ops.top_k(nearness, 1)[1][..., 0], "int32")

    def embed(self, ids):
        """Code vectors `[..., h, w, D]` of ids `[..., h, w]`."""
        return ops.take(self.codebook(), ids, axis=0)

    def terms(self, h, z):
        """Squared distances of features and vectors, summed over the grid, `[B]`."""

        def distance(one, other):
            return ops.sum(ops.square(one - other), axis=(1, 2, 3))

        terms = {"commitment": distance(h, ops.stop_gradient(z))}
        return terms if self.averages_codebook else {**terms, "codebook": distance(ops.stop_gradient(h), z)}

    def update(self, h, ids):
        """Moves the vectors' averages by one batch of features, and replaces vectors out of use."""
        decay, vocab_size = self.decay, self.vocab_size
        rows = ops.reshape(ops.stop_gradient(h), (-1, self.latent_dim))
        ids = ops.reshape(ids, (-1,))
        counts = backend.sum_over_replicas(ops.segment_sum(ops.ones_like(rows[:, 0]), ids, vocab_size))
        even = ops.sum(counts) / vocab_size
        uses = decay * self.uses + (1 - decay) * counts
        dead = uses <= self.revive_below * even
        self.uses.assign(ops.where(dead, even, uses))
        dead = dead[:, None]
        candidates = self._candidates(rows)
        if not self.averages_codebook:
            vectors, offsets = ops.convert_to_tensor(self.vectors), ops.convert_to_tensor(self.offsets)
            self.offsets.assign(ops.where(dead, candidates - vectors, offsets))
            return
        sums = backend.sum_over_replicas(ops.segment_sum(rows, ids, vocab_size))
        sums = decay * self.sums + (1 - decay) * sums
        self.sums.assign(ops.where(dead, candidates * even, sums))
        self.vectors.assign(ops.where(dead, candidates, sums / ops.maximum(uses, 1e-30)[:, None]))

    def _candidates(self, rows):
        """A random feature for each vector, `[V, D]`, the same on all replicas, which take turns to give one."""
        uniform = backend.tfd.Uniform().sample((self.vocab_size,), seed=backend.next_seed(self.noise))
        count = ops.shape(rows)[0]
        chosen = ops.minimum(ops.cast(uniform * ops.cast(count, "float32"), "int32"), count - 1)
        mine = ops.arange(self.vocab_size) % backend.num_replicas() == backend.replica_id()
        return backend.sum_over_replicas(ops.where(mine[:, None], ops.take(rows, chosen, axis=0), 0.0))


@register
class FiniteScalar(_Quantizer):
    """Every channel bounded by a tanh and rounded to L values in [-1, 1]; the vocabulary are their combinations.

    There is no codebook that could collapse, no extra term and no state.

    Args:
        levels: values of each channel, L_1..L_D, at least 3 each; V is their product.

    Raises:
        ValueError: fewer than 3 levels, of which none has a slope.
    """

    def __init__(self, levels=(8, 8, 8), **kwargs):
        if not levels or min(levels) < 3:
            raise ValueError(f"Expected at least 3 levels in every channel. Received: levels={list(levels)}")
        super().__init__(math.prod(levels), len(levels), channels=len(levels), **kwargs)
        self.levels = tuple(levels)
        self._levels = np.array(levels, "int32")
        self._half = self._levels // 2  # the number of levels below zero
        self._place = np.cumprod([1, *levels[:-1]]).astype("int32")  # of each channel's digit in an id

    def nearest(self, features):
        """Bounded features `[B, h, w, D]` float32 in about [-1, 1], and the ids of their nearest codes, int32."""
        # The bound reaches a little beyond the last levels, which would otherwise be rounded to from one point only.
        reach = (self._levels - 1) * (1 + 1e-3) / 2
        offset = np.where(self._levels % 2 == 0, 0.5, 0.0)  # an even number of levels is not symmetric around zero
        bounded = reach * ops.tanh(self.project(features) + np.arctanh(offset / reach)) - offset
        bounded = ops.cast(bounded, "float32")
        digits = ops.cast(ops.round(bounded), "int32") + self._half
        return bounded / self._half, ops.sum(digits * self._place, axis=-1)

    def embed(self, ids):
        """Codes `[..., h, w, D]` of ids `[..., h, w]`."""
        digits = ops.mod(ops.floor_divide(ids[..., None], self._place), self._levels)
        return ops.cast(digits - self._half, "float32") / self._half

    def terms(self, h, z):
        return {}

    def update(self, h, ids):
        """Nothing: there is no codebook."""
