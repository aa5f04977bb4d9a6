"""PixelRNN: van den Oord, Kalchbrenner and Kavukcuoglu, Pixel Recurrent Neural Networks (arXiv
1601.06759).

A masked convolution, then residual LSTM layers. A layer computes, at a pixel with input x and
earlier states h' and c',

    o, f, i, g = x * K_is + h' * K_ss + b          c = f c' + i g,   h = o tanh(c)        (equation
    3)

Row LSTM (section 3.1): h' are the three states above, c' the one above; rows follow each other.
Diagonal BiLSTM (section 3.2): h' are the states on the left and above, c' the one on the left;
diagonals follow each other. A second LSTM runs from right to left and is shifted down a row, so
that what it has seen comes before. What it reads at a pixel excludes the pixel, so that the last
one of the row above is seen only as far as the first kernel
reaches: a blind spot of one pixel.
"""

from keras import layers, ops

from kerasgen import backend
from kerasgen.networks.autoregressive.causal import (
    CausalConv2D,
    CausalNetwork,
    Head,
    check_kernel,
    columns_of,
    plus,
    pointwise,
    rows_of,
    shared_bias,
    up_to,
)
from kerasgen.networks.autoregressive.pixelcnn import MaskedConv
from kerasgen.networks.layers import SizedByLikelihood
from kerasgen.registration import register


def _lstm(gates, cell):
    """h and c from the four gates `[..., 4 D]` and the earlier c."""
    o, f, i, g = ops.split(gates, 4, axis=-1)
    cell = ops.sigmoid(f) * cell + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(cell), cell


class RowLSTMLayer(layers.Layer):
    """Row LSTM: maps `[B, H, W, 2 D]` to states `[B, H, W, D]`.

    Args:
        size: D.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        dtype = {"dtype": self.dtype_policy}
        self.input_to_state = up_to(4 * size, 2, use_bias=False, **dtype)
        self.state_to_state = CausalConv2D(4 * size, (1, 3), ((0, 0), (1, 1)), **dtype)

    def build(self, input_shape):
        for part, depth in (
            (self.input_to_state, input_shape[-1]),
            (self.state_to_state, self.size),
        ):
            part.build((*input_shape[:-1], depth))
        self.built = True

    def call(self, x, bias=None):
        gates = plus(self.input_to_state(x), shared_bias(bias))
        nothing = ops.zeros_like(gates[:, :1, :, : self.size])

        def row(carry, gates):
            h, c = _lstm(gates + self.state_to_state(carry[0]), carry[1])
            return (h, c), h

        rows = ops.transpose(gates, (1, 0, 2, 3))[:, :, None]  # [H, B, 1, W, 4 D]
        _, states = backend.scan(row, (nothing, nothing), rows, rows[..., : self.size])
        return ops.transpose(states[:, :, 0], (1, 0, 2, 3))

    def init_cache(self, batch_size, width):
        nothing = ops.zeros((width, batch_size, self.size), self.compute_dtype)
        return (), (nothing, nothing)

    def nothing_left(self, batch_size):
        return ops.zeros((batch_size, 2 * self.size), self.compute_dtype)

    def start_row(self, cache, traces, bias):
        states, cells = traces
        gates = plus(self.state_to_state(rows_of(states)), shared_bias(bias))
        return cache, (columns_of(gates), cells)

    def step(self, left, column, x):
        gates, cell = column
        h, c = _lstm(gates + self.input_to_state.at(ops.concatenate([left, x], axis=-1)), cell)
        return h, x, (h, c)


class DiagonalLSTM(layers.Layer):
    """One direction of the Diagonal BiLSTM, from left to right: maps `[B, H, W, 2 D]` to states
    `[B, H, W, D]`.

    Args:
        size: D.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        dtype = {"dtype": self.dtype_policy}
        self.input_to_state = pointwise(4 * size, **dtype)
        self.from_left = layers.Dense(4 * size, use_bias=False, **dtype)
        self.from_above = layers.Dense(4 * size, use_bias=False, **dtype)

    def build(self, input_shape):
        self.input_to_state.build(input_shape)
        for part in (self.from_left, self.from_above):
            part.build((None, self.size))
        self.built = True

    def call(self, x, bias=None):
        gates = plus(self.input_to_state.at(ops.transpose(x, (1, 2, 0, 3))), bias)  # [H, W, B, 4 D]
        diagonals = _skew(gates)
        nothing = ops.zeros_like(diagonals[0, ..., : self.size])

        def diagonal(carry, gates):
            # Left of the image gates are 0, so that states are too; right of it nothing leads back
            # inside.
            h, c = carry
            above = ops.pad(h[:-1], ((1, 0), (0, 0), (0, 0)))
            h, c = _lstm(gates + self.from_left(h) + self.from_above(above), c)
            return (h, c), h

        _, states = backend.scan(
            diagonal, (nothing, nothing), diagonals, diagonals[..., : self.size]
        )
        return ops.transpose(_unskew(states), (2, 0, 1, 3))

    def row(self, x, above, bias, reverse=False):
        """A row of states `[W, B, D]` from the row's inputs and the states above, all columns in
        turn.
        """
        gates = self.input_to_state.at(x) + self.from_above(above)
        gates = gates if bias is None else gates + bias
        nothing = ops.zeros_like(above[0])

        def column(carry, gates):
            h, c = _lstm(gates + self.from_left(carry[0]), carry[1])
            return (h, c), h

        gates = ops.flip(gates, axis=0) if reverse else gates
        states = backend.scan(column, (nothing, nothing), gates, above)[1]
        return ops.flip(states, axis=0) if reverse else states


