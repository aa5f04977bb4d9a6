"""What causal networks share: the contract, and convolutions that see nothing at or after a
position.

A masked k x k convolution multiplies nearly half of its kernel by zero. Here it is the sum of two
dense ones, of the k // 2 rows above and of the pixels to the left: the same function for half the
work.
"""

import math

import keras
from keras import layers, ops

from kerasgen.networks.stack import check_sized


class CausalNetwork(layers.Layer):
    """Base of networks from images `[B, H, W, C]`, centred on 0, to parameters `[B, H, W, P]` of
    each pixel.

    The parameters of a pixel are a function of the pixels before it in raster order. Outside the
    image all is 0. `network(x, condition)` computes all of them in one pass, for a condition that
    is None or one-hot `[B, classes]`. The same, one pixel after the other and at the cost of a
    single pass for the whole image:

        cache, row = network.init_cache(batch_size, condition)
        for each row of the image:
            cache, columns = network.start_row(cache, row)
            left = zeros
            for each column j of the row:
                params, cache, trace = network.step(cache, columns[j], left)
                left = the pixel `[B, C]`, which may depend on params
            row = (the row's pixels, its traces)

    `columns` and `row` are nested structures of tensors `[W, ...]`, in the network's compute dtype;
    `trace` is what one column adds to the second part of `row`.

    >>> network = kerasgen.networks.PixelCNN(2, channels=4, num_blocks=1, head_channels=4)
    >>> isinstance(network, CausalNetwork), tuple(network(np.zeros((1, 5, 5, 1))).shape)
    (True, (1, 5, 5, 2))
    """

    def build(self, x_shape, condition_shape=None):
        check_sized(self)
        self.event_shape = tuple(x_shape[1:])
        condition = None if condition_shape is None else keras.KerasTensor(condition_shape)
        self.depth = self.call(keras.KerasTensor(x_shape), condition).shape[-1]  # builds the layers
        self.built = True

    def compute_output_spec(self, x, condition=None):
        # Known from `build`: Keras would trace the whole network again, and once more within
        # another.
        return keras.KerasTensor((*x.shape[:-1], self.depth), self.compute_dtype)

    def multiply_adds(self):
        """Of all products with weights in one pass over one image; to draw one takes no more."""
        weights = [weight for weight in self.weights if "class_bias" not in weight.path]
        kernels = [weight for weight in weights if weight.name.endswith("kernel")]
        return math.prod(self.event_shape[:2]) * sum(math.prod(kernel.shape) for kernel in kernels)


