"""One perceptron for every tile of an image: for pictures that are put together of cells."""

from typing import Any

from keras import layers

from kerasgen.checks.arguments import Activation, Amount, Hidden, Width
from kerasgen.networks.layers import activation as named
from kerasgen.networks.stack import Stack
from kerasgen.registration import register


@register
class TileEncoder(Stack):
    """Images `[B, H, W, C]` to the features of all tiles, `[B, tiles * features]`.

    Args:
        tile: side of the square tiles in pixels.
        margin: pixels left out at every edge of the image; the tiles cover the rest.
        hidden: sizes of the hidden layers.
        features: of one tile.
        activation: name of a Keras activation.

    >>> tuple(TileEncoder(4, hidden=(8,), features=3)(np.zeros((1, 8, 8, 1), "float32")).shape)
    (1, 12)
    """

    def __init__(
        self,
        tile: Width,
        margin: Amount = 0,
        hidden: Hidden = (128,),
        features: Width = 64,
        activation: Activation = "relu",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.stack = [layers.Cropping2D(margin, **dtype)]
        for depth, size in enumerate([*hidden, features]):
            side = 1 if depth else tile
            self.stack.append(
                layers.Conv2D(size, side, strides=side, activation=named(activation), **dtype)
            )
        self.stack.append(layers.Flatten(**dtype))
