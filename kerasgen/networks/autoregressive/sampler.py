"""Draws images from a causal network pixel by pixel, in one loop, at the cost of about one pass."""

from keras import ops

from kerasgen import backend

_WORTH_XLA = 4_000_000  # multiply-adds of an example


def centred(pixel):
    """Values in [0, 1] as networks read them.

    >>> centred(np.array([0.0, 1.0])).tolist()
    [-1.0, 1.0]
    """
    return 2 * pixel - 1


def examples_at_once(network):
    """How many examples one program of XLA draws best, for `backend.by_examples`.

    Their keys and values fit a processor's cache. None, for TensorFlow's graphs, where the loop is
    so short that XLA would compile for longer than it saves.

    >>> network = kerasgen.networks.PixelCNN(2, channels=4, num_blocks=1, head_channels=4)
    >>> _ = network(np.zeros((1, 5, 5, 1)))
    >>> examples_at_once(network) is None
    True
    """
    return 8 if network.multiply_adds() > _WORTH_XLA else None


def generate_rows(network, draw, inputs, carry, rows, embed=centred, like=None):
    """The next rows of images, drawn in raster order, and the carry for those that follow.

    Args:
        network: a built `CausalNetwork`.
        draw: `draw(params, inputs[i, j])` gives the pixels at row i and column j from the network's
            output `[B, P]`.
        inputs: nested structure of tensors `[R, W, ...]`: the noise, and whatever else `draw`
            needs.
        carry: at first what `network.init_cache` gives.
        rows: R, their number.
        embed: from drawn pixels to what the network reads, `[B, C]`.
        like: a tensor of the shape and type of a drawn pixel, by default of what the network reads.

    Returns:
        `(carry, pixels [R, W, *like.shape])`.

    >>> network = kerasgen.networks.PixelCNN(2, channels=4, num_blocks=1, head_channels=4)
    >>> _ = network(np.zeros((1, 2, 2, 1)))
    >>> ones = lambda params, noise: ops.ones_like(params[:, :1])
    >>> _, pixels = generate_rows(network, ones, ops.zeros((2, 2)), network.init_cache(3), rows=2)
    >>> tuple(pixels.shape)
    (2, 2, 3, 1)
    """
    width = ops.shape(carry[1][0])[0]
    no_pixel = ops.zeros_like(carry[1][0][0])
    like = ops.cast(no_pixel, "float32") if like is None else like

    def column_step(carry, inputs):
        (cache, left), (column, for_draw) = carry, inputs
        params, cache, trace = network.step(cache, column, left)
        pixel = draw(params, for_draw)
        left = ops.cast(embed(pixel), network.compute_dtype)
        return (cache, left), (pixel, (left, trace))

    def row_step(carry, inputs):
        cache, columns = network.start_row(*carry)
        start, results = (cache, no_pixel), (_stacked(like, width), carry[1])
        (cache, _), (pixels, row) = backend.scan(column_step, start, (columns, inputs), results)
        return (cache, row), pixels

    return backend.scan(row_step, carry, inputs, _stacked(like, rows, width))


def _stacked(like, *sizes):
    return ops.zeros((*sizes, *ops.shape(like)), like.dtype)
