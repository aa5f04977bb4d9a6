"""Gated residual blocks of the two streams of PixelCNN++ (Salimans and others 2017, arXiv
1701.05517): "down" sees the rows above, "right" also the pixels to the left.
"""

from keras import layers, ops

from kerasgen.networks.autoregressive.causal import (
    CausalConv2D,
    add_bias,
    columns_of,
    horizontal_conv,
    pointwise,
    rows_of,
    vertical_conv,
)


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

    >>> DownBlock(4, reads_skip=False)(np.zeros((1, 3, 5, 4), "float32"), None, None).shape
    TensorShape([1, 3, 5, 4])
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
        strides: 2 for one output a cell of 2x2 positions.

    >>> RightConv(4, strides=2)(np.zeros((1, 4, 6, 3), "float32")).shape
    TensorShape([1, 2, 3, 4])
    """

    def __init__(self, filters, strides=1, **kwargs):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy, "strides": strides}
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

    >>> x = np.zeros((1, 3, 5, 4), "float32")
    >>> RightBlock(4, reads_skip=True)(x, down=x, skip=x, bias=None).shape
    TensorShape([1, 3, 5, 4])
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
