"""Draws images from a causal network pixel by pixel, in one compiled loop, at the cost of about one pass."""

from keras import ops

from kerasgen import backend


def centred(pixel):
    return 2 * pixel - 1


def generate_rows(network, draw, inputs, carry, rows, embed=centred, channels=None):
    """The next rows of images, drawn in raster order, and the carry for those that follow.

    Args:
        network: a built `CausalNetwork`.
        draw: `draw(params, inputs[i, j])` gives the pixels `[B, channels]` at row i and column j from the network's
            output `[B, P]`.
        inputs: nested structure of tensors `[R, W, ...]`: the noise, and whatever else `draw` needs.
        carry: at first what `network.init_cache` gives.
        rows: R, their number.
        embed: pixels `[B, channels]` to what the network reads, `[B, C]`.
        channels: of a drawn pixel; those that the network reads by default.

    Returns:
        `(carry, pixels [R, W, B, channels])`.
    """
    width, batch_size, depth = ops.shape(carry[1][0])
    drawn = width, batch_size, channels or depth
    no_pixel = ops.zeros_like(carry[1][0][0])

    def column_step(carry, inputs):
        (cache, left), (column, for_draw) = carry, inputs
        params, cache, trace = network.step(cache, column, left)
        pixel = draw(params, for_draw)
        left = ops.cast(embed(pixel), network.compute_dtype)
        return (cache, left), (pixel, (left, trace))

    def row_step(carry, inputs):
        cache, columns = network.start_row(*carry)
        like = ops.zeros(drawn), carry[1]
        (cache, _), (pixels, row) = backend.scan(
            column_step, (cache, no_pixel), (columns, inputs), like
        )
        return (cache, row), pixels

    return backend.scan(row_step, carry, inputs, ops.zeros((rows, *drawn)))
