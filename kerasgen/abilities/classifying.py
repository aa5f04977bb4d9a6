"""Giving p(class | x)."""

from kerasgen.abilities.base import Ability
from kerasgen.batches import count, in_blocks


class Classifies(Ability):
    """Gives p(class | x) and the features that it rests on. The block: `_probabilities(x)`.

    >>> model = kerasgen.zoo.load("classifier_mnist")
    >>> isinstance(model, Classifies), model.probabilities(np.zeros((3, 28, 28, 1))).shape
    (True, TensorShape([3, 10]))
    """

    method = "probabilities"
    absence = "It tells no classes apart: Classifier does."
    classified_at_once = 256

    def probabilities(self, x):
        """p(class | x), `[B, classes]`."""
        x = self.event.check(x)
        return in_blocks(self._compiled("_probabilities"), count(x), self.classified_at_once, x)

    def features(self, x):
        """What the last layer reads, `[B, F]` float32."""
        x = self.event.check(x)
        return in_blocks(self._compiled("_features"), count(x), self.classified_at_once, x)
