"""The elements of images in turn: a causal network's word on each, whoever draws it."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen.networks.autoregressive.sampler import centred


def elements(
    start: tuple[Any, Any],
    start_row: Callable,
    of_pixel: Callable,
    of_channel: Callable | None,
    shape: Sequence[int],
    levels: int,
    read: Callable | None = None,
) -> Generator[tuple[int, np.ndarray], Any, None]:
    """Yields `(place, log_probs [n, levels])` of each element, and is sent its levels `[n]`.

    Args:
        start: what the network's `init_cache` gives.
        start_row: the network's.
        of_pixel: `of_pixel(cache, column, left, i=, j=)` gives log p of the levels of the pixel's
            first channel, the parameters of all, and the network's cache and trace.
        of_channel: `of_channel(params, pixel, channel)` gives log p of the levels of another; None
            where there is none.
        shape: of the images `[height, width, channels]`.
        levels: of an element.
        read: from the levels of a pixel `[n, channels]` to what the network reads of it, by default
            values in [-1, 1].

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(1, channels=4, num_blocks=1, head_channels=4)
    >>> likelihood = likelihoods.Autoregressive(network, likelihoods.Bernoulli())
    >>> turns = likelihood.build_for(kerasgen.events.of([4, 4, 1])).in_turn(
    ...     np.zeros((3, 4, 4, 2), "float32"))
    >>> next(turns)[0], turns.send(np.ones(3))[0]
    (0, 1)
    """
    (cache, row), (height, width, channels), place = start, shape, 0
    _, n, _ = row[0].shape

    def values(drawn):
        return (drawn / (levels - 1)).astype("float32")

    read = read or (lambda drawn: centred(values(drawn)))
    for i in range(height):
        cache, columns = start_row(cache, row)
        left, seen = ops.zeros_like(row[0][0]), []
        for j in range(width):
            column = keras.tree.map_structure(lambda x, j=j: x[j], columns)
            log_probs, params, cache, trace = of_pixel(cache, column, left, i=i, j=j)
            drawn = np.zeros((n, channels), "int32")
            for channel in range(channels):
                if channel:
                    log_probs = of_channel(params, values(drawn), channel)
                drawn[:, channel] = yield place, ops.convert_to_numpy(log_probs)
                place += 1
            left = ops.cast(read(drawn), row[0].dtype)
            seen.append((left, trace))
        row = keras.tree.map_structure(lambda *each: ops.stack(each), *seen)
