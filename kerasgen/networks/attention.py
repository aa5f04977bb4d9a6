"""Causal attention: over a sequence in one pass, and token by token with the keys and
values kept.
"""

import math

from keras import layers, ops


class CausalBlock(layers.Layer):
    """x + attention(norm(x)), then x + mlp(norm(x)), over a sequence `[B, T, D]` of any tokens.

    Args:
        size: D.
        num_heads: attention heads, a divisor of D.
        dropout: share of the values that either part adds left out in training.

    >>> tuple(CausalBlock(size=8, num_heads=2)(np.zeros((1, 5, 8), "float32")).shape)
    (1, 5, 8)
    """

    def __init__(self, size, num_heads, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        if size % num_heads:
            raise ValueError(
                f"Expected num_heads to divide size. Received: num_heads={num_heads}, size={size}."
            )
        self.head_shape = (num_heads, size // num_heads)
        dtype = {"dtype": self.dtype_policy}
        self.norm1 = layers.LayerNormalization(epsilon=1e-5, **dtype)
        self.queries_keys_values = layers.Dense(3 * size, **dtype)
        self.attention_output = layers.Dense(size, **dtype)
        self.norm2 = layers.LayerNormalization(epsilon=1e-5, **dtype)
        self.hidden = layers.Dense(4 * size, **dtype)
        self.output_layer = layers.Dense(size, **dtype)
        self.dropout = layers.Dropout(dropout, **dtype)

    def build(self, input_shape):
        self.built = True  # the layers are built as they are called

    def call(self, x):
        return self.whole(x)[0]

    def whole(self, x):
        """The block's output for a sequence, and its keys and values `[B, T, heads, D / heads]`."""
        queries, keys, values = self._heads(x)
        attended = ops.dot_product_attention(queries, keys, values, is_causal=True)
        return self._after(x, ops.reshape(attended, ops.shape(x))), (keys, values)

    def at(self, x, kept, index):
        """The block at the token x `[B, D]` of the given index, and what is kept with it.

        Args:
            kept: keys and values of all tokens, a pair of `[B, heads, T, D / heads]`; those from
                the index on may be anything.
        """
        query, *new = self._heads(x)
        place = ops.stack([0, 0, index, 0])
        keys, values = (ops.slice_update(old, place, n[:, :, None]) for old, n in zip(kept, new))
        query = query[:, :, None] / math.sqrt(query.shape[-1])
        scores = ops.cast(ops.matmul(query, ops.swapaxes(keys, -1, -2)), "float32")
        seen = ops.arange(keys.shape[2]) <= index
        weights = ops.cast(ops.softmax(ops.where(seen, scores, -1e30)), x.dtype)
        attended = ops.reshape(ops.matmul(weights, values), ops.shape(x))
        return self._after(x, attended), (keys, values)

    def nothing_kept(self, batch_size, count):
        """What `at` takes before the first of `count` tokens."""
        heads, size = self.head_shape
        nothing = ops.zeros((batch_size, heads, count, size), self.compute_dtype)
        return nothing, nothing

    def _heads(self, x):
        """Queries, keys and values of normalised x `[..., D]`, each `[..., heads, D / heads]`."""
        parts = ops.split(self.queries_keys_values(self.norm1(x)), 3, axis=-1)
        return [ops.reshape(part, (*ops.shape(x)[:-1], *self.head_shape)) for part in parts]

    def _after(self, x, attended):
        x = x + self.dropout(self.attention_output(attended))
        hidden = ops.gelu(self.hidden(self.norm2(x)), approximate=True)
        return x + self.dropout(self.output_layer(hidden))


def next_token(blocks, h, kept, index):
    """All blocks at one token, one after the other: see `CausalBlock.at`.

    >>> block = CausalBlock(size=8, num_heads=2)
    >>> x = keras.random.normal((1, 3, 8), seed=0)
    >>> h, kept = next_token([block], x[:, 0], [block.nothing_kept(1, 3)], 0)
    >>> bool(np.allclose(h, block(x)[:, 0], atol=1e-5))
    True
    """
    now = []
    for block, pair in zip(blocks, kept):
        h, pair = block.at(h, pair, index)
        now.append(pair)
    return h, now
