"""Causal transformer over pixels: Chen and others, Generative Pretraining from Pixels, 2020 (Image
GPT); layer normalisation before each part, learned positions, a class as the start of the sequence.

The token at a pixel is what a stem tells of those before it: the last one or, of a convolutional
stem, all that it sees (as in PixelSNAIL, Chen and others 2018, arXiv 1712.09763).
"""

import math
from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Depth, Layer, Share, Width
from kerasgen.networks.attention import CausalBlock, next_token
from kerasgen.networks.autoregressive.causal import CausalNetwork
from kerasgen.networks.stack import SizedByLikelihood
from kerasgen.registration import register


@register
class PixelBefore(CausalNetwork):
    """The shortest of causal networks: at each pixel of `[B, H, W, C]`, the one before it in raster
    order, or 0.

    >>> before = PixelBefore()
    >>> before(np.arange(1.0, 5.0).reshape(1, 2, 2, 1))[0, :, :, 0].numpy().tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """

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
    """Causal transformer: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]` of each
    pixel.

    A block takes 12 D^2 multiply-adds a pixel and, for attention, 2 D for every pixel of the image:
    alone of these networks its cost of a pixel grows with the image. `multiply_adds` counts the
    whole.

    Args:
        output_channels: of the parameters, or None for those that a model sets.
        size: D, of a token.
        num_blocks: attention blocks.
        num_heads: attention heads, a divisor of `size`.
        dropout: share of the values that each part of a block adds left out in training.
        stem: causal network that makes the tokens; its `output_channels` are free. `PixelBefore` by
            default. Attention reaches all tokens up to the pixel's own, whose stem sees what lies
            before it: where the stem of the pixels at the start of a row does not see the last
            pixel of the row above, they know nothing of that one.

    >>> network = CausalTransformer(2, size=8, num_blocks=1, num_heads=2)
    >>> tuple(network(np.zeros((1, 5, 5, 1))).shape)
    (1, 5, 5, 2)
    """

    def __init__(
        self,
        output_channels: Width | None = None,
        size: Width = 64,
        num_blocks: Depth = 4,
        num_heads: Width = 4,
        dropout: Share = 0.0,
        stem: Layer | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.size = size
        dtype = {"dtype": self.dtype_policy}
        self.stem = stem or PixelBefore(dtype=self.dtype_policy.name)
        self.embedding = layers.Dense(size, **dtype)
        # Of the first token.
        self.class_bias = layers.Dense(size, use_bias=False, name="class_bias", **dtype)
        self.blocks = [CausalBlock(size, num_heads, dropout, **dtype) for _ in range(num_blocks)]
        self.norm = layers.LayerNormalization(epsilon=1e-5, **dtype)
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = layers.Dense(channels, dtype=self.dtype_policy)

    def build(self, x_shape, condition_shape=None):
        self.positions = self.add_weight(
            name="positions",
            shape=(math.prod(x_shape[1:3]), self.size),
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
        size, dtype = self.size, self.compute_dtype
        nothing = ops.zeros((batch_size, size), dtype)
        stem, row = self.stem.init_cache(batch_size, condition)
        cache = {
            "row": ops.convert_to_tensor(0),
            "start": nothing if condition is None else self.class_bias(condition),
            "kept": [
                block.nothing_kept(batch_size, self.positions.shape[0]) for block in self.blocks
            ],
        }
        return {**cache, "stem": stem}, row

    def start_row(self, cache, row):
        height, width, _ = self.event_shape
        index = cache["row"] * width + ops.arange(width)
        positions = ops.cast(self.positions, self.compute_dtype)
        offset = ops.reshape(positions, (height, width, 1, -1))[cache["row"]]
        is_first = ops.reshape(ops.equal(index, 0), (-1, 1, 1))
        offset = offset + ops.where(is_first, cache["start"], 0)
        stem, of_stem = self.stem.start_row(cache["stem"], row)
        return {**cache, "row": cache["row"] + 1, "stem": stem}, (index, offset, of_stem)

    def step(self, cache, column, left):
        index, offset, of_stem = column
        token, stem, trace = self.stem.step(cache["stem"], of_stem, left)
        h, kept = next_token(self.blocks, self.embedding(token) + offset, cache["kept"], index)
        return self.head(self.norm(h)), {**cache, "kept": kept, "stem": stem}, trace
