"""Draws images from a causal network pixel by pixel, in one compiled loop, at the cost of about one pass."""

from keras import ops

from kerasgen import backend


def generate(network, draw, inputs, batch_size, condition=None):
    """Images `[H, W, B, C]`, drawn in raster order.

    Args:
        network: a built `CausalNetwork`.
        draw: `draw(params, inputs[i, j])` gives the pixels `[B, C]` at row i and column j, in [0, 1], from the
            network's output `[B, P]`.
        inputs: nested structure of tensors `[H, W, ...]`: the noise, and whatever else `draw` needs.
        batch_size: B.
        condition: one-hot `[B, classes]` of a conditional network.
    """
    dtype = network.compute_dtype
    no_pixel = ops.zeros((batch_size, network.event_shape[-1]), dtype)

    def column_step(carry, inputs):
        (cache, left), (column, for_draw) = carry, inputs
        params, cache, trace = network.step(cache, column, left)
        pixel = draw(params, for_draw)
        left = ops.cast(2 * pixel - 1, dtype)
        return (cache, left), (pixel, (left, trace))

    def row_step(carry, inputs):
        cache, columns = network.start_row(*carry)
        like = ops.zeros(ops.shape(carry[1][0])), carry[1]
        (cache, _), (pixels, row) = backend.scan(column_step, (cache, no_pixel), (columns, inputs), like)
        return (cache, row), pixels

    carry = network.init_cache(batch_size, condition)
    like = ops.zeros((network.event_shape[0], *ops.shape(carry[1][0])))
    return backend.scan(row_step, carry, inputs, like)[1]
