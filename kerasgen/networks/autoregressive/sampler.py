"""Draws images from a causal network pixel by pixel, in one compiled loop, at the cost of about one pass."""

from keras import ops

from kerasgen import backend


def generate_rows(network, draw, inputs, carry, rows):
    """The next rows of images, drawn in raster order, and the carry for those that follow.

    Args:
        network: a built `CausalNetwork`.
        draw: `draw(params, inputs[i, j])` gives the pixels `[B, C]` at row i and column j, in [0, 1], from the
            network's output `[B, P]`.
        inputs: nested structure of tensors `[R, W, ...]`: the noise, and whatever else `draw` needs.
        carry: at first what `network.init_cache` gives.
        rows: R, their number.

    Returns:
        `(carry, pixels [R, W, B, C])`.
    """
    dtype = network.compute_dtype

    def column_step(carry, inputs):
        (cache, left), (column, for_draw) = carry, inputs
        params, cache, trace = network.step(cache, column, left)
        pixel = draw(params, for_draw)
        left = ops.cast(2 * pixel - 1, dtype)
        return (cache, left), (pixel, (left, trace))

    def row_step(carry, inputs):
        cache, columns = network.start_row(*carry)
        like, no_pixel = ops.zeros(ops.shape(carry[1][0])), ops.zeros_like(carry[1][0][0])
        (cache, _), (pixels, row) = backend.scan(column_step, (cache, no_pixel), (columns, inputs), (like, carry[1]))
        return (cache, row), pixels

    return backend.scan(row_step, carry, inputs, ops.zeros((rows, *ops.shape(carry[1][0]))))
