"""PixelRNN's layers against equation (3) of the paper, pixel by pixel, and what they see."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from test_autoregressive import influence

from kerasgen.networks.autoregressive.lstm import DiagonalBiLSTMLayer, RowLSTMLayer

SIZE, SHAPE = 3, (2, 4, 5, 6)


def equation(gates, cell):
    o, f, i, g = ops.split(gates, 4, axis=-1)
    cell = ops.sigmoid(f) * cell + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(cell), cell


def diagonal_by_pixel(part, x, bias):
    """States of one direction by position, `[B, D]` each; outside the image all are 0."""
    states, nothing = {}, ops.zeros((SHAPE[0], SIZE))
    for i, j in itertools.product(range(SHAPE[1]), range(SHAPE[2])):
        left, cell = states.get((i, j - 1), (nothing, nothing))
        above, _ = states.get((i - 1, j), (nothing, nothing))
        gates = (
            part.input_to_state.at(x[:, i, j])
            + part.from_left(left)
            + part.from_above(above)
            + bias
        )
        states[i, j] = equation(gates, cell)
    return {place: state for place, (state, _) in states.items()}


def diagonal_bilstm_by_pixel(layer, x, bias):
    """The second LSTM runs from right to left, and a pixel sees what it knew one row up."""
    rightward = diagonal_by_pixel(layer.rightward, x, bias)
    leftward = diagonal_by_pixel(layer.leftward, ops.flip(x, axis=2), bias)
    width = SHAPE[2]
    total = {
        (i, j): state + leftward.get((i - 1, width - 1 - j), 0)
        for (i, j), state in rightward.items()
    }
    return ops.stack(
        [ops.stack([total[i, j] for j in range(width)], axis=1) for i in range(SHAPE[1])], axis=1
    )


def row_lstm_by_pixel(layer, x, bias):
    """States come from the three above, cells from the one above; the input is the pixel and the
    one on its left.
    """
    width, states, nothing = SHAPE[2], {}, ops.zeros((SHAPE[0], SIZE))
    for i, j in itertools.product(range(SHAPE[1]), range(width)):
        above = [states.get((i - 1, k), (nothing, nothing)) for k in (j - 1, j, j + 1)]
        pixels = [x[:, i, j - 1] if j else ops.zeros_like(x[:, i, j]), x[:, i, j]]
        gates = layer.input_to_state.at(ops.concatenate(pixels, axis=-1)) + bias
        gates = gates + layer.state_to_state.at(
            ops.concatenate([state for state, _ in above], axis=-1)
        )
        states[i, j] = equation(gates, above[1][1])
    return ops.stack(
        [ops.stack([states[i, j][0] for j in range(width)], axis=1) for i in range(SHAPE[1])],
        axis=1,
    )


LAYERS = {
    "diagonal": (DiagonalBiLSTMLayer, diagonal_bilstm_by_pixel),
    "row": (RowLSTMLayer, row_lstm_by_pixel),
}


@pytest.mark.parametrize(
    "batch_size", [None, SHAPE[0]]
)  # a loop over lists of tensors needs to know it
@pytest.mark.parametrize("name", LAYERS)
def test_states_and_gradients_are_those_of_the_equation(name, batch_size):
    make, by_pixel = LAYERS[name]
    layer, rng = make(SIZE), np.random.default_rng(0)
    layer.build(SHAPE)
    for weight in layer.trainable_weights:
        weight.assign(rng.standard_normal(weight.shape))
    x, bias = (
        tf.constant(rng.standard_normal(shape), "float32")
        for shape in (SHAPE, (SHAPE[0], 4 * SIZE))
    )
    toward = rng.standard_normal((*SHAPE[:3], SIZE))

    def gradients(function, x, bias):
        with tf.GradientTape() as tape:
            tape.watch((x, bias))
            states = function(x, bias)
            loss = ops.sum(states * toward)
        return states, tape.gradient(
            loss, [x, bias, *(weight.value for weight in layer.trainable_weights)]
        )

    specs = [tf.TensorSpec((batch_size, *each.shape[1:])) for each in (x, bias)]
    found, slopes = tf.function(lambda *args: gradients(layer, *args), input_signature=specs)(
        x, bias
    )
    expected, expected_slopes = gradients(lambda *args: by_pixel(layer, *args), x, bias)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    for have, want in zip(slopes, expected_slopes, strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-5)


def test_the_row_lstm_sees_the_triangle_above_a_pixel():
    found = influence("row_lstm", (4, 9, 1)).reshape(4, 9, 4, 9)
    for row, column in itertools.product(range(4), range(9)):
        rows, columns = np.indices((4, 9))
        # Beside the triangle: the 3x3 kernel that reads the image, and in each layer the input's
        # one step to the left.
        widest = column + (row - rows)
        ahead = (rows < row) & (columns > widest + 1) | (rows == row) & (columns >= column)
        assert np.all(found[:, :, row, column][ahead] < 1e-6)
        assert np.all(found[:row, :, row, column][columns[:row] == widest[:row]] > 1e-7)
