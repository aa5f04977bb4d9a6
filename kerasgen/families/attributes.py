"""Classifiers of several things at once: what is in each place of a rendered scene, and before which background."""

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.families.classifier import Classifier
from kerasgen.registration import register

_NEVER = -1e9  # logit of a value that an attribute does not have


@register
class AttributeClassifier(Classifier):
    """A `Classifier` with a softmax for each of A attributes, whose cross-entropies are averaged.

    Args:
        sizes: number of values of each attribute, a list of A.
        event_shape, encoder, augmentation, dropout: of `Classifier`.
    """

    def __init__(self, event_shape, sizes, encoder, augmentation=(), dropout=0.0, **kwargs):
        super().__init__(event_shape, sum(sizes), encoder, augmentation, dropout, **kwargs)
        self.sizes = list(sizes)
        self.num_classes = None  # its labels are no classes

    def call(self, x, training=False):
        """Logits `[B, A, values]`, float32; of values that an attribute does not have, far below all others."""
        return self._apart(super().call(x, training=training))

    def probabilities(self, x):
        """p(value | x) for each attribute, `[B, A, values]`, 0 for values that it does not have."""
        parts = [ops.softmax(logits) for logits in self._split(self.head(self.features(x)))]
        return self._stack(parts, 0.0)

    def attributes(self, x):
        """The likeliest value of each attribute, `[B, A]` int32."""
        return ops.cast(ops.argmax(self.probabilities(x), axis=-1), "int32")

    def _apart(self, logits):
        return self._stack(self._split(logits), _NEVER)

    def _split(self, logits):
        return ops.split(logits, np.cumsum(self.sizes[:-1]).tolist(), axis=-1)

    def _stack(self, parts, filling):
        width = max(self.sizes)
        padded = [ops.pad(x, ((0, 0), (0, width - x.shape[-1])), constant_values=filling) for x in parts]
        return ops.stack(padded, axis=1)

    def check(self, x, labels=None):
        """Returns images as float32 and attributes `[B, A]`, if there are any, as int32.

        Raises:
            ValueError: data of another shape, pixels outside [0, 1], attributes of another number or out of range.
        """
        x = checks.data(x, self.event_shape)
        return x, None if labels is None else checks.attributes(labels, self.sizes)

    def get_config(self):
        config = super().get_config()
        del config["num_classes"]
        return {**config, "sizes": self.sizes}