class CausalConv2D(layers.Conv2D):
    """A convolution whose kernel lies where `margins` puts it.

    Args:
        filters, kernel_size: of `keras.layers.Conv2D`.
        margins: ((top, bottom), (left, right)), zeros added to the image, or rows and columns cut
            off where negative.

    >>> above = CausalConv2D(4, (1, 3), ((1, -1), (1, 1)))
    >>> tuple(above(np.zeros((2, 5, 5, 1), "float32")).shape)
    (2, 5, 5, 4)
    """

    def __init__(self, filters, kernel_size, margins=((0, 0), (0, 0)), **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.margins = margins

    def call(self, x, window=False):
        """`[B, H, W, C]` to `[B, H, W, filters]`.

        Args:
            window: x holds just the rows that one row of the output sees; that row `[B, 1, W,
                filters]` comes out.
        """
        rows, columns = self.margins
        return super().call(_with_margins(x, (0, 0) if window else rows, columns))

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape  # Keras would leave the margins out
        sides = (side and -(-side // stride) for side, stride in zip(sides, self.strides))
        return batch, *sides, self.filters

    def at(self, x):
        """One position, from all that it sees, `[B, rows * columns * C]`, to `[B, filters]`."""
        y = ops.matmul(x, ops.reshape(ops.cast(self.kernel, x.dtype), (-1, self.filters)))
        return y + ops.cast(self.bias, x.dtype) if self.use_bias else y


def pointwise(filters, **kwargs):
    """1x1.

    >>> tuple(pointwise(4)(np.zeros((1, 5, 5, 2), "float32")).shape)
    (1, 5, 5, 4)
    """
    return CausalConv2D(filters, 1, **kwargs)


def vertical_conv(filters, rows, columns, mask, **kwargs):
    """A convolution over `rows` rows, centred on the position's column: the rows above its own for
    mask "A", its own and those above it for mask "B", of maps that are causal by row.

    >>> conv = vertical_conv(1, 2, 3, "A", kernel_initializer="ones")
    >>> x = ops.pad(ops.ones((1, 1, 1, 1)), ((0, 0), (1, 1), (1, 1), (0, 0)))
    >>> conv(x)[0, :, :, 0].numpy().tolist()  # the rows below alone see the pixel in the middle
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    around = (columns // 2, columns // 2)
    vertical = (rows, -1) if mask == "A" else (rows - 1, 0)
    return CausalConv2D(filters, (rows, columns), (vertical, around), **kwargs)


def horizontal_conv(filters, columns, mask, **kwargs):
    """A convolution over `columns` positions of the row: those to the left for mask "A", the
    position itself and those to its left for mask "B".

    >>> conv = horizontal_conv(1, 1, "A", kernel_initializer="ones")
    >>> conv(ops.reshape(ops.array([1.0, 0.0, 0.0]), (1, 1, 3, 1)))[0, 0, :, 0].numpy().tolist()
    [0.0, 1.0, 0.0]
    """
    horizontal = (columns, -1) if mask == "A" else (columns - 1, 0)
    return CausalConv2D(filters, (1, columns), ((0, 0), horizontal), **kwargs)


class Head(layers.Layer):
    """relu, 1x1, relu, 1x1: from the last map `[B, H, W, C]` to the likelihood's parameters.

    Args:
        hidden_channels: between the two.
        output_channels: those that the likelihood asks for.

    >>> tuple(Head(4, 6)(np.zeros((1, 5, 5, 2), "float32")).shape)
    (1, 5, 5, 6)
    """

    def __init__(self, hidden_channels, output_channels, **kwargs):
        super().__init__(**kwargs)
        self.hidden = pointwise(hidden_channels, dtype=self.dtype_policy)
        self.output_layer = pointwise(output_channels, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.built = True  # the layers are built as they are called

    def call(self, x):
        return self.output_layer(ops.relu(self.hidden(ops.relu(x))))

    def at(self, x):
        """One position, `[B, C]`."""
        return self.output_layer.at(ops.relu(self.hidden.at(ops.relu(x))))


def _with_margins(x, rows, columns):
    if rows[1] < 0:
        x = x[:, : rows[1]]
    if columns[1] < 0:
        x = x[:, :, : columns[1]]
    return ops.pad(
        x, ((0, 0), (rows[0], max(rows[1], 0)), (columns[0], max(columns[1], 0)), (0, 0))
    )


def rows_of(pixels):
    """A row `[W, B, C]` as an image of one row `[B, 1, W, C]`.

    >>> rows_of(np.zeros((5, 2, 3))).shape[1:]
    TensorShape([1, 5, 3])
    """
    return ops.transpose(pixels, (1, 0, 2))[:, None]


def columns_of(row):
    """An image of one row `[B, 1, W, C]` as columns `[W, B, C]`.

    >>> tuple(columns_of(np.zeros((2, 1, 5, 3))).shape)
    (5, 2, 3)
    """
    return ops.transpose(row[:, 0], (1, 0, 2))


def add_bias(x, bias):
    """Adds a bias `[B, F]` of each example to images `[B, H, W, F]`; None adds nothing.

    >>> float(add_bias(ops.ones((1, 2, 2, 1)), ops.array([[2.0]]))[0, 0, 0, 0])
    3.0
    """
    return x if bias is None else x + bias[:, None, None]
