"""Symmetric variables rounded to levels.

The probability of a level is P(x) = F(b) - F(a) with a, b = (x -+ half a level - loc) / scale.
TFP's QuantizedDistribution subtracts cumulative probabilities, which cancel in float32 a few scales
away from the mode. Here the difference is taken of logarithms in the lower tail, or in closed form.
"""

from typing import Any

from keras import ops

from kerasgen.backend import tfd
from kerasgen.distributions.base import LocationScale


class Discretized(LocationScale):
    """A symmetric variable rounded to the values 0, 1/(levels-1), ..., 1.

    The two end levels hold the tails. Float32 gives probabilities to a relative error of about 1e-4
    at scale 1, which grows with the scale.

    Args:
        loc, scale: float tensors of one shape, the batch shape; in units of the [0, 1] range.
        levels: number of values.
        name: of the distribution.

    >>> three = DiscretizedNormal(ops.array(0.5), ops.array(0.25), levels=3)
    >>> three.prob([0.0, 0.5, 1.0]).numpy().round(4)  # beyond, and within, one standard deviation
    array([0.1587, 0.6827, 0.1587], dtype=float32)
    """

    def __init__(self, loc: Any, scale: Any, levels: int = 256, name: str = "Discretized"):
        parameters = dict(locals())
        self.levels = levels
        super().__init__(loc, scale, parameters, name)

    @property
    def _half_level(self):
        return 0.5 / (self.levels - 1)

    def _log_prob(self, x):
        below = (x - self._half_level - self.loc) / self.scale
        above = (x + self._half_level - self.loc) / self.scale
        first, last = x < self._half_level, x > 1 - self._half_level
        # The end levels reach infinity.
        tail = self.standard(0.0, 1.0).log_cdf(ops.where(first, above, -below))
        return ops.where(ops.logical_or(first, last), tail, self._log_between(below, above))

    def _log_between(self, below, above):
        """log of the standard variable's mass between two points.

        It is taken in the lower tail, where nothing cancels.
        """
        upper = below + above > 0
        log_low = self.standard(0.0, 1.0).log_cdf(ops.where(upper, -above, below))
        log_high = self.standard(0.0, 1.0).log_cdf(ops.where(upper, -below, above))
        # Below its middle log F rises by more than half the distance. Far out, float32 loses the
        # difference.
        log_ratio = ops.minimum(log_low - log_high, -2 * self._half_level / self.scale / 4)
        return log_high + ops.log(-ops.expm1(log_ratio))

    def _sample_n(self, n, seed=None):
        continuous = self.standard(self.loc, self.scale).sample(n, seed=seed)
        return ops.round(ops.clip(continuous, 0, 1) * (self.levels - 1)) / (self.levels - 1)

    def _mean(self):
        """Of the variable clipped to [0, 1]; rounding changes it by less than half a level."""

        # E[clip(X, 0, 1)] is the integral of F((loc - t) / scale) over t in [0, 1]: G is that of F,
        # and G(x) = relu(x) + G(-|x|), so that eight bits blur the second, small term only. As a
        # power the division stays a float in full-integer files, which round small scales to 0.
        def beyond(x):
            return self._integral_of_cdf(-ops.abs(x) * ops.power(self.scale, -1.0))

        low, high = self.loc, self.loc - 1
        return ops.relu(low) - ops.relu(high) + self.scale * (beyond(low) - beyond(high))


class DiscretizedNormal(Discretized):
    """A normal variable rounded to levels.

    >>> round(float(DiscretizedNormal(ops.array(0.3), ops.array(0.1)).mean()), 3)
    0.3
    """

    standard = tfd.Normal

    def _integral_of_cdf(self, x):
        normal = tfd.Normal(0.0, 1.0)
        return x * normal.cdf(x) + normal.prob(x)


class DiscretizedLaplace(Discretized):
    """A Laplace variable rounded to levels.

    >>> round(float(DiscretizedLaplace(ops.array(0.5), ops.array(0.1)).mean()), 3)
    0.5
    """

    standard = tfd.Laplace

    def _integral_of_cdf(self, x):
        return ops.relu(x) + 0.5 * ops.exp(-ops.abs(x))


class DiscretizedLogistic(Discretized):
    """A logistic variable rounded to levels, exact at every scale:

        sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - exp(a - b)),     b - a = one level /
        scale

    (Salimans and others 2017, arXiv 1701.05517, equation 2, without its difference).

    >>> levels = np.linspace(0, 1, 256)
    >>> logistic = DiscretizedLogistic(ops.array(0.2), ops.array(0.05))
    >>> round(float(ops.sum(logistic.prob(levels))), 4)
    1.0
    """

    standard = tfd.Logistic

    def _log_between(self, below, above):
        width = 2 * self._half_level / self.scale
        return ops.log_sigmoid(above) + ops.log_sigmoid(-below) + ops.log(-ops.expm1(-width))

    def _integral_of_cdf(self, x):
        return ops.softplus(x)
