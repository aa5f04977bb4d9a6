"""Variables whose logit is a Laplace variable."""

import math
from typing import Any

from keras import ops

from kerasgen.backend import tfd
from kerasgen.distributions.base import LocationScale


class LogitLaplace(LocationScale):
    """x of which logit(margin + (1 - 2 margin) x) is a Laplace variable.

    Its tails reach beyond [0, 1]. The margin keeps logits of 0 and 1 finite (Ramesh and others
    2021, arXiv 2102.12092, appendix A.3).

    Args:
        loc, scale: of the Laplace variable, float tensors of one shape, the batch shape.
        margin: of [0, 1], on both sides.
        name: of the distribution.

    >>> x = np.linspace(-0.124, 1.124, 10_001)
    >>> density = LogitLaplace(ops.array(0.0), ops.array(0.5)).prob(x)
    >>> round(float(np.trapezoid(density, x)), 2)
    1.0
    """

    def __init__(self, loc: Any, scale: Any, margin: float = 0.1, name: str = "LogitLaplace"):
        parameters = dict(locals())
        self.margin = margin
        super().__init__(loc, scale, parameters, name, reparameterized=True)

    def _log_prob(self, x):
        squeezed = self.margin + (1 - 2 * self.margin) * x
        inside = ops.logical_and(squeezed > 0, squeezed < 1)
        squeezed = ops.where(inside, squeezed, 0.5)
        low, high = ops.log(squeezed), ops.log1p(-squeezed)
        log_slope = math.log(1 - 2 * self.margin) - low - high  # of the logit
        log_prob = tfd.Laplace(self.loc, self.scale).log_prob(low - high) + log_slope
        return ops.where(inside, log_prob, -math.inf)

    def _stretched(self, logit):
        return (ops.sigmoid(logit) - self.margin) / (1 - 2 * self.margin)

    def _sample_n(self, n, seed=None):
        return self._stretched(tfd.Laplace(self.loc, self.scale).sample(n, seed=seed))

    def _mean(self):
        """By quadrature, over 16 equally likely parts: the mean has no closed form."""
        quantiles = [-math.log(2 * (k + 0.5) / 16) for k in range(8)]  # of the upper half
        shifts = [side * quantile for quantile in quantiles for side in (-1, 1)]
        means = [self._stretched(self.loc + shift * self.scale) for shift in shifts]
        return sum(means) / len(means)
