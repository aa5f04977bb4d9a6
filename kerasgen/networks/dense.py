"""Multi-layer perceptrons, for data without a grid."""

import math
from typing import Any

from keras import layers

from kerasgen.checks.arguments import Activation, Hidden, Normalization, Shape
from kerasgen.networks import normalization as normalizations
from kerasgen.networks.layers import activation as named
from kerasgen.networks.stack import SizedByLikelihood, Stack
from kerasgen.registration import register


@register
class MLP(SizedByLikelihood, Stack):
    """A multilayer perceptron: `[B, ...]` to `[B, *output_shape]`, linear at the end.

    Args:
        output_shape: shape of one output, or None for the one that a model sets.
        hidden: sizes of the hidden layers.
        activation: name of a Keras activation.
        normalization: of every kernel, or of the values of every hidden layer: see
            `kerasgen.networks.normalization`.

    Raises:
        ValueError: an unknown normalisation.

    >>> tuple(MLP((4, 4, 1), hidden=(8,))(np.zeros((2, 3), "float32")).shape)
    (2, 4, 4, 1)
    """

    output_argument = "output_shape"

    def __init__(
        self,
        output_shape: Shape | None = None,
        hidden: Hidden = (256, 256),
        activation: Activation = "relu",
        normalization: Normalization | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.config = {
            "output_shape": output_shape and list(output_shape),
            "hidden": list(hidden),
            "activation": activation,
            "normalization": normalization,
        }
        self.set_output(output_shape)

    def add_output(self, shape):
        dtype = {"dtype": self.dtype_policy}
        activation, normalization = self.config["activation"], self.config["normalization"]
        self.stack = [layers.Flatten(**dtype)]
        for size in self.config["hidden"]:
            self.stack += [
                normalizations.of_kernel(layers.Dense(size, **dtype), normalization),
                *normalizations.of_values(normalization, self.dtype_policy),
                layers.Activation(named(activation), **dtype),
            ]
        last = normalizations.of_kernel(layers.Dense(math.prod(shape), **dtype), normalization)
        self.stack += [last, layers.Reshape(shape, **dtype)]
