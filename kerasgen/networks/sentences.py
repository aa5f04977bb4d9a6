"""From sentences to features."""

from typing import Any

import keras
from keras import layers, ops

from kerasgen.checks.arguments import Share, Width
from kerasgen.registration import register


@register
class SentenceEncoder(layers.Layer):
    """Tokens `[B, T]` to features `[B, 2 size]`: the largest of each state of a GRU that reads
    forwards and of one that reads backwards.

    What is the largest over all words tells codes apart from the start of training on, which the
    last state does not (Long and others, Preventing Posterior Collapse in Sequence VAEs with
    Pooling, 2019, arXiv 1911.03976).

    Args:
        vocab_size: number of tokens.
        size: of an embedded token and of a state.
        dropout: share of what is read left out in training.

    >>> tuple(SentenceEncoder(vocab_size=9, size=4)(np.zeros((2, 5), "int32")).shape)
    (2, 8)
    """

    def __init__(self, vocab_size: Width, size: Width = 128, dropout: Share = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.embedding = layers.Embedding(vocab_size, size, **dtype)
        self.dropout = layers.Dropout(dropout, **dtype)
        states = {"return_sequences": True, "unroll": True, **dtype}
        self.forwards = layers.GRU(size, **states)
        self.backwards = layers.GRU(size, go_backwards=True, **states)

    def build(self, input_shape):
        self.call(keras.KerasTensor(input_shape, "int32"))  # builds the layers
        self.built = True

    def call(self, tokens):
        tokens = ops.cast(tokens, "int32")
        x = self.dropout(self.embedding(tokens))
        states = self.forwards(x), ops.flip(self.backwards(x), axis=1)
        is_word = ops.not_equal(tokens, 0)[..., None]
        h = ops.where(is_word, ops.concatenate(states, axis=-1), -1.0)  # the least of a state
        return ops.max(h, axis=1)
