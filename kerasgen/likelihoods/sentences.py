"""The likelihood of rows of tokens: each given those before it and what a network says of all.

    p(x | c) = product over t of p(x_t | x_1, ..., x_{t-1}, c),     c the network's output

Of sentences the product ends with the first end: what follows is certain.
"""

from typing import Any

import keras
from keras import layers, ops

from kerasgen import backend
from kerasgen.checks.arguments import Amount, Layer, Share, Switch, Width
from kerasgen.decoding import Sampler
from kerasgen.events import Tokens
from kerasgen.likelihoods.base import Likelihood, bounded
from kerasgen.networks.autoregressive.sampler import generate_rows
from kerasgen.registration import register


@register
class AutoregressiveTokens(Likelihood):
    """Tokens by a causal network that reads those before, embedded, and a context.

    The embedding is the last layer, too (Press and Wolf, Using the Output Embedding to Improve
    Language Models, 2017, arXiv 1608.05859).

    Args:
        network: from `kerasgen.networks.autoregressive`, such as `CausalGRU`; its `output_channels`
            are left open.
        size: of an embedded token.
        context: C, how many numbers the decoder is to tell of a row; 0 for a language model.
        word_dropout: share of the tokens before that are left out in training, so that more is left
            to the code (Bowman and others, Generating Sentences from a Continuous Space, 2016,
            arXiv 1511.06349).
        bag_of_words: whether the context alone is to predict the words in any order, too, which
            `objectives.BagOfWords` asks for.

    Raises:
        ValueError: an event that is no row of tokens.

    >>> network = kerasgen.networks.CausalGRU(size=8)
    >>> likelihood = AutoregressiveTokens(network, size=8, context=3)
    >>> likelihood.build_for(kerasgen.events.Tokens(5, vocab_size=7)).output_shape
    (3,)
    """

    support = "rows of tokens"
    events = (Tokens,)
    autoregressive = True
    event = None  # until it is built

    def __init__(
        self,
        network: Layer,
        size: Width = 128,
        context: Amount = 0,
        word_dropout: Share = 0.0,
        bag_of_words: Switch = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.network = network
        self.size = size
        self.context = context
        self.word_dropout = layers.Dropout(word_dropout, noise_shape=(None, None, 1))
        self.bag = None
        self.has_bag = bag_of_words

    def _check(self, event):
        super()._check(event)
        if len(event.shape) != 1:
            raise ValueError(
                f"Expected an event of rows of tokens, Tokens(length, ...). Received: {event!r}. "
                "Use CategoricalTokens, or one row."
            )

    def build(self, input_shape):
        (length,), size = input_shape[1:], self.size
        vocab_size = self.event.vocab_size
        scale = keras.initializers.RandomNormal(stddev=size**-0.5)
        self.embedding = self.add_weight(
            name="embedding", shape=(vocab_size, size), initializer=scale
        )
        self.bias = self.add_weight(name="bias", shape=(vocab_size,), initializer="zeros")
        self.network.set_output(size)
        context = keras.KerasTensor((None, self.context)) if self.context else None
        self.network(keras.KerasTensor((None, 1, length, size)), context)
        if self.has_bag:
            self.bag = layers.Dense(vocab_size, dtype="float32", name="bag")
            self.bag.build((None, self.context))
        self.built = True

    def get_build_config(self):
        """None: only `build_for` builds it, which knows the event."""
        return None

    @property
    def end(self):
        """The token behind which all are it; -1, which none is, where there is no end."""
        end = getattr(self.event, "end", None)
        return -1 if end is None else end

    @property
    def output_shape(self):
        return (self.context,)

    def distribution(self, params, training=False):
        from kerasgen.distributions import TokenSequences  # imports TFP

        context = ops.cast(params, "float32")
        return TokenSequences(self, context, self.event.shape[0], training)

    def faults(self, x):
        over = self._is_over(x)
        return {"tokens behind an end": ops.any(ops.logical_and(over, ops.not_equal(x, self.end)))}

    def validate(self, x):
        if not backend.is_concrete(x):
            return
        if any(map(bool, self.faults(ops.convert_to_tensor(x)).values())):
            raise ValueError(
                f"Expected rows that are {self.end} from their first {self.end} on. "
                "Received: tokens behind it. Encode sentences by the event's vocabulary."
            )

    def log_probs(self, context, x, training=False):
        """log p of every token of rows `[B, T]` given those before it, `[B, T]` in nats; behind an
        end 0."""
        read = self.word_dropout(ops.take(self.embedding, x, axis=0), training=training)
        h = self.network(read[:, None], context, training=training)[:, 0]
        nll = ops.sparse_categorical_crossentropy(x, self._logits(h), from_logits=True)
        return ops.where(self._is_over(x), 0.0, -nll)

    def bag_log_probs(self, context, x):
        """log p of every token `[B, T]` by the context alone, `[B, T]` in nats; 0 behind an end."""
        logits = ops.repeat(bounded(self.bag(context))[:, None], x.shape[1], axis=1)
        nll = ops.sparse_categorical_crossentropy(x, logits, from_logits=True)
        return ops.where(self._is_over(x), 0.0, -nll)

    def draw_rows(self, context, uniform, sampler=Sampler(), given=None):  # noqa: B008, frozen
        """Rows `[B, T]` int32, token by token.

        Args:
            context: `[B, C]`, or None without one.
            uniform: numbers uniform on [0, 1), `[B, T]`.
            sampler: how a token is drawn from logits.
            given: tokens `[B, T]` that stand there already, -1 where one is to be drawn; or None.
        """
        given = ops.full(ops.shape(uniform), -1, "int32") if given is None else given

        def draw(h, told):
            number, known = told
            return ops.where(known >= 0, known, sampler(self._logits(h), number))

        inputs = tuple(ops.transpose(each)[None] for each in (uniform, given))
        return self._generated(context, inputs, draw)

    def likeliest(self, context):
        """Rows `[B, T]` int32 of which every token is the likeliest given those before it."""

        def draw(h, _):
            # Keras' argmax has an operator that TFLite lacks.
            return ops.cast(ops.top_k(self._logits(h), 1)[1][..., 0], "int32")

        nothing = ops.zeros((1, self.event.shape[0], ops.shape(context)[0]))
        return self._generated(context, (nothing,), draw)

    def _generated(self, context, inputs, draw):
        batch_size = ops.shape(inputs[0])[-1]
        rows = generate_rows(
            self.network,
            draw,
            inputs,
            self.network.init_cache(batch_size, context),
            rows=1,
            embed=lambda token: ops.take(self.embedding, token, axis=0),
            like=ops.zeros((batch_size,), "int32"),
        )[1]
        rows = ops.transpose(rows[0])
        return ops.where(self._is_over(rows), self.end, rows)

    def _is_over(self, x):
        """Where an end came before, `[B, T]`."""
        ends = ops.cast(ops.equal(x, self.end), "int32")
        return ops.cumsum(ends, axis=-1) - ends > 0

    def _logits(self, h):
        """Of tokens, from the network's output `[..., D]`."""
        return bounded(
            ops.matmul(ops.cast(h, "float32"), ops.transpose(self.embedding)) + self.bias
        )
