"""Parts that networks share."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from kerasgen.checks.arguments import Width
from kerasgen.registration import register


def activation(name: str | Callable | None) -> Callable[[Any], Any]:
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


def divided(sides, factor):
    """Height and width `sides`, each divided by `factor`.

    Raises:
        ValueError: a side that it does not divide.

    >>> divided((28, 28), 4)
    [7, 7]
    """
    if any(side % factor for side in sides):
        raise ValueError(
            f"Expected height and width that {factor} divides. Received: {tuple(sides)}. Pad or "
            "crop the images, or take fewer stages."
        )
    return [side // factor for side in sides]


@register
class SpaceToDepth(layers.Layer):
    """`[B, H, W, C]` to `[B, H / block, W / block, block * block * C]`.

    >>> tuple(SpaceToDepth()(np.zeros((1, 4, 6, 3), "float32")).shape)
    (1, 2, 3, 12)
    """

    def __init__(self, block: Width = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.block = block

    def call(self, x):
        b, channels = self.block, x.shape[-1]
        height, width = divided(x.shape[1:3], b)
        x = ops.transpose(ops.reshape(x, (-1, height, b, width, b, channels)), (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height, width, b * b * channels))


@register
class DepthToSpace(layers.Layer):
    """`[B, H, W, block * block * C]` to `[B, H * block, W * block, C]`; undoes SpaceToDepth.

    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> bool(np.all(DepthToSpace()(SpaceToDepth()(x)) == x))
    True
    """

    def __init__(self, block: Width = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.block = block

    def call(self, x):
        _, height, width, channels = x.shape
        b = self.block
        x = ops.reshape(x, (-1, height, width, b, b, channels // b**2))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height * b, width * b, channels // b**2))
