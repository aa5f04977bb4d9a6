"""What a model minimises: named terms and their weights."""

from typing import Any, NamedTuple

import keras
from keras import ops


class Loss(NamedTuple):
    """What a model minimises.

    Attributes:
        terms: named terms, each `[B]`, unweighted, in nats where they are divergences.
        weights: by name; a term that is not named weighs 1.

    >>> terms = {"reconstruction": np.array([50.0, 60.0]), "kl": np.array([10.0, 20.0])}
    >>> Loss(terms, {"kl": 2.0}).total().tolist()
    [70.0, 100.0]
    """

    terms: dict[str, Any]
    weights: dict[str, Any] = {}

    def total(self):
        """The weighted sum of the terms, `[B]`."""
        return sum(self.weights.get(name, 1.0) * term for name, term in self.terms.items())


def mean(term: Any) -> Any:
    """The mean of a term `[B]`, a scalar: 0 on a replica without examples, which weighs nothing.

    >>> float(mean(np.zeros(0, "float32"))), float(mean(np.array([1.0, 2.0])))
    (0.0, 1.5)
    """
    return ops.sum(term) / ops.maximum(ops.cast(ops.shape(term)[0], term.dtype), 1)


def penalties(*layers: keras.Layer) -> Any:
    """What the regularizers within layers add to a loss, a scalar.

    >>> layer = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l1")
    >>> layer.build((None, 3))
    >>> round(float(penalties(layer)), 4)
    0.03
    """
    return sum(ops.sum(penalty) for layer in layers for penalty in layer.losses)
