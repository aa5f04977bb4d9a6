"""Stages of PixelCNN++ at several resolutions (Salimans and others 2017, arXiv 1701.05517, sections
2.3 and 2.4).

A cell of 2x2 positions sees what the position at its upper left sees, which comes before all four.
So a stage of half the resolution is computed at every other row and column.
"""

import math

import numpy as np
from keras import layers, ops, tree

from kerasgen.networks.autoregressive.causal import CausalConv2D, columns_of, pointwise, rows_of
from kerasgen.networks.autoregressive.streams import DownBlock, RightBlock, RightConv
from kerasgen.networks.layers import DepthToSpace


class TwoStreams:
    """Blocks of both streams at one resolution, and between their halves the stages below it: a
    mixin before a layer class.

    The second half reads the outputs of the first, last one first, and where there is a stage below
    also the first's input. A `trace` is what a position leaves for those after it: nested tensors
    `[B, ...]`, of a row `[W, B, ...]`.

    >>> issubclass(HalfResolution, TwoStreams)
    True
    """

    def add_blocks(self, channels, num_blocks, num_stages):
        """Creates `num_blocks` blocks of each half, and `num_stages - 1` stages below."""
        dtype = {"dtype": self.dtype_policy}
        self.half = num_blocks
        has_inner = num_stages > 1
        is_second = [False] * num_blocks + [True] * (num_blocks + has_inner)
        self.down = [DownBlock(channels, second, **dtype) for second in is_second]
        self.right = [RightBlock(channels, second, **dtype) for second in is_second]
        self.inner = None
        if has_inner:
            self.inner = HalfResolution(channels, num_blocks, num_stages - 1, **dtype)

    def count_blocks(self):
        """Of one stream, those of the stages below included."""
        return len(self.down) + (self.inner.count_blocks() if self.inner else 0)

    def products(self):
        """Multiply-adds by a position, a stage below being shared by four."""
        below = {id(weight) for weight in self.inner.weights} if self.inner else ()
        own = (w for w in self.weights if id(w) not in below and "class_bias" not in w.path)
        kernels = sum(math.prod(w.shape) for w in own if w.name == "kernel")
        return kernels + (self.inner.products() / 4 if self.inner else 0)

    def streams(self, down, right, biases):
        """The last output of both streams, `[B, H, W, C]`, from the first input."""
        biases, below = self._shared_out(biases)
        downs, rights = [down], [right]
        for i in range(self.half):
            downs.append(self.down[i](downs[-1], None, biases[2 * i]))
            rights.append(self.right[i](rights[-1], downs[-1], None, biases[2 * i + 1]))
        down, right = downs[-1], rights[-1]
        if self.inner:
            down, right = self.inner(down, right, below)
        for i in range(self.half, len(self.down)):
            skip = 2 * self.half - i
            down = self.down[i](down, downs[skip], biases[2 * i])
            right = self.right[i](right, down, rights[skip], biases[2 * i + 1])
        return down, right

    def _shared_out(self, biases):
        """The biases of the blocks here, and those of the stages below."""
        own = 2 * len(self.down)
        return biases[:own], biases[own:]

    def nothing(self, like, biases):
        """The state of the down stream and the traces of a row, before the first row.

        Args:
            like: a row `[B, 1, W, C]` of zeros.
        """
        twice = ops.concatenate([like, like], axis=-1)
        pair = [columns_of(twice)] * 2
        state = {"down": [[twice, twice]] * len(self.down)}
        traces = {"blocks": [pair] * len(self.right)}
        if self.inner:
            rest = self._shared_out(biases)[1]
            below, inner = self.inner.nothing(like[:, :, ::2], rest)
            traces |= {"end": columns_of(like), "inner": _at_positions(inner)}
            traces["up"] = ops.concatenate([pair[0], pair[0]], axis=-1)
            both = ops.concatenate([like, like], axis=1)
            _, *unread = self.inner.start_cells(both, below, traces, rest, 0)  # for their shapes
            state |= {"end": like, "inner": (below, *unread)}
        return state, traces

    def start(self, down, state, traces, biases, row):
        """A row's down stream, and what its columns take from it and from the row above.

        Args:
            down: the row's first input `[B, 1, W, C]`.
            state: of the down stream, from the row above.
            traces: of the row above.
            row: its index.

        Returns:
            The state, the last output `[B, 1, W, C]`, and the columns, nested tensors `[W, ...]`.
        """
        biases, below = self._shared_out(biases)
        downs, read = [down], []

        def block(i, y, skip=None):
            y, inputs = self.down[i].row(y, skip, biases[2 * i], state["down"][i])
            read.append(inputs)
            return y

        for i in range(self.half):
            downs.append(block(i, downs[-1]))
        heard, columns, result = downs[1:], {}, {"down": read}
        down = downs[-1]
        if self.inner:
            both = ops.concatenate([state["end"], down], axis=1)
            cells = ops.cond(
                ops.equal(row % 2, 0),
                lambda: self.inner.start_cells(both, state["inner"][0], traces, below, row // 2),
                lambda: state["inner"],
            )
            result |= {"end": down, "inner": cells}
            _, up, inner_columns = cells
            columns["inner"] = _at_positions(inner_columns)
            columns["kept"] = {name: traces[name] for name in ("inner", "up")}
            columns["cell"] = 2 * (row % 2) + ops.arange(down.shape[2]) % 2
            down = _row_of_cells(up, row % 2, down.shape)
        for i in range(self.half, len(self.down)):
            down = block(i, down, downs[2 * self.half - i])
            heard.append(down)
        columns["blocks"] = [
            block.row(trace, y, bias)
            for block, trace, y, bias in zip(self.right, traces["blocks"], heard, biases[1::2])
        ]
        return result, down, columns

    def at(self, x, column, left):
        """One position: the right stream's last output `[B, C]` and the trace.

        Args:
            x: the stream's first input.
            column: of `start`.
            left: the trace of the position on the left.
        """
        outputs, reads = [x], []

        def block(i, y, skip=None):
            y, read = self.right[i].at(y, skip, column["blocks"][i], left["blocks"][i])
            reads.append(read)
            return y

        for i in range(self.half):
            outputs.append(block(i, outputs[-1]))
        y, trace = outputs[-1], {"blocks": reads}
        if self.inner:
            trace |= {"end": y, **self._cell(y, column, left)}
            cells = ops.reshape(trace["up"], (-1, 4, y.shape[-1]))
            y = ops.take(cells, column["cell"], axis=1)
        for i in range(self.half, len(self.right)):
            y = block(i, y, outputs[2 * self.half - i])
        return y, trace

    def _cell(self, y, column, left):
        """The cell that a position is in: computed at its upper left, known at the other three."""
        cell, names = column["cell"], ("inner", "up")

        def known():  # from the left in the cell's first row, else from above
            return tree.map_structure(
                lambda here, above: ops.where(cell < 2, here, above),
                {name: left[name] for name in names},
                column["kept"],
            )

        return ops.cond(
            ops.equal(cell, 0), lambda: self.inner.at_cell(y, column["inner"], left), known
        )


class HalfResolution(TwoStreams, layers.Layer):
    """A stage of both streams between a convolution of stride 2 and its transpose.

    Args:
        channels: of both streams.
        num_blocks: gated residual blocks of each half.
        num_stages: this one and those below.

    >>> x = np.zeros((1, 4, 6, 3), "float32")
    >>> down, right = HalfResolution(3, num_blocks=1, num_stages=1)(x, x, [None] * 4)
    >>> down.shape
    TensorShape([1, 4, 6, 3])
    """

    def __init__(self, channels, num_blocks, num_stages, **kwargs):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.enter_down = CausalConv2D(channels, (2, 3), ((1, 0), (1, 1)), strides=2, **dtype)
        self.enter_right = RightConv(channels, strides=2, **dtype)
        self.add_blocks(channels, num_blocks, num_stages)
        # Four outputs a cell, one for each position.
        self.leave_down = CausalConv2D(4 * channels, (1, 2), ((0, 0), (0, 1)), **dtype)
        self.leave_right = pointwise(4 * channels, **dtype)
        self.to_positions = DepthToSpace(**dtype)

    def build(self, input_shape):
        self.built = True  # the layers are built as they are called

    def call(self, down, right, biases):
        down, right = self.streams(self.enter_down(down), self.enter_right(right), biases)
        return self.to_positions(self.leave_down(down)), self.to_positions(self.leave_right(right))

    def start_cells(self, both, state, traces, biases, row):
        """As `start`, from two rows `[B, 2, 2 W, C]` and the traces of the resolution above.

        The output is of four channels a cell.
        """
        down = self.enter_down(both, window=True)
        inner = tree.map_structure(lambda t: t[::2], traces["inner"])
        state, down, columns = self.start(down, state, inner, biases, row)
        enter = self.enter_right.above(rows_of(traces["end"]), window=True)
        columns["enter"] = columns_of(enter)
        return state, self.leave_down(down, window=True), columns

    def at_cell(self, y, column, left):
        """The trace of a cell and what its four positions take, from its first position."""
        pair = ops.concatenate([left["end"], y], axis=-1)
        x = self.enter_right.left.at(pair) + column["enter"]
        y, trace = self.at(x, column, left["inner"])
        return {"inner": trace, "up": self.leave_right.at(y)}


def _row_of_cells(up, parity, shape):
    """The first or the second row of positions, `[B, 1, W, C]`, of cells `[B, 1, W / 2, 4 C]`."""
    _, _, width, channels = shape
    rows = ops.reshape(up, (-1, width // 2, 2, 2 * channels))
    return ops.reshape(ops.take(rows, parity, axis=2), (-1, 1, width, channels))


def _at_positions(cells):
    """Columns `[W / 2, ...]` of cells, each for both of its positions, `[W, ...]`."""
    # Not ops.repeat, after which TensorFlow does not know the shapes that TFLite needs.
    return tree.map_structure(
        lambda t: ops.take(t, np.repeat(np.arange(t.shape[0]), 2), axis=0), cells
    )
