"""Data drawn when asked for, in the place of an array that would not fit into memory."""

import numpy as np

_CHUNK = 1000  # drawn at once, which may take many times the memory of what is drawn


class Drawn:
    """Stands in for an array `[N, *event_shape]`.

    Indexed with a slice it gives `Drawn`, indexed with an array of positions an array.

    Args:
        draw: function of some of the items to an array `[n, *event_shape]`.
        items: what each example is drawn from, cut by slices and by arrays of positions.
        event_shape, dtype: of what is drawn.

    >>> squares = Drawn(np.square, np.arange(10), (), "int64")
    >>> squares[3:6].shape, squares[np.array([2, 4])].tolist()
    ((3,), [4, 16])
    """

    def __init__(self, draw, items, event_shape, dtype):
        self.draw = draw
        self.items = items
        self.event_shape = tuple(event_shape)
        self.dtype = np.dtype(dtype)

    @property
    def shape(self):
        return len(self), *self.event_shape

    def __len__(self):
        return len(self.items)

    def __getitem__(self, rows):
        if isinstance(rows, slice):
            return Drawn(self.draw, self.items[rows], self.event_shape, self.dtype)
        return self.draw(self.items[rows])

    def __array__(self, dtype=None, copy=None):
        array = np.empty(self.shape, self.dtype)
        for start in range(0, len(self), _CHUNK):
            rows = slice(start, start + _CHUNK)
            array[rows] = self.draw(self.items[rows])
        return np.asarray(array, dtype)
