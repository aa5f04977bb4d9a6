"""What keeps a critic's slope in bounds.

The Wasserstein distance asks for it, and other divergences gain from it. Each regularizer adds a
penalty to the critic's loss, or constrains its weights after every step; a model takes any number
of them. Spectral normalisation (Miyato and others 2018, arXiv 1802.05957) is a part of the network
instead: see `normalization="spectral"` of the critics in `kerasgen.networks`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import keras
from keras import ops

from kerasgen import backend
from kerasgen.checks.arguments import Positive
from kerasgen.registration import register


class Regularizer:
    """Base of the regularizers, which does nothing.

    Attributes:
        names: of the terms.
        units: theirs, in words, by name.
        weight: of these terms in the critic's loss.

    >>> class SmallScores(Regularizer):
    ...     names = ("score",)
    ...     def terms(self, critic, real, fake, share):
    ...         return {"score": critic(real) ** 2}
    >>> SmallScores().terms(lambda x: x[:, 0], np.array([[3.0]]), None, None)
    {'score': array([9.])}
    """

    names: tuple[str, ...] = ()
    units: dict[str, str] = {}
    weight = 1.0

    def terms(self, critic: Callable[[Any], Any], real: Any, fake: Any, share: Any) -> dict:
        """What is added to the critic's terms, each `[B]`, by name.

        Args:
            critic: gives scores `[B]` of examples.
            real, fake: data and samples `[B, *event_shape]`.
            share: uniform on [0, 1], `[B]`.
        """
        return {}

    def constrain(self, variables: Iterable[keras.Variable]) -> None:
        """Is called with the critic's trainable variables after each of its steps."""

    def check(self, critic: keras.Layer) -> None:
        """Raises a ValueError where the critic is none that it can act on."""


@register
class GradientPenalty(Regularizer):
    """(|grad V(x)| - 1)^2 at points between data and samples.

    Gulrajani and others 2017, arXiv 1704.00028, equation 3.

    Args:
        weight: lambda of the paper.

    Raises:
        ValueError: a weight that is not above 0; by `check`, a critic with batch normalisation,
            where a score depends on the other examples too (section 4, No critic batch
            normalization).

    >>> x, share = ops.ones((1, 2)), ops.ones((1,))
    >>> terms = GradientPenalty().terms(lambda x: 3 * x[:, 0], x, x, share)
    >>> round(float(terms["gradient_penalty"][0]), 4)
    4.0
    """

    names = ("gradient_penalty",)
    units = {"gradient_penalty": "squared slope"}

    def __init__(self, weight: Positive = 10.0):
        self.weight = weight

    def check(self, critic: keras.Layer) -> None:
        batch_normalization = keras.layers.BatchNormalization
        if any(isinstance(layer, batch_normalization) for layer in critic._flatten_layers()):
            raise ValueError(
                "Expected a critic that scores each example by itself beside a GradientPenalty. "
                "Received: one with batch normalization. Give it normalization='layer'."
            )

    def terms(self, critic: Callable[[Any], Any], real: Any, fake: Any, share: Any) -> dict:
        share = ops.reshape(share, (-1, *[1] * (len(real.shape) - 1)))
        gradient = backend.input_gradient(critic, real + share * (fake - real))
        squares = ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))
        norm = ops.sqrt(squares + 1e-12)  # whose gradient at 0 is infinite
        return {"gradient_penalty": ops.square(norm - 1)}


@register
class WeightClipping(Regularizer):
    """Clips every weight of the critic to [-limit, limit].

    Arjovsky and others 2017, arXiv 1701.07875, algorithm 1. The slope is then bounded, by what
    depends on the network: distances are comparable within a run only.

    Args:
        limit: largest size of a weight.

    Raises:
        ValueError: a limit that is not above 0.

    >>> variable = keras.Variable([-3.0, 0.1])
    >>> WeightClipping(0.5).constrain([variable])
    >>> variable.numpy()
    array([-0.5,  0.1], dtype=float32)
    """

    def __init__(self, limit: Positive = 0.01):
        self.limit = limit

    def constrain(self, variables: Iterable[keras.Variable]) -> None:
        for variable in variables:
            variable.assign(ops.clip(variable, -self.limit, self.limit))
