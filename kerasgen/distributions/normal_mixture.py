"""Mixtures of normals whose draws a gradient passes through."""

from typing import Any

from keras import ops

from kerasgen.backend import split_seed, tfd
from kerasgen.distributions.base import Distribution


class NormalMixture(Distribution):
    """q(z) = sum over k of w_k N(z; mean_k, diag(scale_k^2)), with weights that are not trained.

    A draw is reparameterized within its component. The components of n draws are taken
    systematically: each in proportion to its weight as near as n allows, which leaves every single
    draw one from q, and makes means over the draws less noisy (Douc, Cappé and Moulines, Comparison
    of Resampling Schemes for Particle Filtering, 2005, section 2.4).

    Args:
        weights: `[..., K]`, they sum to 1.
        means, scales: `[..., K, D]`.
        name: of the distribution.

    >>> mixture = NormalMixture(np.array([[0.5, 0.5]], "f4"), np.array([[[-9.0], [9.0]]], "f4"),
    ...                         np.ones((1, 2, 1), "f4"))
    >>> draws = np.asarray(mixture.sample(4, seed=0))
    >>> draws.shape, int((draws > 0).sum())
    ((4, 1, 1), 2)
    """

    def __init__(self, weights: Any, means: Any, scales: Any, name: str = "NormalMixture"):
        parameters = dict(locals())
        self.weights, self.means, self.scales = map(ops.convert_to_tensor, (weights, means, scales))
        super().__init__("float32", parameters, name, reparameterized=True)

    def _batch_shape(self):
        return tuple(self.weights.shape[:-1])

    def _batch_shape_tensor(self):
        return ops.convert_to_tensor(ops.shape(self.weights)[:-1], dtype="int32")

    def _event_shape(self):
        return (self.means.shape[-1],)

    def _event_shape_tensor(self):
        return ops.convert_to_tensor([self.means.shape[-1]], dtype="int32")

    @property
    def components(self):
        """The components, batch shape `[..., K]`."""
        return tfd.Independent(tfd.Normal(self.means, self.scales), 1)

    def _sample_n(self, n, seed=None):
        of_start, of_noise = split_seed(seed, 2)
        batch = ops.shape(self.weights)[:-1]
        start = tfd.Uniform().sample(batch, seed=of_start)
        steps = ops.reshape(ops.arange(n, dtype="float32") / n, (n, *[1] * len(batch)))
        place = (start + steps) % 1  # in the cumulative weights, uniform for every draw
        ends = ops.cumsum(self.weights, axis=-1)[..., :-1]
        chosen = ops.sum(ops.cast(place[..., None] >= ends, "int32"), axis=-1)
        chosen = ops.one_hot(chosen, self.weights.shape[-1], dtype="float32")
        mean, scale = (
            ops.sum(chosen[..., None] * each, axis=-2) for each in (self.means, self.scales)
        )
        return mean + scale * tfd.Normal(0.0, 1.0).sample(ops.shape(mean), seed=of_noise)

    def _log_prob(self, z):
        # A component of no weight adds nothing, and no NaN to the gradient.
        log_weights = ops.where(self.weights > 0, ops.log(ops.maximum(self.weights, 1e-30)), -1e9)
        return ops.logsumexp(log_weights + self.components.log_prob(z[..., None, :]), axis=-1)

    def _mean(self):
        return self._average(self.means)

    def _variance(self):
        return self._average(self.scales**2 + (self.means - self._mean()[..., None, :]) ** 2)

    def _stddev(self):
        return self._variance() ** 0.5

    def _average(self, of_components):
        return ops.sum(self.weights[..., None] * of_components, axis=-2)
