"""Two-stage models: a frozen tokenizer, and an autoregressive prior over its ids.

    p(x) >= p(x | ids) p(ids),   ids = tokenize(x),   p(ids) = product over k of p(id_k | prefix, id_1, ..., id_{k-1})

The prefix is a class, a text, or nothing. With a text, its words are predicted too, their loss weighted against that of
the ids (Ramesh and others, Zero-Shot Text-to-Image Generation, 2021, arXiv 2102.12092); otherwise this is the prior of
a VQ-VAE (van den Oord and others, Neural Discrete Representation Learning, 2017, arXiv 1711.00937).

A network that in training sometimes saw no condition can be guided by one (Ho and Salimans, Classifier-Free Diffusion
Guidance, 2022, arXiv 2207.12598; of tokens Gafni and others, Make-A-Scene, 2022, arXiv 2203.13131): ids are drawn from

    logits without a condition + guidance * (logits given it - logits without one)
"""

import math

import keras
from keras import ops

from kerasgen import backend, checks, decoding
from kerasgen.batches import blocks
from kerasgen.model import GenerativeModel
from kerasgen.registration import register

# Both bound the memory, whatever the number of examples.
_SCORES_AT_ONCE = 64
_SAMPLES_AT_ONCE = 128  # each block has its own noise, so the number is part of what a seed means


