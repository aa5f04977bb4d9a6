"""Classifiers of several things at once: what is in each place of a rendered scene, and before
which background."""

from typing import Any

from keras import ops

from kerasgen.batches import parted
from kerasgen.checks.arguments import Layer, Layers, Share, Widths
from kerasgen.events import Attributes
from kerasgen.families.classifier import Classifier
from kerasgen.registration import register

_NEVER = -1e9  # logit of a value that an attribute does not have


@register
class AttributeClassifier(Classifier):
    """A `Classifier` with a softmax for each of A attributes, whose cross-entropies are averaged.

    Args:
        sizes: number of values of each attribute, a list of A.
        event, encoder, augmentation, dropout: of `Classifier`.

    >>> encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4)])
    >>> model = AttributeClassifier([4, 4, 1], sizes=[3, 2], encoder=encoder)
    >>> tuple(model.attributes(np.zeros((5, 4, 4, 1))).shape)
    (5, 2)
    """

    def __init__(
        self,
        event: Any,
        sizes: Widths,
        encoder: Layer,
        augmentation: Layers = (),
        dropout: Share = 0.0,
        **kwargs: Any,
    ):
        super().__init__(event, Attributes(sizes), encoder, augmentation, dropout, **kwargs)

    @property
    def sizes(self) -> list[int]:
        """Number of values of each attribute."""
        return self.condition.sizes

    @property
    def num_logits(self):
        return sum(self.sizes)

    def call(self, x, training=False):
        """Logits `[B, A, values]`, float32; of values that an attribute does not have,
        far below.
        """
        return self._stack(parted(super().call(x, training=training), self.sizes), _NEVER)

    def _probabilities(self, x):
        parts = [ops.softmax(logits) for logits in parted(self.head(self._features(x)), self.sizes)]
        return self._stack(parts, 0.0)

    def attributes(self, x):
        """The likeliest value of each attribute, `[B, A]` int32."""
        return ops.cast(ops.argmax(self.probabilities(x), axis=-1), "int32")

    def _stack(self, parts, filling):
        width = max(self.sizes)
        margins = [((0, 0), (0, width - part.shape[-1])) for part in parts]
        padded = [ops.pad(x, m, constant_values=filling) for x, m in zip(parts, margins)]
        return ops.stack(padded, axis=1)
