"""Gated recurrent units over elements in raster order.

    h_i = GRU(h_{i-1}, [x_{i-1}, c]),    h_0 = tanh(W c)

GRU     Cho and others, Learning Phrase Representations using RNN Encoder-Decoder, 2014 (arXiv
        1406.1078), section 2.3
LSTM    Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; its memory starts at 0
"""

import math
from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Share, Width
from kerasgen.networks.autoregressive.causal import CausalNetwork
from kerasgen.networks.autoregressive.transformer import PixelBefore
from kerasgen.networks.stack import SizedByLikelihood
from kerasgen.registration import register

_UNROLLED = 64  # elements at most; a graph of a longer row takes long to trace


@register
class CausalGRU(SizedByLikelihood, CausalNetwork):
    """GRU over the elements of `[B, H, W, C]` in raster order, to parameters `[B, H, W,
    output_channels]`.

    A condition `[B, K]` makes the first state and is read with every element, so that it is not
    forgotten.

    Args:
        output_channels: of the parameters, or None for those that a model sets.
        size: of the state.
        dropout: share of what is read and of the states left out in training.

    >>> network = CausalGRU(2, size=8)
    >>> tuple(network(np.zeros((1, 1, 5, 3)), np.zeros((1, 4))).shape)
    (1, 1, 5, 2)
    """

    layer, memories = layers.GRU, 0  # and the states beside the output

    def __init__(
        self,
        output_channels: Width | None = None,
        size: Width = 128,
        dropout: Share = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.size = size
        dtype = {"dtype": self.dtype_policy}
        self.before = PixelBefore(dtype=self.dtype_policy.name)
        self.start = layers.Dense(size, "tanh", **dtype)
        self.dropout = layers.Dropout(dropout, **dtype)
        self.set_output(output_channels)

    def add_output(self, channels):
        self.head = layers.Dense(channels, dtype=self.dtype_policy)

    def build(self, x_shape, condition_shape=None):
        is_short = math.prod(x_shape[1:3]) <= _UNROLLED
        self.recurrent = self.layer(
            self.size, return_sequences=True, unroll=is_short, dtype=self.dtype_policy
        )
        super().build(x_shape, condition_shape)

    def call(self, x, condition=None):
        height, width, channels = x.shape[1:]
        tokens = ops.reshape(self.before(x), (-1, height * width, channels))
        read = self._read(self.dropout(tokens), condition)
        states = None if condition is None else self._states(self.start(condition))
        h = self.head(self.dropout(self.recurrent(read, initial_state=states)))
        return ops.reshape(h, (-1, height, width, self.output_size))

    def _states(self, first):
        """Those before the first element, of which the output's is given."""
        return [first] + [ops.zeros_like(first)] * self.memories

    def _read(self, tokens, condition):
        """Tokens `[B, ..., C]`, each with the condition."""
        if condition is None:
            return tokens
        condition = ops.cast(condition, tokens.dtype)
        if len(tokens.shape) == 3:
            condition = ops.repeat(condition[:, None], tokens.shape[1], axis=1)
        return ops.concatenate([tokens, condition], axis=-1)

    def init_cache(self, batch_size, condition=None):
        before, row = self.before.init_cache(batch_size, condition)
        if condition is None:
            first, given = ops.zeros((batch_size, self.size), self.compute_dtype), {}
        else:
            first, given = self.start(condition), {"condition": condition}
        return {"before": before, "states": self._states(first), **given}, row

    def start_row(self, cache, row):
        before, columns = self.before.start_row(cache["before"], row)
        return {**cache, "before": before}, columns

    def step(self, cache, column, left):
        token, before, trace = self.before.step(cache["before"], column, left)
        read = self._read(token, cache.get("condition"))
        h, states = self.recurrent.cell(read, cache["states"])
        return self.head(h), {**cache, "before": before, "states": states}, trace


@register
class CausalLSTM(CausalGRU):
    """LSTM over the elements of `[B, H, W, C]`; arguments as of `CausalGRU`.

    >>> network = CausalLSTM(2, size=8)
    >>> tuple(network(np.zeros((1, 1, 5, 3)), np.zeros((1, 4))).shape)
    (1, 1, 5, 2)
    """

    layer, memories = layers.LSTM, 1
