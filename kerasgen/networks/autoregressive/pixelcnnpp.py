"""PixelCNN++: Salimans and others, PixelCNN++ (arXiv 1701.05517), at one resolution.

Two streams of gated residual blocks: "down" sees the rows above, "right" also the pixels to the
left, and hears the down stream in every block. Both are made causal by shifts alone: no kernel has
a masked part. The second half of the blocks also reads the output of the first half, last one first
(section 2.4).

The down stream of a row is computed at the start of the row. The right stream's kernels are 2x2:
their upper half reads the row above, which is finished, so that it too is computed there, and their
lower half one pixel at a time.
"""

from keras import layers, ops

from kerasgen.networks.autoregressive.causal import (
    CausalConv2D,
    CausalNetwork,
    add_bias,
    columns_of,
    horizontal_conv,
    pointwise,
    rows_of,
    vertical_conv,
)
from kerasgen.networks.layers import SizedByLikelihood
from kerasgen.registration import register


def _concat_elu(x):
    return ops.elu(ops.concatenate([x, -x], axis=-1))


def _gated(x, gate):
    a, b = ops.split(gate, 2, axis=-1)
    return x + a * ops.sigmoid(b)


class DownBlock(layers.Layer):
    """A gated residual block over the rows above and the row itself.

    Args:
        channels: of the stream.
        reads_skip: hear the output of an earlier block.
    """

    def __init__(self, channels, reads_skip, **kwargs):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.conv1 = vertical_conv(channels, 2, 3, "B", **dtype)
        self.conv2 = vertical_conv(2 * channels, 2, 3, "B", **dtype)
        self.skip = pointwise(channels, use_bias=False, **dtype) if reads_skip else None

    def build(self, input_shape):
        self.built = True  # the layers are built as they are called

    def call(self, x, skip, bias):
        hidden = self._hidden(self.conv1(_concat_elu(x)), skip)
        return _gated(x, add_bias(self.conv2(hidden), bias))

    def _hidden(self, hidden, skip):
        return _concat_elu(hidden if skip is None else hidden + self.skip(_concat_elu(skip)))

    def row(self, x, skip, bias, past):
        """One row `[B, 1, W, C]`, from the row above of what each convolution read, and that of
        this row.
        """
        first = _concat_elu(x)
        hidden = self._hidden(
            self.conv1(ops.concatenate([past[0], first], axis=1), window=True), skip
        )
        gate = self.conv2(ops.concatenate([past[1], hidden], axis=1), window=True)
        return _gated(x, add_bias(gate, bias)), [first, hidden]


