"""A causal transformer over two kinds of tokens, a prefix and then a grid of ids.

    [p_1 ... p_P][i_1 ... i_N]

The prefix is what the ids are conditional on: a class, the words of a text (Ramesh and others, Zero-Shot Text-to-Image
Generation, 2021, arXiv 2102.12092), or one token that says nothing. Layer normalisation before each part, learned
positions, those of the grid the sum of a row's and a column's.
"""

import math

import keras
from keras import layers, ops

from kerasgen import backend
from kerasgen.networks.autoregressive.transformer import CausalBlock
from kerasgen.registration import register


@register
class TokenTransformer(layers.Layer):
    """Prefix `[B, P]` and ids `[B, h, w]` to logits: of p_2 ... p_P `[B, P - 1, prefix_size]`, None for P = 1, and of
    the ids `[B, N, vocab_size]`, each given all tokens before it.

    Args:
        vocab_size: number of ids.
        prefix_size: number of values of a prefix token: 1 where it says nothing, the number of classes, or of words.
        size: D, of a token.
        num_blocks: attention blocks.
        num_heads: attention heads, a divisor of `size`.
    """

    def __init__(self, vocab_size, prefix_size=1, size=128, num_blocks=4, num_heads=4, **kwargs):
        super().__init__(**kwargs)
        if size % num_heads:
            raise ValueError(
                f"Expected num_heads to divide size. Received: num_heads={num_heads}, size={size}."
            )
        self.vocab_size = vocab_size
        self.prefix_size = prefix_size
        self.config = {"size": size, "num_blocks": num_blocks, "num_heads": num_heads}
        dtype = {"dtype": self.dtype_policy}
        self.embedding = layers.Embedding(vocab_size, size, **dtype)
        self.prefix_embedding = layers.Embedding(prefix_size, size, **dtype)
        self.blocks = [CausalBlock(size, num_heads, **dtype) for _ in range(num_blocks)]
        self.norm = layers.LayerNormalization(epsilon=1e-5, **dtype)
        self.head = layers.Dense(vocab_size, **dtype)
        self.prefix_head = layers.Dense(prefix_size, **dtype)

    def build(self, prefix_shape, ids_shape):
        size = self.config["size"]
        self.grid_shape = tuple(ids_shape[1:])
        lengths = {
            "prefix_positions": prefix_shape[1],
            "rows": self.grid_shape[0],
            "columns": self.grid_shape[1],
        }
        for name, length in lengths.items():
            setattr(
                self,
                name,
                self.add_weight(name=name, shape=(length, size), initializer="truncated_normal"),
            )
        self.call(
            *(keras.KerasTensor(shape, "int32") for shape in (prefix_shape, ids_shape))
        )  # builds the layers
        self.built = True

    def call(self, prefix, ids):
        ids = ops.reshape(ids, (-1, math.prod(self.grid_shape)))[:, :-1]
        h = ops.concatenate(
            [self._prefix_tokens(prefix), self.embedding(ids) + self._positions()[:-1]], axis=1
        )
        for block in self.blocks:
            h = block(h)
        h, last = self.norm(h), prefix.shape[1] - 1
        return self.prefix_head(h[:, :last]) if last else None, self.head(h[:, last:])

    def _prefix_tokens(self, prefix):
        return self.prefix_embedding(prefix) + ops.cast(self.prefix_positions, self.compute_dtype)

    def _positions(self):
        """Of the grid, in raster order, `[N, D]`."""
        positions = ops.cast(self.rows[:, None] + self.columns, self.compute_dtype)
        return ops.reshape(positions, (-1, self.config["size"]))

    def generate(self, prefix, draw, inputs):
        """Ids `[N, B]` int32, one after the other in one loop, at the cost of about one pass.

        Keys and values of all tokens so far are kept: those of the prefix apart, which no step copies.

        Args:
            prefix: `[B, P]`.
            draw: `draw(logits, inputs[k])` gives the k-th ids `[B]` from logits `[B, vocab_size]`.
            inputs: `[N, B]`, the noise.
        """
        h, before = self._prefix_tokens(prefix), []
        for block in self.blocks:
            before.append(
                [ops.swapaxes(x, 1, 2) for x in block.heads(h)[1:]]
            )  # [B, heads, P, D / heads]
            h = block(h)
        positions, batch = self._positions(), ops.shape(prefix)[0]
        count = positions.shape[0]
        heads, size = self.config["num_heads"], self.config["size"]
        nothing = ops.zeros((batch, heads, count, size // heads), self.compute_dtype)

        def step(carry, inputs):
            (h, kept), (index, position, for_draw) = carry, inputs
            ids = draw(self.head(self.norm(h)), for_draw)
            h, now = self.embedding(ids) + position, []
            for block, first, (keys, values) in zip(self.blocks, before, kept):
                h, pair = _attend(block, h, first, keys, values, index)
                now.append(pair)
            return (h, now), ids

        carry = h[:, -1], [(nothing, nothing) for _ in self.blocks]
        inputs = ops.arange(count), positions, inputs
        return backend.scan(step, carry, inputs, ops.zeros((count, batch), "int32"))[1]

    def get_config(self):
        sizes = {"vocab_size": self.vocab_size, "prefix_size": self.prefix_size}
        return {**super().get_config(), **sizes, **self.config}


def _attend(block, h, before, keys, values, index):
    """A block at the token `index` of the grid, h `[B, D]`, and the keys and values with those of the token."""
    query, key, value = block.heads(h)  # [B, heads, D / heads]
    places = ops.arange(keys.shape[2])
    here = ops.equal(places, index)[:, None]
    keys, values = (
        ops.where(here, key[:, :, None], keys),
        ops.where(here, value[:, :, None], values),
    )
    seen = ops.concatenate([ops.ones(before[0].shape[2], "bool"), places <= index])
    return block.attend(h, query, (before, (keys, values)), seen), (keys, values)
