"""Gated PixelCNN: van den Oord and others, Conditional Image Generation with PixelCNN Decoders
(arXiv 1606.05328).

Two stacks. The vertical one sees all rows above, the horizontal one the pixels to the left and,
through a link, the
vertical one: together all pixels before, with no blind spot. A gate, y = tanh(a) * sigmoid(b),
follows every convolution, and a class adds its own bias within each gate (equation 4).

The vertical stack of a row depends on complete rows only, so in sampling it is computed once a row,
all columns together, from the last rows of every layer. A pixel costs the horizontal stack at one
position (Ramachandran and others 2017, arXiv 1704.06001).
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


def _gate(x):
    # In float32, because processors work out tanh and sigmoid slower in bfloat16.
    a, b = (ops.cast(part, "float32") for part in ops.split(x, 2, axis=-1))
    return ops.cast(ops.tanh(a) * ops.sigmoid(b), x.dtype)


class GatedLayer(layers.Layer):
    """Figure 2 of the paper: a vertical and a horizontal convolution, the link between them, the
    gates.

    Args:
        channels: C, of both stacks.
        kernel_size: of the masked kernel that the two stand for.
        first: see strictly what comes before, and add no input to the output.

    >>> x = np.zeros((1, 5, 5, 1), "float32")
    >>> v, h = GatedLayer(4, 3, first=True)(x, x, (None, None))
    >>> tuple(v.shape), tuple(h.shape)
    ((1, 5, 5, 4), (1, 5, 5, 4))
    """

    def __init__(self, channels, kernel_size, first=False, **kwargs):
        super().__init__(**kwargs)
        self.reach = kernel_size // 2  # rows above and columns to the left
        self.first = first
        dtype = {"dtype": self.dtype_policy}
        plain = {"use_bias": False, **dtype}
        mask, seen = ("A", self.reach) if first else ("B", self.reach + 1)
        self.vertical = vertical_conv(2 * channels, seen, kernel_size, mask, **dtype)
        self.horizontal = horizontal_conv(2 * channels, seen, mask, **plain)
        self.link = pointwise(2 * channels, **dtype)
        self.output_layer = pointwise(channels, **plain)

    def build(self, input_shape):
        self.built = True  # the layers are built as they are called

    def call(self, v, h, biases):
        v, link = self.rows(v, biases)
        out = self.output_layer(_gate(self.horizontal(h) + link))
        return v, out if self.first else h + out

    def rows(self, v, biases, window=False):
        """The vertical stack's output, and what it tells the horizontal one."""
        vertical = add_bias(self.vertical(v, window=window), biases[0])
        return _gate(vertical), add_bias(self.link(vertical), biases[1])

    def at(self, window, link):
        """The horizontal stack at one position, from itself and the columns to the left, the last
        at the end.
        """
        out = self.output_layer.at(
            _gate(self.horizontal.at(ops.concatenate(window, axis=-1)) + link)
        )
        return out if self.first else window[-1] + out


@register
class GatedPixelCNN(SizedByLikelihood, CausalNetwork):
    """Gated PixelCNN: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]` of each
    pixel.

    A layer of C channels and a kernel of 3 takes 21 C^2 multiply-adds a pixel; `multiply_adds`
    counts the whole.

    Args:
        output_channels: of the parameters, or None for those that a model sets.
        channels: C, of each of the two stacks.
        num_layers: gated layers, the first included.
        kernel_size: an odd number, of all layers but the first.
        first_kernel_size: an odd number, of the layer that reads the image.
        head_channels: of the hidden layer between the last horizontal stack and the output.

    >>> network = GatedPixelCNN(2, channels=4, num_layers=1, head_channels=4)
    >>> tuple(network(np.zeros((1, 5, 5, 1))).shape)
    (1, 5, 5, 2)
    """

    def __init__(
        self,
        output_channels: Width | None = None,
        channels: Width = 64,
        num_layers: Depth = 8,
        kernel_size: Kernel = 3,
        first_kernel_size: Kernel = 7,
        head_channels: Width = 64,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.channels = channels
        self.head_channels = head_channels
        dtype = {"dtype": self.dtype_policy}
        sizes = [first_kernel_size, *[kernel_size] * (num_layers - 1)]
        self.stack = [
            GatedLayer(channels, size, first=i == 0, **dtype) for i, size in enumerate(sizes)
        ]
        self.class_bias = layers.Dense(
            4 * channels * num_layers, use_bias=False, name="class_bias", **dtype
        )
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = Head(self.head_channels, channels, dtype=self.dtype_policy)

    def call(self, x, condition=None):
        v = h = x
        for layer, biases in zip(self.stack, self._biases(condition)):
            v, h = layer(v, h, biases)
        return self.head(h)

    def _biases(self, condition):
        """What the class adds within the vertical and the horizontal gate of each layer."""
        if condition is None:
            return [(None, None)] * len(self.stack)
        biases = ops.split(self.class_bias(condition), 2 * len(self.stack), axis=-1)
        return list(zip(biases[::2], biases[1::2]))

    def init_cache(self, batch_size, condition=None):
        _, width, size = self.event_shape
        dtype, channels = self.compute_dtype, self.channels
        depths = [size, *[channels] * (len(self.stack) - 1)]
        above = [
            ops.zeros((batch_size, layer.reach, width, depth), dtype)
            for layer, depth in zip(self.stack, depths)
        ]
        biases = () if condition is None else self._biases(condition)
        cache = {"above": above, "left": self._nothing_left(batch_size), "biases": biases}
        return cache, (ops.zeros((width, batch_size, size), dtype), ())

    def _nothing_left(self, batch_size):
        """Zeros for the columns left of the image; the first layer is handed one of its own in
        `step`.
        """
        first, *others = self.stack
        dtype, channels = self.compute_dtype, self.channels
        pixels = [
            ops.zeros((batch_size, self.event_shape[-1]), dtype) for _ in range(first.reach - 1)
        ]
        return [
            pixels,
            *([ops.zeros((batch_size, channels), dtype)] * layer.reach for layer in others),
        ]

    def start_row(self, cache, row):
        v, above, links = rows_of(row[0]), [], []
        for layer, past, biases in zip(
            self.stack, cache["above"], cache["biases"] or self._biases(None)
        ):
            window = ops.concatenate([past, v], axis=1)
            above.append(window[:, 1:])
            v, link = layer.rows(window[:, 1:] if layer.first else window, biases, window=True)
            links.append(link)
        columns = columns_of(ops.concatenate(links, axis=-1))
        return {**cache, "above": above, "left": self._nothing_left(ops.shape(v)[0])}, columns

    def step(self, cache, column, left):
        h, lefts = left, []
        for layer, past, link in zip(
            self.stack, cache["left"], ops.split(column, len(self.stack), axis=-1)
        ):
            window = [*past, h]
            lefts.append(window[1:])
            h = layer.at(window, link)
        params = self.head.at(h)
        return params, {**cache, "left": lefts}, ()
