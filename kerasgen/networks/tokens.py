"""A causal transformer over two kinds of tokens, a prefix and then a grid of ids.

    [p_1 ... p_P][i_1 ... i_N]

The prefix is what the ids are conditional on: a class, the words of a text (Ramesh and others,
Zero-Shot Text-to-Image Generation, 2021, arXiv 2102.12092), or one token that says nothing. Layer
normalisation before each part, learned positions, those of the grid the sum of a row's and a
column's.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from kerasgen.checks.arguments import Depth, Switch, Width
from kerasgen.networks.attention import CausalBlock, next_token
from kerasgen.registration import register


@register
class TokenTransformer(layers.Layer):
    """Prefix `[B, P]` and ids `[B, h, w]` to logits: of p_2 ... p_P `[B, P - 1, prefix_size]`, None
    for P = 1, and of the ids `[B, N, vocab_size]`, each given all tokens before it.

    Args:
        vocab_size: number of ids.
        prefix_size: number of values of a prefix token: 1 where it says nothing, the number of
            classes, or of words.
        size: D, of a token.
        num_blocks: attention blocks.
        num_heads: attention heads, a divisor of `size`.
        tied: whether an id's row of the embedding also says how likely the id is, which takes
            `vocab_size * size` fewer weights (Press and Wolf 2017, arXiv 1608.05859).

    >>> prior = TokenTransformer(9, size=8, num_blocks=1, num_heads=2)
    >>> prior.build((None, 1), (None, 2, 2))
    >>> _, logits = prior(np.zeros((3, 1), "int32"), np.zeros((3, 2, 2), "int32"))
    >>> tuple(logits.shape)
    (3, 4, 9)
    """

    def __init__(
        self,
        vocab_size: Width,
        prefix_size: Width = 1,
        size: Width = 128,
        num_blocks: Depth = 4,
        num_heads: Width = 4,
        tied: Switch = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.prefix_size = prefix_size
        self.size = size
        dtype = {"dtype": self.dtype_policy}
        self.embedding = layers.Embedding(vocab_size, size, **dtype)
        self.prefix_embedding = layers.Embedding(prefix_size, size, **dtype)
        self.blocks = [CausalBlock(size, num_heads, **dtype) for _ in range(num_blocks)]
        self.norm = layers.LayerNormalization(epsilon=1e-5, **dtype)
        self.head = None if tied else layers.Dense(vocab_size, **dtype)
        self.prefix_head = layers.Dense(prefix_size, **dtype)

    def build(self, prefix_shape, ids_shape):
        size = self.size
        self.prefix_length, self.grid_shape = prefix_shape[1], tuple(ids_shape[1:])
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
        if self.head is None:
            self.bias = self.add_weight(name="bias", shape=(self.vocab_size,), initializer="zeros")
        # Builds the layers.
        self.call(*(keras.KerasTensor(shape, "int32") for shape in (prefix_shape, ids_shape)))
        self.built = True

    def call(self, prefix, ids):
        ids = ops.reshape(ids, (-1, math.prod(self.grid_shape)))[:, :-1]
        h = ops.concatenate(
            [self._prefix_tokens(prefix), self.embedding(ids) + self._positions()[:-1]], axis=1
        )
        for block in self.blocks:
            h = block(h)
        h, last = self.norm(h), prefix.shape[1] - 1
        return self.prefix_head(h[:, :last]) if last else None, self._logits(h[:, last:])

    def _logits(self, h):
        if self.head is not None:
            return self.head(h)
        table = ops.cast(self.embedding.embeddings, h.dtype)
        return ops.matmul(h, ops.transpose(table)) + ops.cast(self.bias, h.dtype)

    def _prefix_tokens(self, prefix):
        return self.prefix_embedding(prefix) + ops.cast(self.prefix_positions, self.compute_dtype)

    def _positions(self):
        """Of the grid, in raster order, `[N, D]`."""
        positions = ops.cast(self.rows[:, None] + self.columns, self.compute_dtype)
        return ops.reshape(positions, (-1, self.size))

    def multiply_adds(self):
        """Of all products in one pass over a prefix and a grid; to draw the grid takes no more."""
        tokens, size = self.prefix_length + math.prod(self.grid_shape), self.size
        block = 12 * tokens * size**2 + 2 * size * tokens**2
        return len(self.blocks) * block + tokens * size * self.vocab_size

    def init_cache(self, prefix):
        """The first of the three methods of a `CausalNetwork`, which reads embedded ids."""
        tokens = self._prefix_tokens(prefix)
        h, kept, count = tokens[:, :-1], [], math.prod(self.grid_shape)
        for block in self.blocks:
            if self.prefix_length == 1:  # LiteRT takes no sequence of nothing
                kept.append(block.nothing_kept(ops.shape(prefix)[0], count))
                continue
            h, pair = block.whole(h)
            room = ((0, 0), (0, 0), (0, count), (0, 0))
            kept.append(tuple(ops.pad(ops.swapaxes(each, 1, 2), room) for each in pair))
        nothing = ops.zeros_like(tokens[:, -1])
        cache = {"row": ops.convert_to_tensor(0), "last": tokens[:, -1], "kept": kept}
        return cache, (ops.stack([nothing] * self.grid_shape[1]), ())

    def start_row(self, cache, row):
        width, before = self.grid_shape[1], self.prefix_length - 1
        index = cache["row"] * width + ops.arange(width)
        # A token and its position lead to the id after it; the last of the prefix leads to the
        # first.
        positions = ops.pad(self._positions()[:-1], ((1, 0), (0, 0)))
        offset = ops.reshape(positions, (-1, width, 1, positions.shape[-1]))[cache["row"]]
        first = ops.where(ops.equal(cache["row"], 0), cache["last"], row[0][-1])
        is_first = ops.reshape(ops.equal(ops.arange(width), 0), (-1, 1, 1))
        offset = offset + ops.where(is_first, first, 0)
        return {**cache, "row": cache["row"] + 1}, (index + before, offset)

    def step(self, cache, column, left):
        index, offset = column
        h, kept = next_token(self.blocks, left + offset, cache["kept"], index)
        return self._logits(self.norm(h)), {**cache, "kept": kept}, ()
