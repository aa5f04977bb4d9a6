"""One of several values, drawn as a function of the seed alone, and scored by arithmetic alone."""

import math

from keras import ops

from kerasgen.backend import tfd
from kerasgen.decoding import pick


class Categorical(tfd.Categorical):
    """Draws by one uniform number each, through the inverse of the cumulative distribution.

    Those of TensorFlow depend on the batch's size and on the number of threads, too.

    >>> Categorical(logits=[[0.0, 99.0, 0.0]]).sample(2, seed=(0, 1)).numpy()
    array([[1], [1]], dtype=int32)
    """

    def _sample_n(self, n, seed=None):
        logits = self.logits_parameter()
        return pick(logits, tfd.Uniform().sample((n, *ops.shape(logits)[:-1]), seed=seed))


class TokenCategorical(Categorical):
    """Tokens; scored by arithmetic alone, as TFLite has no operator to look them up.

    Its mean is the likeliest token, which stands in for a mean that tokens do not have.

    >>> TokenCategorical(logits=[[0.0, 2.0, 0.0]]).mean().numpy()
    array([1], dtype=int32)
    """

    def _log_prob(self, x):
        logits = self.logits_parameter()
        one_hot = ops.one_hot(ops.cast(x, "int32"), logits.shape[-1], dtype=logits.dtype)
        return ops.sum(one_hot * ops.log_softmax(logits), axis=-1)

    def _mean(self):
        return self.mode()


class Levels(tfd.FiniteDiscrete):
    """The outcomes 0, 1/(n-1), ..., 1, drawn as by `Categorical`; what lies between is rounded.

    >>> levels = Levels([0.0, 0.5, 1.0], logits=[0.0, 0.0, 0.0])
    >>> levels.prob([0.5, 0.51, 2.0]).numpy()
    array([0.3333..., 0.3333..., 0. ], dtype=float32)
    """

    def _log_prob(self, x):  # the base class looks x up, for which TFLite has no operator
        n = self.outcomes.shape[-1]
        level = ops.cast(ops.round(x * (n - 1)), "int32")
        one_hot = ops.one_hot(level, n, dtype=self.logits.dtype)
        log_prob = ops.sum(one_hot * ops.log_softmax(self.logits), axis=-1)
        return ops.where(ops.logical_and(level >= 0, level < n), log_prob, -math.inf)

    def _sample_n(self, n, seed=None):
        drawn = Categorical(logits=self.logits).sample(n, seed=seed)
        return ops.take(self.outcomes, drawn, axis=0)
