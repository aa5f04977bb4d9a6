"""Multi-layer perceptrons, for data without a grid."""

import math

from keras import layers

from kerasgen.networks import normalization as normalizations
from kerasgen.networks.layers import Stack
from kerasgen.registration import register


@register
class MLP(Stack):
    """`[B, ...]` to `[B, *output_shape]`, linear at the end.

    Args:
        output_shape: shape of one output.
        hidden: sizes of the hidden layers.
        activation: name of a Keras activation.
        normalization: of every kernel, or of the values of every hidden layer: see `kerasgen.networks.normalization`.

    Raises:
        ValueError: an unknown normalisation.
    """

    def __init__(self, output_shape, hidden=(256, 256), activation="relu", normalization=None, **kwargs):
        super().__init__(**kwargs)
        normalizations.check(normalization)
        self.config = {
            "output_shape": list(output_shape),
            "hidden": list(hidden),
            "activation": activation,
            "normalization": normalization,
        }
        dtype = {"dtype": self.dtype_policy}
        self.stack = [layers.Flatten(**dtype)]
        for size in hidden:
            self.stack += [
                normalizations.of_kernel(layers.Dense(size, **dtype), normalization),
                *normalizations.of_values(normalization, self.dtype_policy),
                layers.Activation(activation, **dtype),
            ]
        last = normalizations.of_kernel(layers.Dense(math.prod(output_shape), **dtype), normalization)
        self.stack += [last, layers.Reshape(output_shape, **dtype)]

    def get_config(self):
        return {**super().get_config(), **self.config}
