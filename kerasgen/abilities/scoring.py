"""Giving log p(x): exactly, by a bound, or by importance samples."""

import math

from keras import ops

from kerasgen import backend, checks
from kerasgen.abilities.base import Ability
from kerasgen.batches import count, in_blocks, padded


class Scores(Ability):
    """Gives log p(x). Its block depends on the kind of figure.

    - "exact" and "bound", a lower one: `_log_prob(x, condition) -> [B]`;
    - "estimate", by importance samples, a lower bound in expectation:
      `_log_weights(x, condition, seed, num_samples) -> [num_samples, B]`.

    >>> model = kerasgen.zoo.load("gmm_ring")
    >>> isinstance(model, Scores), model.likelihood_kind, model.log_prob(np.zeros((3, 2))).shape
    (True, 'exact', TensorShape([3]))
    """

    method = "log_prob"
    absence = "It has no likelihood that can be computed."
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
                f"is {self.likelihood_kind}. Received: num_samples={num_samples}, seed={seed}. "
                "Drop them."
            )
        x, condition = self.check(x, condition)
        score = self._compiled("_log_prob")
        return in_blocks(score, count(x), self.scores_at_once, x, condition)

    def _estimate(self, reduce, join, x, condition, num_samples, seed):
        """`reduce`, a sum of a kind over the samples' axis, of the log-weights, `[B]`."""
        k = checks.positive("num_samples", num_samples)
        x, condition = self.check(x, condition)
        seeds = backend.draws(checks.seed(seed))
        log_weights = self._compiled("_log_weights")

        def block(x, condition):
            total = None
            for done in range(0, k, self.decodes_at_once):
                few = min(self.decodes_at_once, k - done)
                drawn = padded(few, self.decodes_at_once)  # a number of few: see `padded_blocks`
                part = log_weights(x, condition, backend.next_seed(seeds), drawn)
                part = reduce(part[:few], axis=0)
                total = part if total is None else join(total, part)
            return total

        rows = max(1, self.decodes_at_once // padded(k, self.decodes_at_once))
        return in_blocks(block, count(x), rows, x, condition)
