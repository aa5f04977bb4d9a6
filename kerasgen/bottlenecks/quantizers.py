"""Bottlenecks that round features to the nearest code: vector and finite scalar quantization."""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.bottlenecks.base import Code
from kerasgen.bottlenecks.discrete import DiscreteBottleneck
from kerasgen.checks.arguments import Seed, Share, Weight, Width, all_of, one_of, whole
from kerasgen.registration import register


class Quantizer(DiscreteBottleneck):
    """Base of bottlenecks that round features to the nearest code, in training too.

    The gradient of z passes to the features as if nothing had been rounded ("straight through").

    >>> quantizer = FiniteScalar((3, 3))
    >>> code = quantizer(np.zeros((5, 4, 4, 8), "float32"))
    >>> isinstance(quantizer, Quantizer), tuple(code.z.shape)
    (True, (1, 5, 4, 4, 2))
    """

    def posterior(self, features: Any):
        """All mass on the nearest tokens."""
        return backend.tfd.Independent(backend.tfd.Deterministic(self.nearest(features)[1]), 2)

    def call(
        self, features: Any, num_samples: int = 1, condition: Any = None, training: bool = False
    ) -> Code:
        """The same z `num_samples` times."""
        h, tokens = self.nearest(features)
        z = self.embed(tokens)
        terms = self.terms(h, z)
        if training:
            self.update(h, tokens)
        z = h + ops.stop_gradient(z - h)
        return Code(ops.repeat(z[None], num_samples, axis=0), terms, self.term_weights)


@register
class VectorQuantizer(Quantizer):
    """A vector quantizer: the nearest vector e of a codebook, z = e[argmin |h - e|^2].

    The commitment term |h - sg(e)|^2 keeps features h near their vectors. The vectors follow the
    features: as moving averages of those that chose them (van den Oord and others 2017, arXiv
    1711.00937, appendix A.1), which is a step of k-means, or by the gradient of |sg(h) - e|^2. A
    vector that hardly any feature chooses is replaced by a random feature of the batch (Dhariwal
    and others 2020, arXiv 2005.00341, section 3); so all are set by the first batch.

    Args:
        vocab_size: size V of the codebook.
        latent_dim: size D of a vector.
        codebook: "ema" for moving averages, "gradient" for gradients.
        decay: of the moving averages; under "gradient" only of how often each vector is chosen.
        commitment: weight of the commitment term.
        revive_below: a vector is replaced where it is chosen less often than this share of an even
            use.
        seed: of the choice of features.

    Raises:
        ValueError: an unknown kind of codebook.

    >>> quantizer = VectorQuantizer(vocab_size=16, latent_dim=2)
    >>> code = quantizer(np.zeros((5, 4, 4, 8), "float32"))
    >>> tuple(code.z.shape), tuple(quantizer.codebook().shape), sorted(code.terms)
    ((1, 5, 4, 4, 2), (16, 2), ['commitment'])
    """

    def __init__(
        self,
        vocab_size: Width,
        latent_dim: Width,
        codebook: Annotated[str, one_of("ema", "gradient")] = "ema",
        decay: Share = 0.99,
        commitment: Weight = 0.25,
        revive_below: Weight = 0.03,
        seed: Seed = None,
        **kwargs: Any,
    ):
        super().__init__(vocab_size, latent_dim, channels=latent_dim, seed=seed, **kwargs)
        self.decay = decay
        self.term_weights = {"commitment": commitment}
        self.term_units = dict.fromkeys(("commitment", "codebook"), "squared distance")
        self.revive_below = revive_below
        self.averages_codebook = codebook == "ema"
        self.term_names = ("commitment", "codebook")[: 1 if self.averages_codebook else 2]

    def build(self, input_shape):
        # All replicas compute the same update from sums over all of them.
        state = {"trainable": False, "aggregation": "only_first_replica"}
        shape = (self.vocab_size, self.latent_dim)
        self.vectors = self.add_float32(
            "vectors",
            shape,
            initializer="random_normal",
            **(state if self.averages_codebook else {}),
        )
        self.uses = self.add_float32("uses", (self.vocab_size,), initializer="zeros", **state)
        if self.averages_codebook:
            self.sums = self.add_float32("sums", shape, initializer="zeros", **state)
        else:
            # A training step of JAX forgets what is assigned to a trained weight: revivals are kept
            # beside it.
            self.offsets = self.add_float32("offsets", shape, initializer="zeros", **state)
        super().build(input_shape)

    def codebook(self):
        """The vectors, `[V, D]` float32."""
        vectors = ops.convert_to_tensor(self.vectors)
        return vectors if self.averages_codebook else vectors + self.offsets

    def nearest(self, features: Any) -> tuple[Any, Any]:
        """Projected features `[B, h, w, D]`, float32, and their tokens, int32."""
        h = self.project(features)
        vectors = ops.stop_gradient(self.codebook())
        # |h|^2 - |h - e|^2: |h|^2 is the same for all e. TFLite lacks a part of Keras' argmax.
        squares = ops.sum(ops.square(vectors), axis=-1)
        nearness = 2 * ops.matmul(h, ops.transpose(vectors)) - squares
        return h, ops.cast(ops.top_k(nearness, 1)[1][..., 0], "int32")

    def embed(self, tokens: Any):
        """Code vectors `[..., h, w, D]` of tokens `[..., h, w]`."""
        return ops.take(self.codebook(), tokens, axis=0)

    def terms(self, h: Any, z: Any) -> dict[str, Any]:
        """Squared distances of features and vectors, summed over the grid, `[B]`."""

        def distance(one, other):
            return ops.sum(ops.square(one - other), axis=(1, 2, 3))

        terms = {"commitment": distance(h, ops.stop_gradient(z))}
        return (
            terms
            if self.averages_codebook
            else {**terms, "codebook": distance(ops.stop_gradient(h), z)}
        )

    def update(self, h: Any, tokens: Any) -> None:
        """Moves the vectors' averages by one batch of features, and replaces vectors out of use."""
        decay, vocab_size = self.decay, self.vocab_size
        rows = ops.reshape(ops.stop_gradient(h), (-1, self.latent_dim))
        tokens = ops.reshape(tokens, (-1,))
        chosen = ops.segment_sum(ops.ones_like(rows[:, 0]), tokens, vocab_size)
        counts = backend.sum_over_replicas(chosen)
        even = ops.sum(counts) / vocab_size
        uses = decay * self.uses + (1 - decay) * counts
        dead = uses <= self.revive_below * even
        self.uses.assign(ops.where(dead, even, uses))
        dead = dead[:, None]
        candidates = self._candidates(rows)
        if not self.averages_codebook:
            vectors, offsets = map(ops.convert_to_tensor, (self.vectors, self.offsets))
            self.offsets.assign(ops.where(dead, candidates - vectors, offsets))
            return
        sums = backend.sum_over_replicas(ops.segment_sum(rows, tokens, vocab_size))
        sums = decay * self.sums + (1 - decay) * sums
        self.sums.assign(ops.where(dead, candidates * even, sums))
        means = sums / ops.maximum(uses, 1e-30)[:, None]
        self.vectors.assign(ops.where(dead, candidates, means))

    def _candidates(self, rows):
        """A random feature for each vector, `[V, D]`, the same on all replicas.

        The replicas take turns to give one.
        """
        seed, count = backend.next_seed(self.noise), ops.shape(rows)[0]
        uniform = backend.tfd.Uniform().sample((self.vocab_size,), seed=seed)
        chosen = ops.minimum(ops.cast(uniform * ops.cast(count, "float32"), "int32"), count - 1)
        mine = ops.arange(self.vocab_size) % backend.num_replicas() == backend.replica_id()
        drawn = ops.take(rows, chosen, axis=0)
        return backend.sum_over_replicas(ops.where(mine[:, None], drawn, 0.0))


