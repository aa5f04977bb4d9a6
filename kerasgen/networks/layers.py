"""Parts that networks share."""

import keras
from keras import layers, ops

from kerasgen.registration import register


class Stack(layers.Layer):
    """Layers one after the other, in `self.stack`; the subclass is its own short configuration."""

    def build(self, input_shape):
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
            f"Expected height and width that {factor} divides. Received: {tuple(sides)}. Pad or crop the images, or "
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

    def get_config(self):
        return {**super().get_config(), "block": self.block}


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

    def get_config(self):
        return {**super().get_config(), "block": self.block}
