"""Work batch by batch, so that memory does not grow with the number of examples."""

import keras
import numpy as np


def blocks(n, size, *arrays):
    """Yields, for every `size` of n rows, how many they are and the rows of each array, None for None."""
    for start in range(0, n, size):
        rows = slice(start, min(n, start + size))
        yield rows.stop - start, *(None if array is None else array[rows] for array in arrays)


def mapped(function, size, array):
    """`function` of `size` rows of an array at a time, all together, as a NumPy array `[N, ...]`."""
    parts = [keras.ops.convert_to_numpy(function(rows)) for _, rows in blocks(len(array), size, array)]
    return np.concatenate(parts)