@register
class FiniteScalar(Quantizer):
    """A finite scalar quantizer: channels bounded by a tanh, rounded to L values in [-1, 1].

    Tokens are the combinations of values. There is no codebook that could collapse, no extra term
    and no state (Mentzer and others 2023, arXiv 2309.15505).

    Args:
        levels: values of each channel, L_1..L_D, at least 3 each; V is their product.

    Raises:
        ValueError: fewer than 3 levels, of which none has a slope.

    >>> FiniteScalar((3, 3)).embed(ops.array([0, 4, 8])).numpy()
    array([[-1., -1.],
           [ 0.,  0.],
           [ 1.,  1.]], dtype=float32)
    """

    def __init__(
        self, levels: Annotated[Sequence[int], all_of(whole(3, 2**16))] = (8, 8, 8), **kwargs: Any
    ):
        super().__init__(math.prod(levels), len(levels), channels=len(levels), **kwargs)
        self.levels = tuple(levels)
        self._levels = np.array(levels, "int32")
        self._half = self._levels // 2  # the number of levels below zero
        # Of each channel's digit in a token.
        self._place = np.cumprod([1, *levels[:-1]]).astype("int32")

    def nearest(self, features: Any) -> tuple[Any, Any]:
        """Bounded features `[B, h, w, D]`, float32 in about [-1, 1], and their tokens, int32."""
        # The bound reaches a little beyond the last levels, which would otherwise be rounded to
        # from
        # one point only. An even number of levels is not symmetric around zero.
        reach = (self._levels - 1) * (1 + 1e-3) / 2
        offset = np.where(self._levels % 2 == 0, 0.5, 0.0)
        bounded = reach * ops.tanh(self.project(features) + np.arctanh(offset / reach)) - offset
        bounded = ops.cast(bounded, "float32")
        digits = ops.cast(ops.round(bounded), "int32") + self._half
        return bounded / self._half, ops.sum(digits * self._place, axis=-1)

    def embed(self, tokens: Any):
        """Codes `[..., h, w, D]` of tokens `[..., h, w]`."""
        digits = ops.mod(ops.floor_divide(tokens[..., None], self._place), self._levels)
        return ops.cast(digits - self._half, "float32") / self._half

    def terms(self, h: Any, z: Any) -> dict[str, Any]:
        """None."""
        return {}

    def update(self, h: Any, tokens: Any) -> None:
        """Nothing: there is no codebook."""
