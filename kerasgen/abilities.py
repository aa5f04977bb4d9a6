"""What models can do. An ability is a base class of the families that have it.

Each owns its public method: it checks, works in blocks that are padded to few sizes, seeds,
compiles and joins. A family implements one block. A model without an ability lacks the method.
"""

import inspect
import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.batches import count, in_blocks, joined, padded_blocks


class Ability:
    """Base of the abilities.

    Attributes:
        method: name of the public method.
    """

    method: str

    def _compiled(self, name, **static):
        """The block `name` of this model, compiled once for every choice of static arguments."""
        blocks = self.__dict__.setdefault("__compiled", {})
        key = name, *sorted(static.items(), key=str)
        if key not in blocks:
            block = getattr(self, name)
            call = backend.function(lambda moving, *args: block(*args, **static, **moving), self)
            blocks[key] = lambda *args, **moving: call(moving, *args)
        return blocks[key]


class Samples(Ability):
    """Draws examples. The block: `_sample(n, seed, condition, *, ...) -> [n, *event]`.

    Its keyword-only arguments are the family's own ways to draw.
    """

    method = "sample"
    samples_at_once = 128  # of each block with a seed of its own: part of what a seed means
    num_seeds = 1  # of a block; `_sample` gets a list where it is more

    def sample(self, n: int, condition=None, seed: int | None = None, progress=False, **ways: Any):
        """Draws `n` examples, `[n, *event_shape]`, within the event's range.

        Args:
            n: number of examples.
            condition: of each example `[n, ...]`, or one for all, of a conditional model.
            seed: an integer for repeatable draws, None for fresh ones.
            progress: show a progress bar.
            **ways: how this family draws: see `sampling_ways`, and the family's own page.

        Raises:
            ValueError: n below 1, a missing or wrong condition, a way that the family does not
                know.
        """
        return self.event.clip(self._drawn("_sample", n, condition, seed, progress, ways))

    def _drawn(self, name, n, condition, seed, progress, ways):
        n = checks.positive("n", n)
        seeds = keras.random.SeedGenerator(seed)
        condition = self._requested(n, condition, seeds)
        static, moving = self._check_ways(ways)
        draw = self._compiled(name, **static)
        from rich.progress import Progress  # not with the package, which imports quickly

        drawn = []
        with Progress(disable=not progress) as bar:
            task = bar.add_task("samples", total=n)
            for rows, full, given in padded_blocks(n, self.samples_at_once, condition):
                of_block = [backend.next_seed(seeds) for _ in range(self.num_seeds)]
                seed = of_block if self.num_seeds > 1 else of_block[0]
                block = draw(full, seed, given, **moving)
                drawn.append(keras.tree.map_structure(lambda x, rows=rows: x[:rows], block))
                bar.advance(task, rows)
        return joined(drawn)

    def _requested(self, n, condition, seeds):
        """The condition of every example that is to be drawn."""
        return self.condition.request(n, condition)

    @classmethod
    def sampling_ways(cls) -> dict[str, Any]:
        """The family's own ways to draw, and what each is by default."""
        parameters = inspect.signature(cls._sample).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    def _check_ways(self, ways):
        """Ways that a compiled block is made for, and numbers that it takes as tensors."""
        known = self.sampling_ways()
        if unknown := sorted(ways.keys() - known.keys()):
            raise ValueError(
                f"Expected ways to draw that {type(self).__name__} has, of {sorted(known)}. "
                f"Received: {', '.join(unknown)}. Drop it."
            )
        ways = self.check_sampling(**known | ways)
        moving = {name: value for name, value in ways.items() if isinstance(value, float)}
        static = {name: value for name, value in ways.items() if name not in moving}
        return static, {name: ops.convert_to_tensor(value) for name, value in moving.items()}

    def check_sampling(self, **ways: Any) -> dict[str, Any]:
        """The ways to draw, checked; numbers that may differ from call to call as floats."""
        return ways

    @property
    def shows_means(self) -> bool:
        """Whether pictures of samples show means of the likelihood, where a draw would be noise."""
        return False

    def shown_samples(self, n: int, condition=None, seed: int | None = None):
        """Samples as they are shown, and as judges see them."""
        return self.sample(n, condition, seed, **({"mean": True} if self.shows_means else {}))


