"""Residual networks between noise and images that change resolution inside their blocks (Gulrajani
and others 2017, arXiv 1704.00028, appendix F; Miyato and others 2018, arXiv 1802.05957, appendix
B).

Deeper than those of `kerasgen.networks.dcgan` at equal resolutions, and several times as costly.
"""

import math
from typing import Annotated, Any

import keras
from keras import layers

from kerasgen.checks.arguments import ImageShape, Normalization, Width, Widths, one_of
from kerasgen.networks import normalization as normalizations
from kerasgen.networks.layers import divided
from kerasgen.networks.stack import SizedByLikelihood, Stack
from kerasgen.registration import register


@register
class ResampledBlock(layers.Layer):
    """shortcut(x) + conv(relu(conv(relu(x)))), the resolution multiplied by 2, 1 or 1/2 on both
    sides.

    Args:
        channels: width of the output.
        resample: "up", None or "down".
        normalization: of the inner layers: see `kerasgen.networks.normalization`.

    Raises:
        ValueError: an unknown resampling or normalisation.

    >>> tuple(ResampledBlock(4, "down")(np.zeros((1, 8, 8, 2), "float32")).shape)
    (1, 4, 4, 4)
    """

    def __init__(
        self,
        channels: Width,
        resample: Annotated[str | None, one_of("up", None, "down")] = None,
        normalization: Normalization | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.channels = channels
        self.resample = resample
        self.normalization = normalization
        dtype = {"dtype": self.dtype_policy}

        def convolution(size):
            layer = layers.Conv2D(channels, size, padding="same", **dtype)
            return normalizations.of_kernel(layer, normalization)

        def nonlinearity():
            return [
                *normalizations.of_values(normalization, self.dtype_policy),
                layers.ReLU(**dtype),
            ]

        up = [layers.UpSampling2D(**dtype)] if resample == "up" else []
        down = [layers.AveragePooling2D(2, **dtype)] if resample == "down" else []
        self.branch = [*nonlinearity(), *up, convolution(3), *nonlinearity(), convolution(3), *down]
        # The 1x1 kernel at the lower resolution, where it costs less.
        self.shortcut = [convolution(1), *up, *down]

    def build(self, input_shape):
        self.call(keras.KerasTensor(input_shape))
        self.built = True

    def call(self, x):
        branch = shortcut = x
        for layer in self.branch:
            branch = layer(branch)
        for layer in self.shortcut:
            shortcut = layer(shortcut)
        return shortcut + branch


@register
class ResidualGenerator(SizedByLikelihood, Stack):
    """A generator: noise `[B, D]` to images `[B, *output_shape]` in [0, 1].

    Args:
        output_shape: (height, width, channels), or None for the one that a model sets; height and
            width divide by 2 once a stage.
        channels: width of each stage, from the lowest resolution up.
        normalization: see `kerasgen.networks.normalization`.

    >>> tuple(ResidualGenerator((8, 8, 1), (4,))(np.zeros((2, 3), "float32")).shape)
    (2, 8, 8, 1)
    """

    output_argument = "output_shape"

    def __init__(
        self,
        output_shape: ImageShape | None = None,
        channels: Widths = (64, 32),
        normalization: Normalization = "batch",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.config = {
            "output_shape": output_shape and list(output_shape),
            "channels": list(channels),
            "normalization": normalization,
        }
        self.set_output(output_shape)

    def add_output(self, shape):
        dtype = {"dtype": self.dtype_policy}
        channels, normalization = self.config["channels"], self.config["normalization"]
        *resolution, output_channels = shape
        lowest = (*divided(resolution, 2 ** len(channels)), channels[0])
        self.stack = [
            layers.Dense(math.prod(lowest), **dtype),
            layers.Reshape(lowest, **dtype),
            *(ResampledBlock(width, "up", normalization, **dtype) for width in channels),
            *normalizations.of_values(normalization, self.dtype_policy),
            layers.ReLU(**dtype),
            layers.Conv2D(output_channels, 3, padding="same", **dtype),
            layers.Activation("sigmoid", dtype="float32"),
        ]


@register
class ResidualCritic(Stack):
    """A critic: images `[B, H, W, C]` in [0, 1] to features `[B, F]`, means over the
    positions of the last stage.

    Args:
        channels: width of each stage, from half resolution down, and of a last block that keeps the
            resolution.
        normalization: see `kerasgen.networks.normalization`.

    >>> tuple(ResidualCritic((4,))(np.zeros((2, 8, 8, 1), "float32")).shape)
    (2, 4)
    """

    def __init__(
        self, channels: Widths = (32, 64), normalization: Normalization | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        blocks = [(width, "down") for width in channels] + [(channels[-1], None)]
        self.stack = [
            layers.Rescaling(2.0, -1.0, **dtype),
            *(
                ResampledBlock(width, resample, normalization, **dtype)
                for width, resample in blocks
            ),
            layers.ReLU(**dtype),
            layers.GlobalAveragePooling2D(**dtype),
        ]
