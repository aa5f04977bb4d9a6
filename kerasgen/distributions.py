"""The logistic distribution cut into levels, exact in its tails.

    P(x) = sigmoid(b) - sigmoid(a),     a, b = (x -+ half a level - loc) / scale

(Salimans and others 2017, arXiv 1701.05517, equation 2). TFP's QuantizedDistribution subtracts cumulative
probabilities, which cancel in float32 a few scales away from the mode. Here the difference is taken in closed form,
which never does:

    sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - exp(a - b)),     b - a = one level / scale
"""

from keras import ops

from kerasgen.backend import tfd


class DiscretizedLogistic(tfd.Distribution):
    """A logistic variable rounded to the `levels` values 0, 1/(levels-1), ..., 1; the two end levels hold the tails.

    Args:
        loc, scale: float tensors of one shape, the batch shape; in units of the [0, 1] range.
        levels: number of values.
    """

    def __init__(self, loc, scale, levels=256, name="DiscretizedLogistic"):
        parameters = dict(locals())
        self.loc = loc
        self.scale = scale
        self.levels = levels
        super().__init__(
            dtype=loc.dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @property
    def _half_level(self):
        return 0.5 / (self.levels - 1)

    def _batch_shape(self):
        return self.loc.shape

    def _batch_shape_tensor(self):
        return ops.shape(self.loc)

    def _event_shape(self):
        return ()

    def _event_shape_tensor(self):
        return ops.zeros((0,), "int32")

    def _log_prob(self, x):
        below = (x - self._half_level - self.loc) / self.scale
        above = (x + self._half_level - self.loc) / self.scale
        log_above = ops.where(x > 1 - self._half_level, 0.0, ops.log_sigmoid(above))  # the last level reaches infinity
        log_below = ops.where(x < self._half_level, 0.0, ops.log_sigmoid(-below))  # the first, minus infinity
        inner = ops.logical_and(x >= self._half_level, x <= 1 - self._half_level)
        width = 2 * self._half_level / self.scale
        return log_above + log_below + ops.where(inner, ops.log(-ops.expm1(-width)), 0.0)

    def _sample_n(self, n, seed=None):
        continuous = tfd.Logistic(self.loc, self.scale).sample(n, seed=seed)
        return ops.round(ops.clip(continuous, 0, 1) * (self.levels - 1)) / (self.levels - 1)

    def _mean(self):
        """The mean of the logistic clipped to [0, 1], which the rounding changes by less than half a level."""
        # E[clip(X, 0, 1)] = integral over [0, 1] of P(X > t) = integral of sigmoid((loc - t) / scale)
        return self.scale * (ops.softplus(self.loc / self.scale) - ops.softplus((self.loc - 1) / self.scale))
