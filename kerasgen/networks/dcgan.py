"""Strided convolutions between noise and images (Radford and others 2016, arXiv 1511.06434),
kernels of 4 x 4.

Height and width change by 2 a stage: 28 x 28 takes two stages, from 7 x 7; 32 x 32 three and 64 x
64 four, from 4 x 4.
"""

import math
from typing import Any

from keras import layers

from kerasgen.checks.arguments import Hidden, ImageShape, Normalization, Share, Widths
from kerasgen.networks import normalization as normalizations
from kerasgen.networks.layers import divided
from kerasgen.networks.stack import SizedByLikelihood, Stack
from kerasgen.registration import register

_SLOPE = 0.2  # of leaky rectifiers on negative values


@register
class DCGANGenerator(SizedByLikelihood, Stack):
    """A generator: noise `[B, D]` to images `[B, *output_shape]` in [0, 1].

    Args:
        output_shape: (height, width, channels), or None for the one that a model sets; height and
            width divide by 2 once a stage.
        channels: width of each stage, from the lowest resolution up.
        normalization: of every layer but the last: see `kerasgen.networks.normalization`.
        hidden: sizes of dense layers before the first stage: data in separate modes needs a map
            that bends sharply.

    Raises:
        ValueError: an unknown normalisation.

    >>> tuple(DCGANGenerator((8, 8, 1), (4,))(np.zeros((2, 3), "float32")).shape)
    (2, 8, 8, 1)
    """

    output_argument = "output_shape"

    def __init__(
        self,
        output_shape: ImageShape | None = None,
        channels: Widths = (64, 32),
        normalization: Normalization = "batch",
        hidden: Hidden = (),
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.config = {
            "output_shape": output_shape and list(output_shape),
            "channels": list(channels),
            "normalization": normalization,
            "hidden": list(hidden),
        }
        self.set_output(output_shape)

    def add_output(self, shape):
        dtype = {"dtype": self.dtype_policy}
        channels, normalization = self.config["channels"], self.config["normalization"]
        *resolution, output_channels = shape
        lowest = (*divided(resolution, 2 ** len(channels)), channels[0])
        self.stack = []
        for size in self.config["hidden"]:
            self.stack += [
                normalizations.of_kernel(layers.Dense(size, **dtype), normalization),
                *normalizations.of_values(normalization, self.dtype_policy),
                layers.ReLU(**dtype),
            ]
        first = layers.Dense(math.prod(lowest), **dtype)
        self.stack += [
            normalizations.of_kernel(first, normalization),
            layers.Reshape(lowest, **dtype),
            *normalizations.of_values(normalization, self.dtype_policy),
            layers.ReLU(**dtype),
        ]
        for width in channels[1:]:
            enlarge = layers.Conv2DTranspose(width, 4, strides=2, padding="same", **dtype)
            self.stack += [
                normalizations.of_kernel(enlarge, normalization),
                *normalizations.of_values(normalization, self.dtype_policy),
                layers.ReLU(**dtype),
            ]
        self.stack += [
            layers.Conv2DTranspose(output_channels, 4, strides=2, padding="same", **dtype),
            layers.Activation("sigmoid", dtype="float32"),
        ]


@register
class DCGANCritic(Stack):
    """A critic: images `[B, H, W, C]` in [0, 1] to features `[B, F]`, all of the last layer.

    Args:
        channels: width of each stage, from half resolution down.
        normalization: of every layer, but of values not after the first: see
            `kerasgen.networks.normalization`.
        dropout: share of each layer's values left out in training.
        hidden: sizes of dense layers after the last stage.

    Raises:
        ValueError: an unknown normalisation.

    >>> tuple(DCGANCritic((4,))(np.zeros((2, 8, 8, 1), "float32")).shape)
    (2, 64)
    """

    def __init__(
        self,
        channels: Widths = (32, 64),
        normalization: Normalization | None = None,
        dropout: Share = 0.0,
        hidden: Hidden = (),
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}

        def layer(kernel, *values):
            left_out = [layers.Dropout(dropout, **dtype)] if dropout else []
            kernel = normalizations.of_kernel(kernel, normalization)
            return [kernel, *values, layers.LeakyReLU(_SLOPE, **dtype), *left_out]

        self.stack = [layers.Rescaling(2.0, -1.0, **dtype)]
        for stage, width in enumerate(channels):
            values = normalizations.of_values(normalization, self.dtype_policy) if stage else []
            self.stack += layer(
                layers.Conv2D(width, 4, strides=2, padding="same", **dtype), *values
            )
        self.stack.append(layers.Flatten(**dtype))
        for size in hidden:
            values = normalizations.of_values(normalization, self.dtype_policy)
            self.stack += layer(layers.Dense(size, **dtype), *values)
