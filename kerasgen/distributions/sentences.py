"""Rows of tokens, each given those before it."""

from typing import Any

from keras import ops

from kerasgen.backend import tfd
from kerasgen.distributions.base import Distribution


class TokenSequences(Distribution):
    """Rows of tokens whose conditionals a likelihood knows.

    Args:
        likelihood: gives `log_probs(context, x, training)` `[B, T]` and draws rows by
            `draw_rows(context, uniform)` and `likeliest(context)`.
        context: `[..., C]`; `[...]` is the batch shape.
        length: T, of a row.
        training: how the likelihood's network is called.
        name: of the distribution.

    >>> from kerasgen import likelihoods, networks
    >>> part = likelihoods.AutoregressiveTokens(networks.CausalGRU(size=4), size=4, context=2)
    >>> part = part.build_for(kerasgen.events.Tokens(5, vocab_size=7))
    >>> TokenSequences(part, ops.zeros((3, 2)), 5).sample(2, seed=(0, 1)).shape
    TensorShape([2, 3, 5])
    """

    def __init__(
        self,
        likelihood: Any,
        context: Any,
        length: int,
        training: bool = False,
        name: str = "TokenSequences",
    ):
        parameters = dict(locals())
        self.likelihood = likelihood
        self.context = context
        self.length = length
        self.training = training
        super().__init__("int32", parameters, name)

    def _batch_shape(self):
        return tuple(self.context.shape[:-1])

    def _batch_shape_tensor(self):
        return ops.convert_to_tensor(ops.shape(self.context)[:-1], dtype="int32")

    def _event_shape(self):
        return (self.length,)

    def _event_shape_tensor(self):
        return ops.convert_to_tensor([self.length], dtype="int32")

    def log_probs(self, x: Any):
        """log p of every token of rows given those before it, `[..., T]` in nats."""
        leading = ops.shape(self.context)[:-1]
        x = ops.broadcast_to(x, (*leading, self.length))
        log_probs = self.likelihood.log_probs(_flat(self.context), _flat(x), self.training)
        return ops.reshape(log_probs, (*leading, self.length))

    def bag_log_probs(self, x: Any):
        """log p of every token by the context alone, `[..., T]` in nats."""
        leading = ops.shape(self.context)[:-1]
        x = ops.broadcast_to(x, (*leading, self.length))
        log_probs = self.likelihood.bag_log_probs(_flat(self.context), _flat(x))
        return ops.reshape(log_probs, (*leading, self.length))

    def _log_prob(self, x):
        return ops.sum(self.log_probs(x), axis=-1)

    def _mean(self):
        """The row in which every token is the likeliest given those before it."""
        rows = self.likelihood.likeliest(_flat(self.context))
        return ops.reshape(rows, (*ops.shape(self.context)[:-1], self.length))

    def _sample_n(self, n, seed=None):
        leading = (n, *ops.shape(self.context)[:-1])
        uniform = tfd.Uniform().sample((*leading, self.length), seed=seed)
        context = ops.broadcast_to(self.context, (*leading, self.context.shape[-1]))
        rows = self.likelihood.draw_rows(_flat(context), _flat(uniform))
        return ops.reshape(rows, (*leading, self.length))


def _flat(x):
    """`[..., N]` as `[B, N]`."""
    return ops.reshape(x, (-1, x.shape[-1]))
