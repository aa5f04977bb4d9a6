"""Two-stage models: a frozen tokenizer, and an autoregressive prior over its tokens.

    p(x) >= p(x | tokens) p(tokens),    tokens = tokenize(x),
    p(tokens) = product over k of p(token_k | prefix, token_1, ..., token_{k-1})

The prefix is the condition: a class, a sentence, or nothing. The words of a sentence are predicted
too, their loss weighted against that of the tokens (Ramesh and others, Zero-Shot Text-to-Image
Generation, 2021, arXiv 2102.12092); otherwise this is the prior of a VQ-VAE (van den Oord and
others, Neural Discrete Representation Learning, 2017, arXiv 1711.00937).
"""

import math
from typing import Any

import keras
from keras import ops

from kerasgen import backend, decoding, events, fitting
from kerasgen.abilities import Scores, Tokenizes
from kerasgen.batches import count, in_blocks
from kerasgen.checks.arguments import Layer, Part, Share, Weight
from kerasgen.families.token_draws import DrawsTokens
from kerasgen.loss import Loss
from kerasgen.model import GenerativeModel
from kerasgen.networks.autoregressive.sampler import examples_at_once
from kerasgen.registration import register


@register
class TwoStageModel(DrawsTokens, Scores, GenerativeModel):
    """A model of two stages: a tokenizer, which is not trained, and a network of its tokens.

    `sample` shows the mean of p(x | tokens). Ways to draw: `temperature`, `top_k` and `top_p` as of
    `kerasgen.decoding.Sampler`, for every token; `best_of`, to draw so many grids for every example
    and take the likeliest given its condition; `guidance`, by how much the condition counts: 1 as
    it was learned, 0 not at all, above 1 exaggerated, for samples that fit it better and vary less.

    Args:
        event: what one example is, the tokenizer's.
        tokenizer: a trained model with the ability `Tokenizes` and `decode_tokens`. Its weights are
            saved with the model's.
        network: of `kerasgen.networks`: `TokenTransformer`, or without a sentence `TokenGrid`.
        condition: None, a number of classes, or `kerasgen.events.Sentences`.
        text_weight: of the mean loss of a place of the sentence, an empty one's being 0, against
            the mean loss of a token.
        condition_dropout: share of the training examples whose condition is left out, 0 to below 1.
            The prefix without one is a sentence without words, whose loss is 0, or one more class,
            which the network's prefix_size counts.
        guidance: what `sample` is guided by unless it is told otherwise.

    Raises:
        ValueError: sizes that do not belong together, or guidance without dropped conditions.

    >>> kerasgen.zoo.load("vqvae_fashion_prior").tokenizer.grid_shape
    (7, 7)
    """

    likelihood_kind = "bound"
    autoregressive_signatures = ("sample",)

    def __init__(
        self,
        event: Any,
        tokenizer: Part[Tokenizes],
        network: Layer,
        condition: Any = None,
        text_weight: Weight = 1 / 7,
        condition_dropout: Share = 0.0,
        guidance: Weight = 1.0,
        **kwargs: Any,
    ):
        self.reads_text = isinstance(condition, events.Sentences)
        terms = ("tokens", "text") if self.reads_text else ("tokens",)
        super().__init__(event, condition, terms, **kwargs)
        if self.event_shape != tuple(tokenizer.event_shape):
            raise ValueError(
                f"Expected event to be the tokenizer's, of shape {tuple(tokenizer.event_shape)}. "
                f"Received: {self.event!r}."
            )
        is_conditional = not isinstance(self.condition, events.Nothing)
        if condition_dropout and not is_conditional:
            raise ValueError(
                "Expected condition_dropout of 0 without a condition. "
                f"Received: {condition_dropout!r}"
            )
        tokenizer.trainable = False
        self.tokenizer = tokenizer
        self.network = network
        self.text_weight = text_weight
        self.condition_dropout = condition_dropout
        self.guidance = self._checked_guidance(guidance)
        if condition_dropout:
            self.seeds = keras.random.SeedGenerator()  # of the conditions left out in training
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        sizes = {"vocab_size": self.tokenizer.vocab_size, "prefix_size": self._prefix_size}
        for name, size in sizes.items():
            given = getattr(self.network, name, type(self.network).__name__)
            if given != size:
                raise ValueError(
                    f"Expected the network's {name} to be {size}, which the tokenizer and the "
                    f"condition need. Received: {given}."
                )
        if not self.network.built:
            prefix_length = self.condition.size if self.reads_text else 1
            self.network.build((None, prefix_length), (None, *self.tokenizer.grid_shape))
        self._draw_by_examples = backend.by_examples(self._draw, examples_at_once(self.network))
        self.built = True

    @property
    def _prefix_size(self):
        if isinstance(self.condition, events.Nothing):
            return 1
        return self.condition.vocab_size + (bool(self.condition_dropout) and not self.reads_text)

    @property
    def num_tokens(self) -> int:
        """Tokens of an example."""
        return math.prod(self.tokenizer.grid_shape)

    @property
    def levels(self):
        return self.likelihood.levels

    @property
    def likelihood(self):
        """The tokenizer's p(x | tokens)."""
        return self.tokenizer.likelihood

    def _prefix(self, condition, batch):
        if condition is None:
            return ops.zeros((batch, 1), "int32")
        return condition if self.reads_text else condition[:, None]

    def _unconditional(self, prefix):
        """What stands in the place of a prefix `[B, P]` whose condition is left out."""
        return ops.full_like(prefix, 0 if self.reads_text else self.num_classes)

    def _log_probs(self, tokens, condition, training=False):
        """Log-probabilities `[B]` of the words that follow the first, None without a sentence, and
        of the tokens."""
        batch = ops.shape(tokens)[0]
        prefix = self._prefix(condition, batch)
        if training and self.condition_dropout:
            seed = backend.next_seed(self.seeds)
            left_out = backend.tfd.Uniform().sample((batch, 1), seed=seed) < self.condition_dropout
            prefix = ops.where(left_out, self._unconditional(prefix), prefix)
        prefix_logits, logits = self.network(prefix, tokens, training=training)
        flat = ops.reshape(tokens, (-1, self.num_tokens))
        log_prob = ops.sum(_log_prob_of(flat, logits), axis=-1)
        if prefix_logits is None:
            return None, log_prob
        said = ops.cast(prefix[:, :-1] > 0, "float32")  # every word, and the first place behind
        words = ops.sum(said * _log_prob_of(prefix[:, 1:], prefix_logits), axis=-1)
        return words, log_prob

    def loss_terms(self, x, condition=None, training=False):
        """`tokens`, -log p(tokens | condition), and of a sentence `text`, -log p(its other words |
        its first), `[B]` in nats."""
        tokens = ops.stop_gradient(self.tokenizer.tokenize(x))
        words, log_prob = self._log_probs(tokens, condition, training)
        if words is None:
            return Loss({"tokens": -log_prob})
        weight = self.text_weight * self.num_tokens / self.condition.size
        return Loss({"tokens": -log_prob, "text": -words}, {"text": weight})

    def _log_prob(self, x, condition):
        """log p(tokens) + log p(x | tokens) for the tokens of x: that of the model without
        guidance, which `sample` goes beyond where it is guided."""
        tokens = self.tokenizer.tokenize(x)
        of_pixels = self.tokenizer.decode_tokens(tokens).log_prob(x)
        return self._log_prob_tokens(tokens, condition) + of_pixels

    def log_prob_tokens(self, tokens, condition=None):
        """log p(tokens | condition), exact, `[B]` in nats.

        Args:
            tokens: int32 `[B, h, w]`, as the tokenizer's `tokenize` gives them.
            condition: as of `log_prob`.
        """
        tokens = self.token_event.check(tokens)
        condition = self.condition.check(condition)
        score = self._compiled("_log_prob_tokens")
        return in_blocks(score, count(tokens), self.scores_at_once, tokens, condition)

    @property
    def token_event(self):
        """The event of the tokenizer's tokens."""
        return events.Tokens(tuple(self.tokenizer.grid_shape), self.tokenizer.vocab_size)

    def _log_prob_tokens(self, tokens, condition):
        return self._log_probs(tokens, condition)[1]

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors it takes).

        `sample` takes two standard normal numbers for every uniform one: see `decoding.uniform`.
        """
        condition = self.condition.tensors()

        def log_prob(**tensors):
            """How likely examples are."""
            return {"log_prob": self._log_prob(*self.unpacked(tensors))}

        def sample(noise, **tensors):
            """New examples, drawn element by element by noise."""
            guidance = None if self.guidance == 1 else self.guidance
            given = self.condition.pack(tensors)
            tokens = self._draw(decoding.uniform(noise), given, guidance=guidance)
            return self.event.unpack(self.tokenizer.detokenize(tokens))

        noise = {"noise": fitting.noise_tensor((*self.tokenizer.grid_shape, 2))} | condition
        x = self.event.tensors() | condition
        return {"log_prob": (log_prob, x), "sample": (sample, noise)}


def _log_prob_of(tokens, logits):
    """log p of tokens `[B, T]` under logits `[B, T, K]`, `[B, T]`."""
    logits = ops.cast(logits, "float32")
    chosen = ops.sum(ops.one_hot(tokens, logits.shape[-1]) * logits, axis=-1)
    return chosen - ops.logsumexp(logits, axis=-1)