class RightConv(layers.Layer):
    """A convolution over the pixel, the one on its left and the two above them.

    Args:
        filters: of the output.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.above = CausalConv2D(filters, (1, 2), ((1, -1), (1, 0)), **dtype)
        self.left = horizontal_conv(filters, 2, "B", use_bias=False, **dtype)

    def build(self, input_shape):
        self.built = True

    def call(self, x):
        return self.above(x) + self.left(x)


class RightBlock(layers.Layer):
    """A gated residual block over pixels above and to the left, that hears the down stream.

    Args:
        channels: of the stream.
        reads_skip: hear the output of an earlier block.
    """

    def __init__(self, channels, reads_skip, **kwargs):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.conv1 = RightConv(channels, **dtype)
        self.conv2 = RightConv(2 * channels, **dtype)
        self.link = pointwise(channels, use_bias=False, **dtype)
        self.skip = pointwise(channels, use_bias=False, **dtype) if reads_skip else None

    def build(self, input_shape):
        self.built = True

    def call(self, x, down, skip, bias):
        hidden = self.conv1(_concat_elu(x)) + self.link(_concat_elu(down))
        if skip is not None:
            hidden = hidden + self.skip(_concat_elu(skip))
        return _gated(x, add_bias(self.conv2(_concat_elu(hidden)), bias))

    def row(self, traces, down, bias):
        """What both convolutions take from the row above and the down stream, all
        columns of a row.
        """
        first = self.conv1.above(rows_of(traces[0]), window=True) + self.link(_concat_elu(down))
        second = add_bias(self.conv2.above(rows_of(traces[1]), window=True), bias)
        return columns_of(first), columns_of(second)

    def at(self, x, skip, column, past):
        """One position, and what the convolutions read there."""
        first = _concat_elu(x)
        hidden = self.conv1.left.at(ops.concatenate([past[0], first], axis=-1)) + column[0]
        if skip is not None:
            hidden = hidden + self.skip.at(_concat_elu(skip))
        hidden = _concat_elu(hidden)
        gate = self.conv2.left.at(ops.concatenate([past[1], hidden], axis=-1)) + column[1]
        return _gated(x, gate), [first, hidden]


@register
class PixelCNNPlusPlus(SizedByLikelihood, CausalNetwork):
    """PixelCNN++ without changes of resolution: images `[B, H, W, C]` to parameters `[B, H, W,
    output_channels]`.

    Args:
        output_channels: of the parameters, or None for those that a model sets; the paper's
            likelihood is `ChannelwiseLogistic`.
        channels: of both streams.
        num_blocks: gated residual blocks of each half.
    """

    def __init__(self, output_channels=None, channels=64, num_blocks=4, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        dtype = {"dtype": self.dtype_policy}
        self.first_down = vertical_conv(channels, 2, 3, "A", **dtype)
        self.first_right = vertical_conv(channels, 1, 3, "A", **dtype)
        # The pixel on the left and the one above it.
        self.first_left = CausalConv2D(channels, (2, 1), ((1, 0), (1, -1)), use_bias=False, **dtype)
        halves = [False] * num_blocks + [True] * num_blocks
        self.down = [DownBlock(channels, second, **dtype) for second in halves]
        self.right = [RightBlock(channels, second, **dtype) for second in halves]
        self.class_bias = layers.Dense(
            8 * channels * num_blocks, use_bias=False, name="class_bias", **dtype
        )
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = pointwise(channels, dtype=self.dtype_policy)

    def call(self, x, condition=None):
        biases = self._biases(condition)
        downs = _run(
            self.down, self.first_down(x), lambda i, y, skip: self.down[i](y, skip, biases[2 * i])
        )
        first = self.first_right(x) + self.first_left(x)
        rights = _run(
            self.right,
            first,
            lambda i, y, skip: self.right[i](y, downs[i + 1], skip, biases[2 * i + 1]),
        )
        return self.head(ops.elu(rights[-1]))

    def _biases(self, condition):
        """What the class adds to the gates of the down and the right block, of each pair
        of blocks.
        """
        if condition is None:
            return [None] * (2 * len(self.down))
        return ops.split(self.class_bias(condition), 2 * len(self.down), axis=-1)

    def init_cache(self, batch_size, condition=None):
        _, width, size = self.event_shape
        dtype, channels = self.compute_dtype, 2 * self.channels
        row = ops.zeros((batch_size, 1, width, channels), dtype)
        cache = {
            "above": ops.zeros((batch_size, 2, width, size), dtype),
            "down": [[row, row] for _ in self.down],
            "left": self._nothing_left(batch_size),
            "biases": () if condition is None else self._biases(condition),
        }
        trace = ops.zeros((width, batch_size, channels), dtype)
        return cache, (
            ops.zeros((width, batch_size, size), dtype),
            [[trace, trace] for _ in self.right],
        )

    def _nothing_left(self, batch_size):
        nothing = ops.zeros((batch_size, 2 * self.channels), self.compute_dtype)
        return [[nothing, nothing] for _ in self.right]

    def start_row(self, cache, row):
        pixels, traces = row
        above = ops.concatenate([cache["above"][:, 1:], rows_of(pixels)], axis=1)
        biases, read = cache["biases"] or self._biases(None), []

        def down_block(i, y, skip):
            y, inputs = self.down[i].row(y, skip, biases[2 * i], cache["down"][i])
            read.append(inputs)
            return y

        downs = _run(self.down, self.first_down(above, window=True), down_block)
        columns = {
            "first": columns_of(self.first_right(above[:, 1:], window=True)),
            "above_left": ops.pad(pixels[:-1], ((1, 0), (0, 0), (0, 0))),
            "blocks": [
                block.row(trace, down, bias)
                for block, trace, down, bias in zip(self.right, traces, downs[1:], biases[1::2])
            ],
        }
        left = self._nothing_left(ops.shape(pixels)[1])
        return {**cache, "above": above, "down": read, "left": left}, columns

    def step(self, cache, column, left):
        pair = ops.concatenate([column["above_left"], left], axis=-1)
        traces = []

        def right_block(i, y, skip):
            y, read = self.right[i].at(y, skip, column["blocks"][i], cache["left"][i])
            traces.append(read)
            return y

        rights = _run(self.right, column["first"] + self.first_left.at(pair), right_block)
        return self.head.at(ops.elu(rights[-1])), {**cache, "left": traces}, traces


def _run(blocks, x, apply):
    """The input and every block's output; one of the second half is handed the output of its mirror
    in the first.
    """
    outputs = [x]
    for i in range(len(blocks)):
        skip = outputs[len(blocks) - i] if i >= len(blocks) // 2 else None
        outputs.append(apply(i, outputs[-1], skip))
    return outputs
