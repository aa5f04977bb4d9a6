"""Work in blocks of rows, so that memory does not grow with the number of examples."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend


def blocks(n: int, size: int, *arrays: Any) -> Iterator[tuple]:
    """For every `size` of n rows, how many they are and the rows of each array, None for None.

    >>> [(count, rows.tolist()) for count, rows in blocks(5, 2, np.arange(5))]
    [(2, [0, 1]), (2, [2, 3]), (1, [4])]
    """
    for start in range(0, n, size):
        rows = slice(start, min(n, start + size))
        yield rows.stop - start, *(_each(lambda x, rows=rows: x[rows], array) for array in arrays)


def padded_blocks(n: int, size: int, *arrays: Any) -> Iterator[tuple]:
    """As `blocks`, every block filled up by its last row to a power of two.

    A compiled function then meets few sizes, and compiles anew for no more than these.

    Yields:
        How many rows count, how many there are, and the rows of each array.

    >>> [(count, size) for count, size, _ in padded_blocks(7, 4, np.arange(7))]
    [(4, 4), (3, 4)]
    """
    for count, *rows in blocks(n, size, *arrays):
        full = padded(count, size)
        yield count, full, *(_each(lambda x, by=full - count: _filled(x, by), row) for row in rows)


def padded(count: int, most: int) -> int:
    """The next power of two from `count` on, `most` at most.

    >>> [padded(count, 100) for count in (1, 3, 64, 65)]
    [1, 4, 64, 100]
    """
    return min(most, 1 << (count - 1).bit_length())


def in_blocks(function: Callable, n: int, size: int, *arrays: Any):
    """`function` of padded blocks of the arrays, all together: tensors `[n, ...]`.

    Inside a traced function, where n may not be known, it is one block.

    >>> in_blocks(lambda x: 2 * x, 5, 2, ops.arange(5)).numpy().tolist()
    [0, 2, 4, 6, 8]
    """
    if not isinstance(n, int) or not backend.is_concrete(keras.tree.flatten(arrays[0])[0]):
        return function(*arrays)
    results = [
        _each(lambda x, count=count: x[:count], function(*rows))
        for count, _, *rows in padded_blocks(n, size, *arrays)
    ]
    return joined(results)


def joined(results: list):
    """Nested structures of tensors, one a block, as one.

    >>> joined([ops.zeros((2, 3)), ops.ones((1, 3))]).shape[0]
    3
    """
    if len(results) == 1:
        return results[0]
    return keras.tree.map_structure(lambda *parts: ops.concatenate(parts), *results)


def count(x: Any) -> int:
    """Number of examples in a batch, which may be a nested structure.

    >>> count({"image": np.zeros((5, 8, 8, 1)), "label": np.zeros(5)})
    5
    """
    return ops.shape(keras.tree.flatten(x)[0])[0]


def mapped(function: Callable, size: int, array: Any) -> np.ndarray:
    """`function` of `size` rows of an array at a time, all together, as NumPy `[N, ...]`.

    >>> mapped(ops.square, 2, np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 4.0, 9.0]
    """
    return np.concatenate(
        [ops.convert_to_numpy(function(rows)) for _, rows in blocks(len(array), size, array)]
    )


def _each(function, x):
    return None if x is None else keras.tree.map_structure(function, x)


def _filled(x, by):
    return x if not by else ops.concatenate([x, ops.repeat(x[-1:], by, axis=0)])


def parted(x: Any, sizes: Sequence[int]) -> list:
    """The last axis of x in parts of these sizes; one is enough, as it is not for `ops.split`.

    >>> [part.tolist() for part in parted(np.arange(5), (2, 3))]
    [[0, 1], [2, 3, 4]]
    """
    return [x[..., end - size : end] for size, end in zip(sizes, np.cumsum(sizes))]
