"""Flows: what invertible maps make of standard normal noise."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from kerasgen.backend import tfd
from kerasgen.distributions.base import Distribution


class Flow(Distribution):
    """z = f_L(... f_1(u)) for normal u, standard ones by default, every f a coupling or a whole
    flow, given a context.

        log p(z) = log N(u; mean, scale^2) - sum over l of log |det df_l|

    Dinh, Sohl-Dickstein and Bengio, Density estimation using Real NVP, 2017 (arXiv 1605.08803),
    equation 3.

    Args:
        couplings: layers with `forward(u, context)` and `inverse(z, context)`, such as
            `kerasgen.networks.flow_steps.Coupling`.
        context: tensor `[..., C]` that the couplings read; `[...]` is the batch shape.
        size: of z.
        mean, scale: of u, `[..., size]`; None for standard normal ones.
        name: of the distribution.

    >>> class Double:  # with the logarithm of each unit's slope
    ...     def forward(self, u, context):
    ...         return 2 * u
    ...     def inverse(self, z, context):
    ...         return z / 2, ops.full_like(z, np.log(2))
    >>> wide = Flow([Double()], np.zeros((1, 0)), size=1)
    >>> round(float(wide.log_prob(np.zeros((1, 1), "float32"))[0]), 4)  # N(0; 0, 4)
    -1.6121
    """

    def __init__(
        self,
        couplings: Sequence[Any],
        context: Any,
        size: int,
        mean: Any = None,
        scale: Any = None,
        name: str = "Flow",
    ):
        parameters = dict(locals())
        self.couplings = couplings
        self.context = context
        self.size = size
        self.base = tfd.Normal(0.0 if mean is None else mean, 1.0 if scale is None else scale)
        super().__init__("float32", parameters, name, reparameterized=True)

    def _batch_shape(self):
        return tuple(self.context.shape[:-1])

    def _batch_shape_tensor(self):
        return ops.convert_to_tensor(ops.shape(self.context)[:-1], dtype="int32")

    def _event_shape(self):
        return (self.size,)

    def _event_shape_tensor(self):
        return ops.convert_to_tensor([self.size], dtype="int32")

    def from_noise(self, noise: Any):
        """The z that standard normal noise `[..., size]` leads to."""
        noise = self.base.mean() + self.base.stddev() * noise
        for coupling in self.couplings:
            noise = coupling.forward(noise, self.context)
        return noise

    def to_noise(self, z: Any):
        """The noise `[..., size]` that leads to z."""
        return (self._inverse(z)[0] - self.base.mean()) / self.base.stddev()

    def log_prob_by_unit(self, z: Any):
        """Parts of log p(z), `[..., size]`: their sum is the log-density."""
        u, log_slopes = self._inverse(z)
        return self.base.log_prob(u) - log_slopes

    def _inverse(self, z):
        log_slopes = 0.0
        for coupling in reversed(self.couplings):
            z, log_slope = coupling.inverse(z, self.context)
            log_slopes += log_slope
        return z, log_slopes

    def _log_prob(self, z):
        return ops.sum(self.log_prob_by_unit(z), axis=-1)

    def _mean(self):
        """What the mean of u leads to, which is not the mean of z."""
        return self.from_noise(ops.zeros((*ops.shape(self.context)[:-1], self.size)))

    def _stddev(self):
        """The scales of u."""
        return self.base.stddev() + ops.zeros((*ops.shape(self.context)[:-1], self.size))

    def _sample_n(self, n, seed=None):
        shape = (n, *ops.shape(self.context)[:-1], self.size)
        return self.from_noise(tfd.Normal(0.0, 1.0).sample(shape, seed=seed))
