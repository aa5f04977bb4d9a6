"""Any causal network of images over a grid of ids: the prior of the VQ-VAE paper (arXiv 1711.00937)
is a PixelCNN.
"""

import math
from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Part, Width
from kerasgen.networks.autoregressive.causal import CausalNetwork
from kerasgen.registration import register


@register
class TokenGrid(layers.Layer):
    """Ids `[B, h, w]` embedded, then a causal network: logits of each id `[B, h * w, vocab_size]`.

    It is called and steps as `TokenTransformer`, with a prefix of one token, a class or nothing; it
    reads no text.

    Args:
        vocab_size: number of ids.
        network: from `kerasgen.networks.autoregressive`, whose output channels it sets.
        prefix_size: number of classes, or 1 for an unconditional model.
        size: of an id's embedding.

    Raises:
        ValueError: a network of other outputs, or a prefix of several tokens.

    >>> network = kerasgen.networks.PixelCNN(9, channels=4, num_blocks=1, head_channels=4)
    >>> prior = TokenGrid(9, network, size=2)
    >>> prior.build((None, 1), (None, 2, 2))
    >>> _, logits = prior(np.zeros((3, 1), "int32"), np.zeros((3, 2, 2), "int32"))
    >>> tuple(logits.shape)
    (3, 4, 9)
    """

    def __init__(
        self,
        vocab_size: Width,
        network: Part[CausalNetwork],
        prefix_size: Width = 1,
        size: Width = 32,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.prefix_size = prefix_size
        network.set_output(vocab_size)
        self.network = network
        self.embedding = layers.Embedding(vocab_size, size, dtype=self.dtype_policy)

    def build(self, prefix_shape, ids_shape):
        if prefix_shape[1] != 1:
            raise ValueError(
                "Expected a prefix of one token, all that these networks read. Received: "
                f"{prefix_shape[1]} tokens. Use TokenTransformer."
            )
        self.embedding.build()
        condition = () if self.prefix_size == 1 else ((None, self.prefix_size),)
        self.network.build((*ids_shape, self.embedding.output_dim), *condition)
        self.built = True

    def call(self, prefix, ids):
        logits = self.network(self.embedding(ids), self._condition(prefix))
        return None, ops.reshape(logits, (-1, math.prod(ids.shape[1:]), self.vocab_size))

    def _condition(self, prefix):
        return (
            None
            if self.prefix_size == 1
            else ops.one_hot(prefix[:, 0], self.prefix_size, dtype=self.compute_dtype)
        )

    @property
    def grid_shape(self):
        return self.network.event_shape[:2]

    def init_cache(self, prefix):
        """The first of the three methods of a `CausalNetwork`, which reads embedded ids."""
        return self.network.init_cache(ops.shape(prefix)[0], self._condition(prefix))

    def start_row(self, cache, row):
        return self.network.start_row(cache, row)

    def step(self, cache, column, left):
        return self.network.step(cache, column, left)

    def multiply_adds(self):
        """Of all products in one pass over a grid; to draw it takes no more."""
        return self.network.multiply_adds()
