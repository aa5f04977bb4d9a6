"""Causal transformer over pixels: Chen and others, Generative Pretraining from Pixels, 2020 (Image GPT); layer
normalisation before each part, learned positions, a class as the start of the sequence.

The token at a pixel is what a stem tells of those before it: the last one or, of a convolutional stem, all that it sees
(as in PixelSNAIL, Chen and others 2018, arXiv 1712.09763). In sampling the keys and values of all tokens so far are
kept: those of finished rows in one block, which no column copies, and those of the row at hand beside it.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from kerasgen.networks.autoregressive.causal import CausalNetwork
from kerasgen.networks.layers import SizedByLikelihood
from kerasgen.registration import register


class CausalBlock(layers.Layer):
    """x + attention(norm(x)), then x + mlp(norm(x)), over a sequence `[B, T, D]`; usable on tokens of any kind.

    Args:
        size: D.
        num_heads: attention heads, a divisor of D.
        dropout: share of the values that either part adds left out in training.
    """

    def __init__(self, size, num_heads, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = num_heads
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
        queries, keys, values = self.heads(x)  # [B, T, heads, D / heads]
        attended = ops.dot_product_attention(queries, keys, values, is_causal=True)
        return self.after(x, ops.reshape(attended, ops.shape(x)))

    def heads(self, x):
        """Queries, keys and values of normalised x `[..., D]`, each `[..., heads, D / heads]`."""
        parts = ops.split(self.queries_keys_values(self.norm1(x)), 3, axis=-1)
        shape = (*ops.shape(x)[:-1], self.num_heads, x.shape[-1] // self.num_heads)
        return [ops.reshape(part, shape) for part in parts]

    def attend(self, x, query, pairs, seen):
        """The block at one token, whose query looks at keys and values that are kept in parts; no part is copied.

        Args:
            x: `[B, D]`.
            query: `[B, heads, D / heads]`.
            pairs: of keys and values, each `[B, heads, tokens, D / heads]`, the token's own among them.
            seen: `[tokens of all pairs]`, whether the query may look there.
        """
        query = query[:, :, None] / math.sqrt(query.shape[-1])
        scores = [ops.matmul(query, ops.swapaxes(keys, -1, -2)) for keys, _ in pairs]
        scores = ops.where(seen, ops.cast(ops.concatenate(scores, axis=-1), "float32"), -1e30)
        ends = np.cumsum([keys.shape[2] for keys, _ in pairs])[:-1].tolist()
        weights = ops.split(ops.cast(ops.softmax(scores), x.dtype), ends, axis=-1)
        attended = sum(
            ops.matmul(part, values) for part, (_, values) in zip(weights, pairs, strict=True)
        )
        return self.after(x, ops.reshape(attended, (-1, x.shape[-1])))

    def after(self, x, attended):
        x = x + self.dropout(self.attention_output(attended))
        return x + self.dropout(
            self.output_layer(ops.gelu(self.hidden(self.norm2(x)), approximate=True))
        )


@register
class PixelBefore(CausalNetwork):
    """The shortest of causal networks: at each pixel of `[B, H, W, C]`, the one before it in raster order, or 0."""

    def call(self, x, condition=None):
        height, width, channels = x.shape[1:]
        pixels = ops.reshape(x, (-1, height * width, channels))
        return ops.reshape(
            ops.pad(pixels[:, :-1], ((0, 0), (1, 0), (0, 0))), (-1, height, width, channels)
        )

    def init_cache(self, batch_size, condition=None):
        _, width, channels = self.event_shape
        return (), (ops.zeros((width, batch_size, channels), self.compute_dtype), ())

    def start_row(self, cache, row):
        pixels, _ = row
        first = ops.reshape(ops.equal(ops.arange(pixels.shape[0]), 0), (-1, 1, 1))
        return cache, ops.where(first, pixels[-1], 0)  # the last of the row above

    def step(self, cache, above, left):
        return left + above, cache, ()


@register
class CausalTransformer(SizedByLikelihood, CausalNetwork):
    """Causal transformer: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]` of each pixel.

    A block takes 12 D^2 multiply-adds a pixel and, for attention, 2 D for every pixel of the image: alone of these
    networks its cost of a pixel grows with the image. `multiply_adds` counts the whole.

    Args:
        output_channels: of the parameters, or None for those that a model sets.
        size: D, of a token.
        num_blocks: attention blocks.
        num_heads: attention heads, a divisor of `size`.
        dropout: share of the values that each part of a block adds left out in training.
        stem: causal network that makes the tokens; its `output_channels` are free. `PixelBefore` by default. Attention
            reaches all tokens up to the pixel's own, whose stem sees what lies before it: where the stem of the pixels
            at the start of a row does not see the last pixel of the row above, they know nothing of that one.
    """

    def __init__(
        self,
        output_channels=None,
        size=64,
        num_blocks=4,
        num_heads=4,
        dropout=0.0,
        stem=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if size % num_heads:
            raise ValueError(
                f"Expected num_heads to divide size. Received: num_heads={num_heads}, size={size}."
            )
        self.config = {
            "output_channels": output_channels,
            "size": size,
            "num_blocks": num_blocks,
            "num_heads": num_heads,
            "dropout": dropout,
        }
        dtype = {"dtype": self.dtype_policy}
        self.stem = stem or PixelBefore(dtype=self.dtype_policy.name)
        self.embedding = layers.Dense(size, **dtype)
        self.class_bias = layers.Dense(
            size, use_bias=False, name="class_bias", **dtype
        )  # of the first token
        self.blocks = [CausalBlock(size, num_heads, dropout, **dtype) for _ in range(num_blocks)]
        self.norm = layers.LayerNormalization(epsilon=1e-5, **dtype)
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = layers.Dense(channels, dtype=self.dtype_policy)

    def build(self, x_shape, condition_shape=None):
        self.positions = self.add_weight(
            name="positions",
            shape=(math.prod(x_shape[1:3]), self.config["size"]),
            initializer="truncated_normal",
        )
        super().build(x_shape, condition_shape)

    def multiply_adds(self):
        tokens, size = self.positions.shape
        attention = len(self.blocks) * 2 * size * tokens**2
        beyond_weights = self.stem.multiply_adds() - CausalNetwork.multiply_adds(self.stem)
        return super().multiply_adds() + attention + beyond_weights

    def call(self, x, condition=None):
        height, width = x.shape[1:3]
        tokens = self.stem(x, condition)
        h = self.embedding(ops.reshape(tokens, (-1, height * width, tokens.shape[-1])))
        h = h + ops.cast(self.positions, h.dtype)
        if condition is not None:
            h = h + ops.pad(
                self.class_bias(condition)[:, None], ((0, 0), (0, height * width - 1), (0, 0))
            )
        for block in self.blocks:
            h = block(h)
        return ops.reshape(self.head(self.norm(h)), (-1, height, width, self.output_size))

    def init_cache(self, batch_size, condition=None):
        height, width, _ = self.event_shape
        heads, size = self.config["num_heads"], self.config["size"]
        dtype = self.compute_dtype

        def empty(rows):
            shape = (batch_size, heads, rows, width, size // heads)
            return [(ops.zeros(shape, dtype), ops.zeros(shape, dtype)) for _ in self.blocks]

        start = (
            ops.zeros((batch_size, size), dtype)
            if condition is None
            else self.class_bias(condition)
        )
        stem, row = self.stem.init_cache(batch_size, condition)
        cache = {"row": ops.convert_to_tensor(0), "finished": empty(height), "current": empty(1)}
        return {**cache, "start": start, "stem": stem}, row

    def start_row(self, cache, row):
        height, width, _ = self.event_shape
        index = cache["row"]
        is_last = ops.reshape(ops.equal(ops.arange(height), index - 1), (1, 1, height, 1, 1))
        finished = [
            tuple(ops.where(is_last, last, all_) for last, all_ in zip(last_pair, pair))
            for last_pair, pair in zip(cache["current"], cache["finished"])
        ]
        rows = ops.reshape(ops.cast(self.positions, self.compute_dtype), (height, width, 1, -1))
        start = ops.where(ops.equal(index, 0), cache["start"], ops.zeros_like(cache["start"]))
        first = ops.reshape(ops.equal(ops.arange(width), 0), (width, 1, 1))
        stem, of_stem = self.stem.start_row(cache["stem"], row)
        columns = {
            "column": ops.arange(width),
            "stem": of_stem,
            "offset": ops.where(first, start, 0) + rows[index],
        }
        return {**cache, "row": index + 1, "finished": finished, "stem": stem}, columns

    def step(self, cache, columns, left):
        height, width, _ = self.event_shape
        heads, depth = self.config["num_heads"], self.config["size"] // self.config["num_heads"]
        here = ops.equal(ops.arange(width), columns["column"])
        seen = ops.concatenate(
            [
                ops.arange(height * width) < (cache["row"] - 1) * width,
                ops.arange(width) <= columns["column"],
            ]
        )
        token, stem, trace = self.stem.step(cache["stem"], columns["stem"], left)
        h = self.embedding(token) + columns["offset"]
        current = []
        for block, finished, row in zip(self.blocks, cache["finished"], cache["current"]):
            query, *new = block.heads(h)  # [B, heads, depth]
            here_ = here[None, None, None, :, None]
            current.append(
                tuple(ops.where(here_, x[:, :, None, None], old) for x, old in zip(new, row))
            )
            pairs = [
                [ops.reshape(x, (-1, heads, x.shape[2] * width, depth)) for x in pair]
                for pair in (finished, current[-1])
            ]
            h = block.attend(h, query, pairs, seen)
        return self.head(self.norm(h)), {**cache, "current": current, "stem": stem}, trace

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "stem": keras.saving.deserialize_keras_object(config.get("stem"))})

    def get_config(self):
        stem = keras.saving.serialize_keras_object(self.stem)
        return {**super().get_config(), **self.config, "stem": stem}
