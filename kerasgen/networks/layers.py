"""Parts that networks share."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from kerasgen.registration import register


class SizedByLikelihood:
    """A network whose output is as large as a likelihood asks for: a mixin before its layer class.

    It is constructed with a size, or with None and told its size by `set_output`, before it is
    built. The constructor ends in `self.set_output(size)`, and `add_output(size)` creates the
    layers that depend on the size.

    Attributes:
        output_argument: name of the constructor's argument, `"output_shape"` of networks that know
            the resolution of what they give, or `"output_channels"`.
        output_size: a shape or a number of channels, None as long as it is not known.
    """

    output_argument = "output_channels"
    output_size = None

    def set_output(self, size):
        """Sets the size of the output, or checks it where it is known; None leaves it open.

        Args:
            size: a shape, of which channels are the last number, or a number.

        Raises:
            ValueError: another size than the known one.
        """
        if size is None:
            return
        shape = (size,) if isinstance(size, int) else tuple(size)
        size = shape[-1] if self.output_argument == "output_channels" else shape
        if self.output_size is None:
            self.output_size = size
            self.add_output(size)
        elif size != self.output_size:
            raise ValueError(
                f"Expected {self.output_argument} {size}, which the event and the likelihood need. "
                f"Received: {self.output_size}. Leave {self.output_argument} out."
            )

    def get_build_config(self):
        return super().get_build_config() | {"output_size": self.output_size}

    def build_from_config(self, config):
        config = dict(config)
        self.set_output(config.pop("output_size", None))
        super().build_from_config(config)


def check_sized(network):
    """Raises a ValueError for a network that is to be built before the size of its
    output is known.
    """
    if isinstance(network, SizedByLikelihood) and network.output_size is None:
        raise ValueError(
            f"Expected {network.output_argument} of {type(network).__name__}, given or set by "
            "set_output before it is built. Received: None."
        )


def activation(name: str) -> Callable[[Any], Any]:
    """The Keras activation of a name, or of Keras' own function.

    Swish is written out. TensorFlow's has a gradient of its own, for which a registry keeps the
    graph of every call, and the weights in it, as long as the process lasts.

    >>> float(activation("swish")(ops.convert_to_tensor(0.0)))
    0.0
    """
    found = keras.activations.get(name)
    return _swish if found is keras.activations.silu else found


def _swish(x):
    return x * ops.sigmoid(x)


class Stack(layers.Layer):
    """Layers one after the other, in `self.stack`; the subclass is its own short configuration."""

    def build(self, input_shape):
        check_sized(self)
        self.call(keras.KerasTensor(input_shape))
        self.built = True

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return x


def divided(sides, factor):
    """Height and width `sides`, each divided by `factor`.

    Raises:
        ValueError: a side that it does not divide.
    """
    if any(side % factor for side in sides):
        raise ValueError(
            f"Expected height and width that {factor} divides. Received: {tuple(sides)}. Pad or "
            "crop the images, or "
            "take fewer stages."
        )
    return [side // factor for side in sides]


@register
class SpaceToDepth(layers.Layer):
    """`[B, H, W, C]` to `[B, H / block, W / block, block * block * C]`."""

    def __init__(self, block=2, **kwargs):
        super().__init__(**kwargs)
        self.block = block

    def call(self, x):
        b, channels = self.block, x.shape[-1]
        height, width = divided(x.shape[1:3], b)
        x = ops.transpose(ops.reshape(x, (-1, height, b, width, b, channels)), (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height, width, b * b * channels))


@register
class DepthToSpace(layers.Layer):
    """`[B, H, W, block * block * C]` to `[B, H * block, W * block, C]`; undoes SpaceToDepth."""

    def __init__(self, block=2, **kwargs):
        super().__init__(**kwargs)
        self.block = block

    def call(self, x):
        _, height, width, channels = x.shape
        b = self.block
        x = ops.reshape(x, (-1, height, width, b, b, channels // b**2))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height * b, width * b, channels // b**2))
