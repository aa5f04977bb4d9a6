"""PixelCNN: van den Oord, Kalchbrenner and Kavukcuoglu, Pixel Recurrent Neural Networks, 2016
(arXiv 1601.06759), 3.3.

A masked convolution that leaves the pixel itself out (mask A), then residual blocks whose masked
convolutions include it (mask B), as it stands for the pixels before by then. Masks stacked so have
a blind spot above and to the right.
"""

from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Depth, Kernel, Width
from kerasgen.networks.autoregressive.causal import (
    CausalNetwork,
    Head,
    add_bias,
    columns_of,
    horizontal_conv,
    pointwise,
    rows_of,
    vertical_conv,
)
from kerasgen.networks.stack import SizedByLikelihood
from kerasgen.registration import register


class MaskedConv(layers.Layer):
    """A masked convolution as the sum of one over the rows above and one over the columns to the
    left.

    Args:
        filters: of the output.
        kernel_size: of the whole kernel.
        first: leave the pixel itself out (mask A).

    >>> tuple(MaskedConv(4, 3, first=True)(np.zeros((1, 5, 5, 1), "float32")).shape)
    (1, 5, 5, 4)
    """

    def __init__(self, filters, kernel_size, first=False, **kwargs):
        super().__init__(**kwargs)
        self.reach = kernel_size // 2
        # Columns to remember beside the newest.
        self.lefts = self.reach - 1 if first else self.reach
        dtype = {"dtype": self.dtype_policy}
        mask, seen = ("A", self.reach) if first else ("B", self.reach + 1)
        self.above = vertical_conv(filters, self.reach, kernel_size, "A", **dtype)
        self.left = horizontal_conv(filters, seen, mask, use_bias=False, **dtype)

    def build(self, input_shape):
        self.built = True  # the layers are built as they are called

    def call(self, x):
        return self.above(x) + self.left(x)


class MaskedResidualBlock(layers.Layer):
    """Figure 5, left, of the paper: 1x1 to half the width, masked, 1x1 back, a relu before each,
    the input added.

    >>> tuple(MaskedResidualBlock(8, 3)(np.zeros((1, 5, 5, 8), "float32"), None).shape)
    (1, 5, 5, 8)
    """

    def __init__(self, channels, kernel_size, **kwargs):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.reduce = pointwise(channels // 2, **dtype)
        self.masked = MaskedConv(channels // 2, kernel_size, **dtype)
        self.expand = pointwise(channels, **dtype)

    def build(self, input_shape):
        self.built = True

    def call(self, x, bias):
        masked = add_bias(self.masked(ops.relu(self.reduce(ops.relu(x)))), bias)
        return x + self.expand(ops.relu(masked))


@register
class PixelCNN(SizedByLikelihood, CausalNetwork):
    """PixelCNN: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]` of each pixel.

    A block of C channels and a kernel of 3 takes 9/4 C^2 multiply-adds a pixel; `multiply_adds`
    counts the whole.

    Args:
        output_channels: of the parameters, or None for those that a model sets.
        channels: C, an even number, of the residual stream.
        num_blocks: residual blocks after the first layer.
        kernel_size: an odd number, of the blocks.
        first_kernel_size: an odd number, of the layer that reads the image.
        head_channels: of the hidden layer before the output.

    >>> network = PixelCNN(2, channels=4, num_blocks=1, head_channels=4)
    >>> tuple(network(np.zeros((1, 5, 5, 1))).shape)
    (1, 5, 5, 2)
    """

    def __init__(
        self,
        output_channels: Width | None = None,
        channels: Width = 64,
        num_blocks: Depth = 8,
        kernel_size: Kernel = 3,
        first_kernel_size: Kernel = 7,
        head_channels: Width = 64,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.channels = channels
        self.head_channels = head_channels
        dtype = {"dtype": self.dtype_policy}
        self.first = MaskedConv(channels, first_kernel_size, first=True, **dtype)
        self.blocks = [
            MaskedResidualBlock(channels, kernel_size, **dtype) for _ in range(num_blocks)
        ]
        self.class_bias = layers.Dense(
            channels // 2 * num_blocks, use_bias=False, name="class_bias", **dtype
        )
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = Head(self.head_channels, channels, dtype=self.dtype_policy)

    def call(self, x, condition=None):
        x = self.first(x)
        for block, bias in zip(self.blocks, self._biases(condition)):
            x = block(x, bias)
        return self.head(x)

    def _biases(self, condition):
        """What the class adds to the masked convolution of each block."""
        if condition is None:
            return [None] * len(self.blocks)
        return ops.split(self.class_bias(condition), len(self.blocks), axis=-1)

    def _masked(self):
        """Every masked convolution with the depth of what it reads."""
        depth = self.channels // 2
        return [
            (self.first, self.event_shape[-1]),
            *((block.masked, depth) for block in self.blocks),
        ]

    def init_cache(self, batch_size, condition=None):
        width, dtype = self.event_shape[1], self.compute_dtype
        above = [
            ops.zeros((batch_size, masked.reach, width, depth), dtype)
            for masked, depth in self._masked()
        ]
        biases = () if condition is None else self._biases(condition)
        cache = {"above": above, "left": self._nothing_left(batch_size), "biases": biases}
        pixels, *traces = (
            ops.zeros((width, batch_size, depth), dtype) for _, depth in self._masked()
        )
        return cache, (pixels, traces)

    def _nothing_left(self, batch_size):
        return [
            [ops.zeros((batch_size, depth), self.compute_dtype)] * masked.lefts
            for masked, depth in self._masked()
        ]

    def start_row(self, cache, row):
        pixels, traces = row
        above, columns = [], []
        biases = [None, *(cache["biases"] or self._biases(None))]
        for (masked, _), past, last, bias in zip(
            self._masked(), cache["above"], [pixels, *traces], biases
        ):
            window = ops.concatenate([past[:, 1:], rows_of(last)], axis=1)
            above.append(window)
            columns.append(columns_of(add_bias(masked.above(window, window=True), bias)))
        return {**cache, "above": above, "left": self._nothing_left(ops.shape(pixels)[1])}, columns

    def step(self, cache, columns, left):
        lefts, traces = [], []

        def masked_at(masked, past, column, value):
            window = [*past, value]
            lefts.append(window[1:])
            return masked.left.at(ops.concatenate(window, axis=-1)) + column

        past, column = cache["left"], columns
        x = masked_at(self.first, past[0], column[0], left)
        for block, block_past, block_column in zip(self.blocks, past[1:], column[1:]):
            traces.append(ops.relu(block.reduce.at(ops.relu(x))))
            masked = masked_at(block.masked, block_past, block_column, traces[-1])
            x = x + block.expand.at(ops.relu(masked))
        params = self.head.at(x)
        return params, {**cache, "left": lefts}, traces
