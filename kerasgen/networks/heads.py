"""From a critic's features to its scores."""

from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Amount, Switch
from kerasgen.networks.normalization import of_kernel
from kerasgen.registration import register


@register
class ScoreHead(layers.Layer):
    """Features h `[B, F]` to scores w h + b, `[B]`, of class y to (w + e_y) h + b: the projection
    critic.

    Miyato and Koyama 2018 (arXiv 1802.05637, equation 3). Computes in float32.

    Args:
        num_classes: number of classes, or None.
        spectral: normalise both matrices by their largest singular value.

    >>> head = ScoreHead(num_classes=3)
    >>> tuple(head(np.zeros((2, 4), "float32"), np.array([0, 2])).shape)
    (2,)
    """

    def __init__(self, num_classes: Amount | None = None, spectral: Switch = False, **kwargs: Any):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.num_classes = num_classes
        self.spectral = spectral
        normalization, dense = "spectral" if spectral else None, layers.Dense
        self.linear = of_kernel(dense(1, dtype="float32", name="linear"), normalization)
        self.embedding = None
        if num_classes:
            embedding = dense(num_classes, use_bias=False, dtype="float32", name="embedding")
            self.embedding = of_kernel(embedding, normalization)

    def build(self, input_shape):
        self.linear.build(input_shape)
        if self.embedding is not None:
            self.embedding.build(input_shape)
        self.built = True

    def call(self, h, condition=None, training=False):
        scores = self.linear(h, training=training)[:, 0]
        if self.embedding is None:
            return scores
        # Onto the embeddings of all classes, [B, num_classes].
        projections = self.embedding(h, training=training)
        return scores + ops.sum(
            projections * ops.one_hot(condition, self.num_classes, dtype=h.dtype), axis=-1
        )
