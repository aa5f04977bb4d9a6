"""PixelRNN: van den Oord, Kalchbrenner and Kavukcuoglu, Pixel Recurrent Neural Networks (arXiv
1601.06759): a masked convolution, then residual LSTM layers.

What the second direction of the Diagonal BiLSTM reads at a pixel excludes the pixel, so that the
last one of the row above is seen only as far as the first kernel reaches: a blind spot of one
pixel.
"""

from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Depth, Kernel, Width
from kerasgen.networks.autoregressive.causal import (
    CausalNetwork,
    Head,
    columns_of,
    pointwise,
    rows_of,
)
from kerasgen.networks.autoregressive.lstm import DiagonalBiLSTMLayer, RowLSTMLayer
from kerasgen.networks.autoregressive.pixelcnn import MaskedConv
from kerasgen.networks.stack import SizedByLikelihood
from kerasgen.registration import register


class PixelRNN(SizedByLikelihood, CausalNetwork):
    """Base of the two networks, which differ in the layer.

    Args:
        output_channels: of the parameters, or None for those that a model sets.
        size: D, of the states; the maps between layers are 2 D deep.
        num_layers: LSTM layers.
        first_kernel_size: an odd number, of the masked convolution that reads the image.
        head_channels: of the hidden layer before the output.

    >>> issubclass(RowLSTM, PixelRNN), issubclass(DiagonalBiLSTM, PixelRNN)
    (True, True)
    """

    def __init__(
        self,
        output_channels: Width | None = None,
        size: Width = 32,
        num_layers: Depth = 1,
        first_kernel_size: Kernel = 7,
        head_channels: Width = 64,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.size = size
        self.head_channels = head_channels
        dtype = {"dtype": self.dtype_policy}
        self.first = MaskedConv(2 * size, first_kernel_size, first=True, **dtype)
        self.stack = [self.layer(size, **dtype) for _ in range(num_layers)]
        self.expand = [pointwise(2 * size, **dtype) for _ in range(num_layers)]
        self.class_bias = layers.Dense(
            4 * size * num_layers, use_bias=False, name="class_bias", **dtype
        )
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = Head(self.head_channels, channels, dtype=self.dtype_policy)

    def call(self, x, condition=None):
        x = self.first(x)
        for layer, expand, bias in zip(self.stack, self.expand, self._biases(condition)):
            x = x + expand(layer(x, bias))
        return self.head(x)

    def _biases(self, condition):
        """What the class adds to the gates of each layer."""
        if condition is None:
            return [None] * len(self.stack)
        return ops.split(self.class_bias(condition), len(self.stack), axis=-1)

    def init_cache(self, batch_size, condition=None):
        _, width, size = self.event_shape
        caches, traces = zip(*(layer.init_cache(batch_size, width) for layer in self.stack))
        cache = {
            "above": ops.zeros((batch_size, self.first.reach, width, size), self.compute_dtype),
            "layers": list(caches),
            "left": self._nothing_left(batch_size),
            "biases": () if condition is None else self._biases(condition),
        }
        return cache, (ops.zeros((width, batch_size, size), self.compute_dtype), list(traces))

    def _nothing_left(self, batch_size):
        pixel = ops.zeros((batch_size, self.event_shape[-1]), self.compute_dtype)
        return [
            [pixel] * self.first.lefts,
            *(layer.nothing_left(batch_size) for layer in self.stack),
        ]

    def start_row(self, cache, row):
        pixels, traces = row
        above = ops.concatenate([cache["above"][:, 1:], rows_of(pixels)], axis=1)
        columns, caches = [columns_of(self.first.above(above, window=True))], []
        biases = cache["biases"] or self._biases(None)
        for layer, layer_cache, trace, bias in zip(self.stack, cache["layers"], traces, biases):
            layer_cache, column = layer.start_row(layer_cache, trace, bias)
            caches.append(layer_cache)
            columns.append(column)
        left = self._nothing_left(ops.shape(pixels)[1])
        return {**cache, "above": above, "layers": caches, "left": left}, columns

    def step(self, cache, column, left):
        window = [*cache["left"][0], left]
        x = self.first.left.at(ops.concatenate(window, axis=-1)) + column[0]
        lefts, traces = [window[1:]], []
        for layer, expand, past, each in zip(
            self.stack, self.expand, cache["left"][1:], column[1:]
        ):
            h, past, trace = layer.step(past, each, x)
            lefts.append(past)
            traces.append(trace)
            x = x + expand.at(h)
        params = self.head.at(x)
        return params, {**cache, "left": lefts}, traces


@register
class RowLSTM(PixelRNN):
    """Row LSTM: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]`; sees the triangle
    above a pixel.

    A layer takes 30 D^2 multiply-adds a pixel. Arguments are those of `PixelRNN`.

    >>> tuple(RowLSTM(2, size=4, head_channels=4)(np.zeros((1, 5, 5, 1))).shape)
    (1, 5, 5, 2)
    """

    layer = RowLSTMLayer


@register
class DiagonalBiLSTM(PixelRNN):
    """Diagonal BiLSTM: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]`; sees all
    pixels before but, far from it, the last one of the row above.

    A layer takes 34 D^2 multiply-adds a pixel, and 16 D^2 wherever a diagonal of a full pass leaves
    the image. Arguments are those of `PixelRNN`.

    >>> tuple(DiagonalBiLSTM(2, size=4, head_channels=4)(np.zeros((1, 5, 5, 1))).shape)
    (1, 5, 5, 2)
    """

    layer = DiagonalBiLSTMLayer

    def multiply_adds(self):
        height = self.event_shape[0]
        beside = height * (height - 1)  # positions at both ends of the diagonals, outside the image
        return super().multiply_adds() + beside * 16 * self.size**2 * len(self.stack)
