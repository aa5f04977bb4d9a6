"""A prior of clusters: a normal for each class, so that a draw is of one class and not between.

p(w) = 1/C sum over c of N(w; mean_c, diag(scale_c^2))

Jiang and others, Variational Deep Embedding, 2017 (arXiv 1611.05148), where the class is known.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen.bottlenecks.continuous import normal
from kerasgen.checks.arguments import Width
from kerasgen.registration import register

_FINE = 1000  # the thousandth part of standard normal noise is uniform, as good as independent


@register
class Clusters(keras.layers.Layer):
    """C normals of equal weight, whose means and scales are learned.

    Called on w `[..., D]` it gives log p(c | w) `[..., C]` up to a constant, by Bayes' rule: it is
    the decoder of the class.

    Args:
        num_clusters: C.

    >>> clusters = Clusters(3)
    >>> tuple(clusters(np.zeros((5, 2), "float32")).shape)
    (5, 3)
    """

    def __init__(self, num_clusters: Width, **kwargs: Any):
        super().__init__(**{**kwargs, "dtype": "float32"})  # as likelihoods are
        self.num_clusters = num_clusters

    def build(self, input_shape):
        shape = self.num_clusters, input_shape[-1]
        apart = keras.initializers.RandomNormal(stddev=1.0)
        half = keras.initializers.Constant(math.log(0.5))
        self.means = self.add_weight(name="means", shape=shape, initializer=apart, autocast=False)
        self.log_scales = self.add_weight(
            name="log_scales", shape=shape, initializer=half, autocast=False
        )
        self.built = True

    def call(self, w):
        w = ops.cast(w, "float32")[..., None, :]
        return normal(self.means, ops.exp(self.log_scales)).log_prob(w)

    def log_prob(self, w):
        """log p(w), `[...]` in nats."""
        return ops.logsumexp(self(w), axis=-1) - math.log(self.num_clusters)

    def kl_by_unit(self, mean, scale):
        """Of normals `[..., D]`: by unit, the KL to each cluster as much as it is responsible,
        `[..., D]`, and a bound on KL(N(mean, scale) || p), `[...]`.

        The bound is -log 1/C sum_c exp(-KL_c) (Hershey and Olsen, Approximating the Kullback
        Leibler Divergence Between Gaussian Mixture Models, 2007).
        """
        mean, log_scale = mean[..., None, :], ops.log(scale)[..., None, :]
        ratio = 2 * (log_scale - self.log_scales)
        distance = (mean - self.means) * ops.exp(-self.log_scales)
        kl = 0.5 * (ops.exp(ratio) + distance**2 - 1 - ratio)  # [..., C, D]
        of_cluster = -ops.sum(kl, axis=-1)
        responsible = ops.softmax(of_cluster, axis=-1)
        bound = math.log(self.num_clusters) - ops.logsumexp(of_cluster, axis=-1)
        return ops.sum(responsible[..., None] * kl, axis=-2), bound

    def from_uniform(self, u, noise):
        """Draws `[..., D]`: their clusters by u in [0, 1) `[...]`, the rest by normal noise."""
        chosen = ops.one_hot(ops.cast(u * self.num_clusters, "int32"), self.num_clusters)
        return chosen @ self.means + ops.exp(chosen @ self.log_scales) * noise

    def from_noise(self, noise):
        """Draws by standard normal noise `[..., D]` alone: the cluster by the digits of its first
        number that are too fine to matter otherwise.

        >>> clusters = Clusters(3)
        >>> clusters.build((None, 2))
        >>> noise = np.random.default_rng(0).normal(size=(9000, 2)).astype("float32")
        >>> w = clusters.from_noise(noise)
        >>> near = np.asarray((w - noise * 0.5)[:, None] - clusters.means[None])
        >>> np.unique(np.abs(near).sum(-1).argmin(-1), return_counts=True)[1] > 2800
        array([ True,  True,  True])
        """
        fine = noise[..., 0] * _FINE
        return self.from_uniform(ops.minimum(fine - ops.floor(fine), np.float32(1 - 1e-6)), noise)
