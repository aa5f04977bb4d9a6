"""The layers of PixelRNN: convolutional LSTMs along rows and along diagonals (arXiv 1601.06759).

A layer computes, at a pixel with input x and earlier states h' and c',

    o, f, i, g = x * K_is + h' * K_ss + b          c = f c' + i g,   h = o tanh(c)    (equation 3)

Row LSTM (section 3.1): h' are the three states above, c' the one above; rows follow each other.
Diagonal BiLSTM (section 3.2): h' are the states on the left and above, c' the one on the left;
diagonals follow each other. A second LSTM runs from right to left and is shifted down a row, so
that what it has seen comes before.
"""

from keras import layers, ops

from kerasgen import backend
from kerasgen.networks.autoregressive.causal import (
    CausalConv2D,
    add_bias,
    columns_of,
    horizontal_conv,
    pointwise,
    rows_of,
)


def _lstm(gates, cell):
    """h and c from the four gates `[..., 4 D]` and the earlier c."""
    o, f, i, g = ops.split(gates, 4, axis=-1)
    cell = ops.sigmoid(f) * cell + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(cell), cell


class RowLSTMLayer(layers.Layer):
    """Row LSTM: maps `[B, H, W, 2 D]` to states `[B, H, W, D]`.

    Args:
        size: D.

    >>> tuple(RowLSTMLayer(4)(np.zeros((1, 3, 5, 8), "float32")).shape)
    (1, 3, 5, 4)
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        dtype = {"dtype": self.dtype_policy}
        self.input_to_state = horizontal_conv(4 * size, 2, "B", use_bias=False, **dtype)
        self.state_to_state = CausalConv2D(4 * size, (1, 3), ((0, 0), (1, 1)), **dtype)

    def build(self, input_shape):
        for part, depth in (
            (self.input_to_state, input_shape[-1]),
            (self.state_to_state, self.size),
        ):
            part.build((*input_shape[:-1], depth))
        self.built = True

    def call(self, x, bias=None):
        gates = add_bias(self.input_to_state(x), bias)
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
        gates = add_bias(self.state_to_state(rows_of(states)), bias)
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

    >>> tuple(DiagonalLSTM(4)(np.zeros((1, 3, 5, 8), "float32")).shape)
    (1, 3, 5, 4)
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
        gates = self.input_to_state.at(ops.transpose(x, (1, 2, 0, 3)))  # [H, W, B, 4 D]
        gates = gates if bias is None else gates + bias
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

    >>> tuple(DiagonalBiLSTMLayer(4)(np.zeros((1, 3, 5, 8), "float32")).shape)
    (1, 3, 5, 4)
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
        # Above the image all is 0.
        leftward = ops.where(cache["is_first"], ops.zeros_like(leftward), leftward)
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
