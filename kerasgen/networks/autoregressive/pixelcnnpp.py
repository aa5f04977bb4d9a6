"""PixelCNN++: Salimans and others, PixelCNN++ (arXiv 1701.05517).

Two streams of gated residual blocks, of which the second sees what is above and the pixels to the
left. Both are made causal by shifts alone: no kernel has a masked part. Convolutions of stride 2
lead to stages at lower resolutions, where most of the work is cheap, and short-cuts lead past them
(section 2.4).

In sampling, the down stream of a row is computed at the start of the row. The right stream's
kernels are 2x2: their upper half reads the row above, which is finished, so that it too is computed
there, and their lower half one pixel at a time. A stage of half the resolution is computed at every
other row and column (Ramachandran and others 2017, arXiv 1704.06001).
"""

import math
from typing import Any

from keras import layers, ops, tree

from kerasgen.checks.arguments import Depth, Width
from kerasgen.networks.autoregressive.causal import (
    CausalConv2D,
    CausalNetwork,
    columns_of,
    pointwise,
    rows_of,
    vertical_conv,
)
from kerasgen.networks.autoregressive.stages import TwoStreams
from kerasgen.networks.layers import divided
from kerasgen.networks.stack import SizedByLikelihood
from kerasgen.registration import register


@register
class PixelCNNPlusPlus(TwoStreams, SizedByLikelihood, CausalNetwork):
    """PixelCNN++: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]`.

    Args:
        output_channels: of the parameters, or None for those that a model sets; the paper's
            likelihood is `ChannelwiseLogistic`.
        channels: of both streams.
        num_blocks: gated residual blocks of each half of a stage.
        num_stages: resolutions, each half of the one before; 3 in the paper. Height and width
            divide by 2 once for each but the first.

    >>> network = PixelCNNPlusPlus(10, channels=4, num_blocks=1, num_stages=3)
    >>> network(np.zeros((2, 8, 4, 3), "float32")).shape
    TensorShape([2, 8, 4, 10])
    """

    def __init__(
        self,
        output_channels: Width | None = None,
        channels: Width = 64,
        num_blocks: Depth = 4,
        num_stages: Depth = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.channels = channels
        self.num_stages = num_stages
        dtype = {"dtype": self.dtype_policy}
        self.first_down = vertical_conv(channels, 2, 3, "A", **dtype)
        self.first_right = vertical_conv(channels, 1, 3, "A", **dtype)
        # The pixel on the left and the one above it.
        self.first_left = CausalConv2D(channels, (2, 1), ((1, 0), (1, -1)), use_bias=False, **dtype)
        self.add_blocks(channels, num_blocks, num_stages)
        self.class_bias = layers.Dense(
            4 * channels * self.count_blocks(), use_bias=False, name="class_bias", **dtype
        )
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = pointwise(channels, dtype=self.dtype_policy)

    def build(self, x_shape, condition_shape=None):
        divided(x_shape[1:3], 2 ** (self.num_stages - 1))
        super().build(x_shape, condition_shape)

    def call(self, x, condition=None):
        first = self.first_right(x) + self.first_left(x)
        _, right = self.streams(self.first_down(x), first, self._biases(condition))
        return self.head(ops.elu(right))

    def _biases(self, condition):
        """What the class adds to the gates of the down and the right block, of each pair
        of blocks.
        """
        count = 2 * self.count_blocks()
        return (
            [None] * count
            if condition is None
            else ops.split(self.class_bias(condition), count, -1)
        )

    def multiply_adds(self):
        return round(math.prod(self.event_shape[:2]) * self.products())

    def init_cache(self, batch_size, condition=None):
        _, width, size = self.event_shape
        dtype, biases = self.compute_dtype, self._biases(condition)
        like = ops.zeros((batch_size, 1, width, self.channels), dtype)
        state, traces = self.nothing(like, biases)
        cache = {
            "row": ops.convert_to_tensor(0),
            "above": ops.zeros((batch_size, 2, width, size), dtype),
            "streams": state,
            "left": _nothing_left(traces),
            "biases": () if condition is None else biases,
        }
        return cache, (ops.zeros((width, batch_size, size), dtype), traces)

    def start_row(self, cache, row):
        pixels, traces = row
        above = ops.concatenate([cache["above"][:, 1:], rows_of(pixels)], axis=1)
        biases = cache["biases"] or self._biases(None)
        first = self.first_down(above, window=True)
        state, _, streams = self.start(first, cache["streams"], traces, biases, cache["row"])
        columns = {
            "first": columns_of(self.first_right(above[:, 1:], window=True)),
            "above_left": ops.pad(pixels[:-1], ((1, 0), (0, 0), (0, 0))),
            "streams": streams,
        }
        cache = {**cache, "row": cache["row"] + 1, "above": above, "streams": state}
        return {**cache, "left": _nothing_left(traces)}, columns

    def step(self, cache, column, left):
        pair = ops.concatenate([column["above_left"], left], axis=-1)
        first = column["first"] + self.first_left.at(pair)
        right, trace = self.at(first, column["streams"], cache["left"])
        return self.head.at(ops.elu(right)), {**cache, "left": trace}, trace


def _nothing_left(traces):
    """The trace left of a row."""
    return tree.map_structure(lambda t: ops.zeros_like(t[0]), traces)
