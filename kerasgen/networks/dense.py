"""Multi-layer perceptrons, for data without a grid."""

import math

from keras import layers

from kerasgen.networks.layers import Stack, register


@register
class MLP(Stack):
    """`[B, ...]` to `[B, *output_shape]`, linear at the end.

    Args:
        output_shape: shape of one output.
        hidden: sizes of the hidden layers.
        activation: name of a Keras activation.
    """

    def __init__(self, output_shape, hidden=(256, 256), activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.config = {"output_shape": list(output_shape), "hidden": list(hidden), "activation": activation}
        dtype = {"dtype": self.dtype_policy}
        self.stack = [
            layers.Flatten(**dtype),
            *(layers.Dense(size, activation, **dtype) for size in hidden),
            layers.Dense(math.prod(output_shape), **dtype),
            layers.Reshape(output_shape, **dtype),
        ]

    def get_config(self):
        return {**super().get_config(), **self.config}