class Scores(Ability):
    """Gives log p(x). Its block depends on the kind of figure.

    - "exact" and "bound", a lower one: `_log_prob(x, condition) -> [B]`;
    - "estimate", by importance samples, a lower bound in expectation:
      `_log_weights(x, condition, seed, num_samples) -> [num_samples, B]`.
    """

    method = "log_prob"
    likelihood_kind = "exact"
    levels: int | None = None  # whose probability log_prob counts, None where it is a density
    num_samples = 500  # of an estimate
    scores_at_once = 64
    decodes_at_once = 1024  # examples times importance samples

    def log_prob(self, x, condition=None, num_samples: int | None = None, seed: int | None = None):
        """log p(x | condition) `[B]` in nats: exact, a lower bound or an estimate:
        `likelihood_kind`.

        An estimate is the importance-weighted one, log (1/k) sum_k p(x, z_k) / q(z_k | x) (Burda
        and others 2016, arXiv 1509.00519, equation 8), a lower bound in expectation, tighter with
        k. Memory does not grow with k.

        Args:
            x: examples `[B, *event_shape]`.
            condition: `[B, ...]` of a conditional model.
            num_samples: of an estimate, importance samples k for each example.
            seed: of an estimate, an integer for repeatable draws, None for fresh ones.

        Raises:
            ValueError: data that the events refuse; samples or a seed where none are drawn.
        """
        if self.likelihood_kind == "estimate":
            k = self.num_samples if num_samples is None else num_samples
            return self._estimate(ops.logsumexp, ops.logaddexp, x, condition, k, seed) - math.log(k)
        if num_samples is not None or seed is not None:
            raise ValueError(
                f"Expected no num_samples and no seed: the log_prob of this {type(self).__name__} "
                "is "
                f"{self.likelihood_kind}. Received: num_samples={num_samples}, seed={seed}. Drop "
                "them."
            )
        x, condition = self.check(x, condition)
        score = self._compiled("_log_prob")
        return in_blocks(score, count(x), self.scores_at_once, x, condition)

    def _estimate(self, reduce, join, x, condition, num_samples, seed):
        """`reduce`, a sum of a kind over the samples' axis, of the log-weights, `[B]`."""
        k = checks.positive("num_samples", num_samples)
        x, condition = self.check(x, condition)
        seeds = keras.random.SeedGenerator(seed)
        log_weights = self._compiled("_log_weights")

        def block(x, condition):
            total = None
            for done in range(0, k, self.decodes_at_once):
                few = min(self.decodes_at_once, k - done)
                part = reduce(log_weights(x, condition, backend.next_seed(seeds), few), axis=0)
                total = part if total is None else join(total, part)
            return total

        rows = max(1, self.decodes_at_once // k)
        return in_blocks(block, count(x), rows, x, condition)


class Encodes(Ability):
    """Gives the posterior of a code. The block: `posterior(x, condition, training)`."""

    method = "encode"

    def encode(self, x, condition=None):
        """The posterior q(z | x), batch shape `[B]`, as a distribution."""
        return self.posterior(*self.check(x, condition))


class Reconstructs(Ability):
    """Reconstructs examples from their codes. The block: `_reconstruct(x, condition)`."""

    method = "reconstruct"
    reconstructions_at_once = 256

    def reconstruct(self, x, condition=None):
        """Examples `[B, *event_shape]` as their codes tell them, within the event's range."""
        x, condition = self.check(x, condition)
        block = self._compiled("_reconstruct")
        return in_blocks(block, count(x), self.reconstructions_at_once, x, condition)


class Tokenizes(Ability):
    """Turns examples into tokens and back: a tokenizer, as `TwoStageModel` takes it.

    `token_event` is the event of its tokens. The blocks: `_tokenize(x)` and `_detokenize(tokens)`;
    `decode_tokens(tokens)` gives p(x | tokens).
    """

    method = "tokenize"
    tokenized_at_once = 256

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        return self.token_event.vocab_size

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """Shape of an example's tokens."""
        return self.token_event.shape

    def tokenize(self, x):
        """The likeliest tokens of examples, `[B, *grid_shape]` int32."""
        x = self.event.check(x)
        return in_blocks(self._compiled("_tokenize"), count(x), self.tokenized_at_once, x)

    def detokenize(self, tokens):
        """Examples `[B, *event_shape]` of tokens `[B, *grid_shape]`, means of p(x | tokens)."""
        tokens = self.token_event.check(tokens)
        block = self._compiled("_detokenize")
        return in_blocks(block, count(tokens), self.tokenized_at_once, tokens)


class Completes(Samples):
    """Draws the rest of images of which some pixels are kept.

    The block: `_complete(seed, image, mask, condition, *, ...) -> [n, *event_shape]`; its ways are
    those of `sample`.
    """

    method = "complete"

    def complete(self, image, mask, condition=None, seed=None, n=None, **ways: Any):
        """Draws the pixels of images that a mask leaves open, `[n, *event_shape]`.

        Args:
            image: images `[n, *event_shape]`, or one `event_shape` for all.
            mask: bool `[n, height, width]`, or one `[height, width]` for all, True where the pixels
                of the image are kept. The others are drawn given the pixels before them in raster
                order, kept ones included: a completion of the upper part of an image is exact; a
                pixel kept further down cannot change those before it.
            condition, seed, **ways: as of `sample`.
            n: number of draws of one image; otherwise as many as there are images.

        Raises:
            ValueError: another shape of images or mask, kept pixels that the event refuses.
        """
        image, mask = np.asarray(image), np.asarray(mask)
        image = image[None] if image.shape == self.event_shape else image
        n = checks.positive("n", len(image) if n is None else n)
        grid = self.event_shape[:2]
        if mask.dtype != bool or mask.shape not in (grid, (n, *grid)) or len(image) not in (1, n):
            raise ValueError(
                f"Expected images of shape {self.event_shape}, one or n={n}, and a mask of bool "
                "and "
                f"shape {grid} or {(n, *grid)}. "
                f"Received: images {image.shape}, mask {mask.dtype} {mask.shape}."
            )
        mask = np.broadcast_to(mask[..., None], (n, *self.event_shape))
        image = self.event.check(np.where(mask, np.broadcast_to(image, mask.shape), 0))
        condition = self.condition.request(n, condition)
        static, moving = self._check_ways(ways)
        block = self._compiled("_complete", **static)
        seeds = keras.random.SeedGenerator(seed)
        return in_blocks(
            lambda *rows: block(backend.next_seed(seeds), *rows, **moving),
            n,
            self.samples_at_once,
            image,
            ops.convert_to_tensor(mask),
            condition,
        )


class Classifies(Ability):
    """Gives p(class | x) and the features that it rests on. The block: `_probabilities(x)`."""

    method = "probabilities"
    classified_at_once = 256

    def probabilities(self, x):
        """p(class | x), `[B, classes]`."""
        x = self.event.check(x)
        return in_blocks(self._compiled("_probabilities"), count(x), self.classified_at_once, x)

    def features(self, x):
        """What the last layer reads, `[B, F]` float32."""
        x = self.event.check(x)
        return in_blocks(self._compiled("_features"), count(x), self.classified_at_once, x)


ALL = (Samples, Scores, Encodes, Reconstructs, Tokenizes, Completes, Classifies)


def methods(model) -> list[str]:
    """Names of the public methods of a model's abilities."""
    return [ability.method for ability in ALL if isinstance(model, ability)]