@register
class TwoStageModel(GenerativeModel):
    """A tokenizer, which is not trained, and a network that predicts its ids.

    Args:
        event_shape: shape of one example, the tokenizer's.
        tokenizer: a trained model with `vocab_size`, `grid_shape`, `tokenize(x)` to int32 ids `[B, h, w]`,
            `detokenize(ids)` to examples and `decode_ids(ids)` to the distribution p(x | ids). Its weights are saved
            with the model's.
        network: of `kerasgen.networks`: `TokenTransformer`, or without a text `TokenGrid`.
        num_classes: number of classes of the condition, or None.
        text: a `kerasgen.text.Vocabulary` for a model of images given a sentence, or None.
        text_weight: of the mean loss of a place of the text, an empty one's being 0, against the mean loss of an id.
        condition_dropout: share of the training examples whose condition is left out, 0 to below 1. The prefix without
            one is a text without words, whose loss is 0, or one more class, which the network's prefix_size counts.
        guidance: what `sample` is guided by unless it is told otherwise.

    Raises:
        ValueError: sizes that do not belong together, both classes and text, or guidance without dropped conditions.
    """

    drawn_in_turn = ("sample",)  # signatures in which one id decides those after it

    def __init__(
        self,
        event_shape,
        tokenizer,
        network,
        num_classes=None,
        text=None,
        text_weight=1 / 7,
        condition_dropout=0.0,
        guidance=1.0,
        **kwargs,
    ):
        super().__init__(event_shape, num_classes, terms=("ids", "text") if text else ("ids",), **kwargs)
        if text and num_classes:
            raise ValueError("Expected num_classes or text. Received: both. Drop one.")
        if text and not text.examples:
            raise ValueError("Expected a text with examples, to show the model by. Received: none. Add some.")
        if self.event_shape != tuple(tokenizer.event_shape):
            raise ValueError(
                f"Expected event_shape to be the tokenizer's, {tuple(tokenizer.event_shape)}. "
                f"Received: {self.event_shape}."
            )
        if not 0 <= condition_dropout < 1 or condition_dropout and not (text or num_classes):
            raise ValueError(
                f"Expected condition_dropout in [0, 1), and 0 without a condition. Received: {condition_dropout!r}"
            )
        prefix_size = text.size if text else (num_classes or 1) + bool(condition_dropout)
        sizes = {"vocab_size": tokenizer.vocab_size, "prefix_size": prefix_size}
        for name, size in sizes.items():
            if getattr(network, name) != size:
                raise ValueError(
                    f"Expected the network's {name} to be {size}, which the tokenizer and the condition need. "
                    f"Received: {getattr(network, name)}."
                )
        tokenizer.trainable = False
        self.tokenizer = tokenizer
        self.network = network
        self.text = text
        self.text_weight = text_weight
        self.condition_dropout = condition_dropout
        self.guidance = self._checked_guidance(guidance)
        if condition_dropout:
            self.seeds = keras.random.SeedGenerator()  # of the conditions left out in training
        self._compiled_log_prob = backend.function(self._log_prob)
        self._compiled_log_prob_ids = backend.function(self._log_prob_ids)
        self._compiled_draws = {}
        self.build()

    def build(self, input_shape=None):
        if not self.network.built:
            self.network.build((None, self.text.length if self.text else 1), (None, *self.tokenizer.grid_shape))
        self.built = True

    @property
    def likelihood(self):
        """The tokenizer's p(x | ids)."""
        return self.tokenizer.likelihood

    def check_condition(self, condition):
        return checks.words(condition, self.text) if self.text else checks.labels(condition, self.num_classes)

    @property
    def num_shown_conditions(self):
        return len(self.text.examples) if self.text else self.num_classes

    def shown_condition(self, n):
        if self.text is None:
            return super().shown_condition(n)
        examples = self.text.encode(self.text.examples)
        return examples[[i % len(examples) for i in range(n)]]

    def _prefix(self, condition, batch):
        if condition is None:
            return ops.zeros((batch, 1), "int32")
        return condition if self.text else condition[:, None]

    def _unconditional(self, prefix):
        """What stands in the place of a prefix `[B, P]` whose condition is left out."""
        return ops.full_like(prefix, 0 if self.text else self.num_classes)

    def _log_probs(self, ids, condition, training=False):
        """Log-probabilities `[B]` of the words that follow the first, None without a text, and of the ids."""
        batch = ops.shape(ids)[0]
        prefix = self._prefix(condition, batch)
        if training and self.condition_dropout:
            uniform = backend.tfd.Uniform().sample((batch, 1), seed=backend.next_seed(self.seeds))
            prefix = ops.where(uniform < self.condition_dropout, self._unconditional(prefix), prefix)
        prefix_logits, logits = self.network(prefix, ids, training=training)
        ids = _log_prob_of(ops.reshape(ids, (-1, math.prod(self.tokenizer.grid_shape))), logits)
        if prefix_logits is None:
            return None, ops.sum(ids, axis=-1)
        said = ops.cast(prefix[:, :-1] > 0, "float32")  # every word, and the first place behind the last
        return ops.sum(said * _log_prob_of(prefix[:, 1:], prefix_logits), axis=-1), ops.sum(ids, axis=-1)

    def loss_terms(self, x, condition=None, training=False):
        """`ids`, -log p(ids | condition), and of a text `text`, -log p(its other words | its first), `[B]` in nats."""
        x, condition = self.check(x, condition)
        text, ids = self._log_probs(ops.stop_gradient(self.tokenizer.tokenize(x)), condition, training)
        return {"ids": -ids} if text is None else {"ids": -ids, "text": -text}

    def term_weights(self):
        if self.text is None:
            return {}
        return {"text": self.text_weight * math.prod(self.tokenizer.grid_shape) / self.text.length}

    def log_prob(self, x, condition=None):
        """A lower bound on log p(x | condition), log p(ids) + log p(x | ids) for the ids of x, `[B]` in nats.

        It is the model's without guidance, which `sample` goes beyond where it is guided.

        Args:
            x: data in [0, 1], `[B, *event_shape]`.
            condition: labels `[B]`, or of a text sentences or word numbers `[B, T]`.
        """
        x, condition = self.check(x, condition)
        return self._by_block(self._compiled_log_prob, x, condition)

    def _log_prob(self, x, condition):
        ids = self.tokenizer.tokenize(x)
        return self._log_probs(ids, condition)[1] + self.tokenizer.decode_ids(ids).log_prob(x)

    def log_prob_ids(self, ids, condition=None):
        """log p(ids | condition), exact, `[B]` in nats.

        Args:
            ids: int32 `[B, h, w]`, as the tokenizer's `tokenize` gives them.
            condition: as of `log_prob`.
        """
        ids = checks.ids(ids, self.tokenizer.grid_shape, self.tokenizer.vocab_size)
        condition = self.check_condition(condition)
        return self._by_block(self._compiled_log_prob_ids, ids, condition)

    def _log_prob_ids(self, ids, condition):
        return self._log_probs(ids, condition)[1]

    def _by_block(self, score, x, condition):
        rows = blocks(x.shape[0], _SCORES_AT_ONCE, x, condition)
        return ops.concatenate([score(x_rows, labels) for _, x_rows, labels in rows])

    def sample(self, n, condition=None, seed=None, temperature=1.0, top_k=None, top_p=None, best_of=1, guidance=None):
        """Draws `n` grids of ids and shows the mean of p(x | ids) for each, `[n, *event_shape]`.

        Args:
            n: number of examples.
            condition: labels `[n]`; of a text one sentence for all, n sentences, or word numbers `[n, T]`.
            seed: an integer for repeatable draws, None for fresh ones.
            temperature, top_k, top_p: see `kerasgen.decoding.draw`; every id is drawn so.
            best_of: draw so many grids for every example and take the likeliest given its condition.
            guidance: by how much the condition counts: 1 as it was learned, 0 not at all, above 1 exaggerated, for
                samples that fit it better and vary less; None for the model's own.

        Raises:
            ValueError: bad counts, conditions, temperatures, top_k or top_p, guidance of a model without
                `condition_dropout`.
        """
        ids = self.sample_ids(n, condition, seed, temperature, top_k, top_p, best_of, guidance)
        rows = blocks(ids.shape[0], _SCORES_AT_ONCE, ids)
        return ops.concatenate([self.tokenizer.detokenize(block) for _, block in rows])

    def sample_ids(
        self, n, condition=None, seed=None, temperature=1.0, top_k=None, top_p=None, best_of=1, guidance=None
    ):
        """The ids `[n, h, w]` int32 that `sample` shows; its arguments and errors."""
        best_of = checks.positive("best_of", best_of)
        decoding.check(temperature, top_k, top_p)
        guidance = self.guidance if guidance is None else self._checked_guidance(guidance)
        if isinstance(condition, str):
            condition = [condition] * checks.positive("n", n)
        n, condition = self.check_request(n, condition)
        condition = condition if condition is None else ops.repeat(condition, best_of, axis=0)
        seeds, drawn = keras.random.SeedGenerator(seed), []
        temperature = ops.convert_to_tensor(float(temperature))
        guidance = None if guidance == 1 else ops.convert_to_tensor(guidance)
        for count, labels in blocks(n * best_of, _SAMPLES_AT_ONCE, condition):
            uniform = keras.random.uniform((count, *self.tokenizer.grid_shape), seed=seeds)
            drawn.append(self._drawn(uniform, labels, temperature, guidance, top_k, top_p))
        ids = ops.concatenate(drawn)
        return ids if best_of == 1 else self._likeliest(ids, condition, best_of)

    def _checked_guidance(self, guidance):
        if not (isinstance(guidance, (int, float)) and 0 <= guidance < float("inf")):
            raise ValueError(f"Expected guidance to be a number of at least 0. Received: guidance={guidance!r}")
        if guidance != 1 and not self.condition_dropout:
            raise ValueError(
                f"Expected guidance=1: this model never learned what is likely without a condition. Received: "
                f"guidance={guidance!r}. Train it with condition_dropout."
            )
        return float(guidance)

    def _drawn(self, uniform, condition, temperature, guidance, *way):
        """`_draw`, compiled once for every way to cut off."""
        if way not in self._compiled_draws:
            self._compiled_draws[way] = backend.function(lambda *tensors: self._draw(*tensors, *way))
        return self._compiled_draws[way](uniform, condition, temperature, guidance)

    def _draw(self, uniform, condition, temperature=1.0, guidance=None, top_k=None, top_p=None):
        """Ids `[B, h, w]` from uniform numbers of that shape; `guidance` None, which is 1, takes half the work."""
        batch = ops.shape(uniform)[0]
        noise = ops.transpose(ops.reshape(uniform, (-1, math.prod(self.tokenizer.grid_shape))))
        prefix = self._prefix(condition, batch)

        def draw(logits, noise):
            return decoding.draw(logits, noise, temperature, top_k, top_p)

        def draw_guided(logits, noise):  # of the same ids given the condition and without it
            logits = ops.cast(logits, "float32")
            given, free = logits[:batch], logits[batch:]
            ids = draw(free + guidance * (given - free), noise)
            return ops.concatenate([ids, ids])

        if guidance is None:
            ids = self.network.generate(prefix, draw, noise)
        else:
            both = ops.concatenate([prefix, self._unconditional(prefix)])
            ids = self.network.generate(both, draw_guided, noise)[:, :batch]
        return ops.reshape(ops.transpose(ids), (-1, *self.tokenizer.grid_shape))

    def _likeliest(self, ids, condition, best_of):
        """Of every `best_of` grids the one that is likeliest."""
        log_prob = ops.reshape(self._by_block(self._compiled_log_prob_ids, ids, condition), (-1, best_of))
        rows = ops.arange(log_prob.shape[0]) * best_of + ops.cast(ops.argmax(log_prob, axis=-1), "int32")
        return ops.take(ids, rows, axis=0)

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, shapes of its inputs without batch axis).

        `sample` takes two standard normal numbers for every uniform one, as `decoding.uniform` does.
        """

        def log_prob(images, condition=None):
            return {"log_prob": self._log_prob(images, condition)}

        def sample(noise, condition=None):
            guidance = None if self.guidance == 1 else self.guidance
            ids = self._draw(decoding.uniform(noise), condition, guidance=guidance)
            return {"images": self.tokenizer.detokenize(ids)}

        condition = {"words": (self.text.length,)} if self.text else {"labels": ()} if self.num_classes else {}
        if self.text:
            functions = lambda images, words: log_prob(images, words), lambda noise, words: sample(noise, words)
        else:
            functions = (
                lambda images, labels=None: log_prob(images, labels),
                lambda noise, labels=None: sample(noise, labels),
            )
        return {
            "log_prob": (functions[0], {"images": self.event_shape, **condition}),
            "sample": (functions[1], {"noise": (*self.tokenizer.grid_shape, 2), **condition}),
        }

    def get_config(self):
        parts = {name: getattr(self, name) for name in ("tokenizer", "network", "text")}
        parts = {name: part and keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        numbers = {name: getattr(self, name) for name in ("text_weight", "condition_dropout", "guidance")}
        return {**super().get_config(), **parts, **numbers}


def _log_prob_of(tokens, logits):
    """log p of tokens `[B, T]` under logits `[B, T, K]`, `[B, T]`."""
    logits = ops.cast(logits, "float32")
    chosen = ops.sum(ops.one_hot(tokens, logits.shape[-1]) * logits, axis=-1)
    return chosen - ops.logsumexp(logits, axis=-1)