class DiagonalBiLSTMLayer(layers.Layer):
    """Both directions: maps `[B, H, W, 2 D]` to states `[B, H, W, D]`.

    Args:
        size: D.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        dtype = {"dtype": self.dtype_policy}
        self.rightward = DiagonalLSTM(size, **dtype)
        self.leftward = DiagonalLSTM(size, **dtype)

    def build(self, input_shape):
        self.rightward.build(input_shape)
        self.leftward.build(input_shape)
        self.built = True

    def call(self, x, bias=None):
        leftward = ops.flip(self.leftward(ops.flip(x, axis=2), bias), axis=2)
        return self.rightward(x, bias) + ops.pad(leftward[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))

    def init_cache(self, batch_size, width):
        dtype = self.compute_dtype
        states = ops.zeros((width, batch_size, self.size), dtype)
        inputs = ops.zeros((width, batch_size, 2 * self.size), dtype)
        return {"leftward": states, "is_first": ops.ones((), "bool")}, (states, inputs)

    def nothing_left(self, batch_size):
        nothing = ops.zeros((batch_size, self.size), self.compute_dtype)
        return nothing, nothing

    def start_row(self, cache, traces, bias):
        states, inputs = traces
        leftward = self.leftward.row(inputs, cache["leftward"], bias, reverse=True)
        leftward = ops.where(
            cache["is_first"], ops.zeros_like(leftward), leftward
        )  # above the image all is 0
        gates = self.rightward.from_above(states)
        gates = gates if bias is None else gates + bias
        return {"leftward": leftward, "is_first": ops.zeros((), "bool")}, (gates, leftward)

    def step(self, left, column, x):
        gates, leftward = column
        h, c = left
        h, c = _lstm(gates + self.rightward.input_to_state.at(x) + self.rightward.from_left(h), c)
        return h + leftward, (h, c), (h, x)


def _skew(x):
    """The diagonals of `[H, W, B, D]`, `[W + H - 1, H, B, D]`: row i is shifted by i, and beside it
    all is 0.
    """
    last = x.shape[0] - 1
    rows = [ops.pad(row, ((i, last - i), (0, 0), (0, 0))) for i, row in enumerate(ops.unstack(x))]
    return ops.stack(rows, axis=1)


def _unskew(x):
    """Undoes `_skew`."""
    width = x.shape[0] - x.shape[1] + 1
    return ops.stack([row[i : i + width] for i, row in enumerate(ops.unstack(x, axis=1))])


class PixelRNN(SizedByLikelihood, CausalNetwork):
    """Base of the two networks, which differ in the layer.

    Args:
        output_channels: of the parameters, or None for those that a model sets.
        size: D, of the states; the maps between layers are 2 D deep.
        num_layers: LSTM layers.
        first_kernel_size: an odd number, of the masked convolution that reads the image.
        head_channels: of the hidden layer before the output.
    """

    def __init__(
        self,
        output_channels=None,
        size=32,
        num_layers=1,
        first_kernel_size=7,
        head_channels=64,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.config = {
            "output_channels": output_channels,
            "size": size,
            "num_layers": num_layers,
            "first_kernel_size": check_kernel("first_kernel_size", first_kernel_size),
            "head_channels": head_channels,
        }
        dtype = {"dtype": self.dtype_policy}
        self.first = MaskedConv(2 * size, first_kernel_size, first=True, **dtype)
        self.stack = [self.layer(size, **dtype) for _ in range(num_layers)]
        self.expand = [pointwise(2 * size, **dtype) for _ in range(num_layers)]
        self.class_bias = layers.Dense(
            4 * size * num_layers, use_bias=False, name="class_bias", **dtype
        )
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = Head(self.config["head_channels"], channels, dtype=self.dtype_policy)

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

    def get_config(self):
        return {**super().get_config(), **self.config}


@register
class RowLSTM(PixelRNN):
    """Row LSTM: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]`; sees the triangle
    above a pixel.

    A layer takes 30 D^2 multiply-adds a pixel. Arguments are those of `PixelRNN`.
    """

    layer = RowLSTMLayer


@register
class DiagonalBiLSTM(PixelRNN):
    """Diagonal BiLSTM: images `[B, H, W, C]` to parameters `[B, H, W, output_channels]`; sees all
    pixels before but, far from it, the last one of the row above.

    A layer takes 34 D^2 multiply-adds a pixel, and 16 D^2 wherever a diagonal of a full pass leaves
    the image. Arguments are those of `PixelRNN`.
    """

    layer = DiagonalBiLSTMLayer

    def multiply_adds(self):
        height = self.event_shape[0]
        beside = height * (height - 1)  # positions at both ends of the diagonals, outside the image
        return (
            super().multiply_adds()
            + beside * 16 * self.config["size"] ** 2 * self.config["num_layers"]
        )
