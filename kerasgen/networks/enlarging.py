"""Networks that draw what a small picture leaves open."""

from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Activation, Blocks, ImageShape, Width
from kerasgen.networks.conv import ResidualBlock
from kerasgen.networks.layers import DepthToSpace
from kerasgen.networks.layers import activation as named
from kerasgen.networks.stack import SizedByLikelihood, Stack
from kerasgen.registration import register


@register
class EnlargingDecoder(SizedByLikelihood, Stack):
    """The decoder of a model that is conditional on a small picture: a linear interpolation, which
    it learns, and a residual network's correction, which reads the code, too.

    All convolutions but the interpolation run at the small picture's resolution.

    Args:
        small_shape: of the picture that ends the input `[B, D]`, `[height, width, channels]`.
        output_shape: (height, width, channels), a whole multiple of it, or None for the one that a
            model sets.
        channels: width of the residual network.
        blocks: of it.
        activation: name of a Keras activation.

    >>> decoder = EnlargingDecoder((4, 4, 1), (8, 8, 3), channels=4, blocks=1)
    >>> tuple(decoder(np.zeros((2, 5 + 16), "float32")).shape)
    (2, 8, 8, 3)
    """

    output_argument = "output_shape"

    def __init__(
        self,
        small_shape: ImageShape,
        output_shape: ImageShape | None = None,
        channels: Width = 32,
        blocks: Blocks = 3,
        activation: Activation = "swish",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.config = {
            "small_shape": list(small_shape),
            "output_shape": output_shape and list(output_shape),
            "channels": channels,
            "blocks": blocks,
            "activation": activation,
        }
        self.set_output(output_shape)

    def add_output(self, shape):
        small, (height, width, outputs) = self.config["small_shape"], shape
        factor = height // small[0]
        if (small[0] * factor, small[1] * factor) != (height, width):
            raise ValueError(
                f"Expected a small picture of which {height} x {width} is a whole multiple. "
                f"Received: small_shape={small}."
            )
        channels, activation = self.config["channels"], self.config["activation"]
        dtype = {"dtype": self.dtype_policy}
        conv = {"padding": "same", **dtype}
        self.told = layers.Dense(small[0] * small[1] * 4, **dtype)
        self.enter = layers.Conv2D(channels, 3, **conv)
        self.residual = [
            ResidualBlock(channels, activation, **dtype) for _ in range(self.config["blocks"])
        ]
        wide = outputs * factor**2
        self.leave = layers.Conv2D(wide, 3, kernel_initializer="zeros", **conv)
        self.interpolate = layers.Conv2D(wide, 5, **conv)
        self.stack = [self.told, self.enter, *self.residual, self.leave, self.interpolate]
        self.to_space = DepthToSpace(factor, **dtype)

    def build(self, input_shape):
        height, width, channels = self.config["small_shape"]
        self.told.build((None, input_shape[-1] - height * width * channels))
        self.enter.build((None, height, width, channels + 4))
        for layer in (*self.residual, self.leave):
            layer.build((None, height, width, self.config["channels"]))
        self.interpolate.build((None, height, width, channels))
        self.built = True

    def call(self, x, training=None):
        height, width, channels = self.config["small_shape"]
        code, small = x[:, : -height * width * channels], x[:, -height * width * channels :]
        small = ops.reshape(small, (-1, height, width, channels))
        told = ops.reshape(self.told(code), (-1, height, width, 4))
        h = self.enter(ops.concatenate([small, told], axis=-1))
        for block in self.residual:
            h = block(h)
        correction = self.leave(named(self.config["activation"])(h))
        return self.to_space(correction + self.interpolate(small))
