"""Residual convolutional networks between images and grids of features: what a tokenizer reads and
writes with.

As `ConvEncoder` and `ConvDecoder`, but positions stay positions: a feature sees a neighbourhood,
not the whole image.
"""

from typing import Any

from keras import layers

from kerasgen.checks.arguments import Activation, Depths, Width, Widths
from kerasgen.networks.conv import doublings, halvings
from kerasgen.networks.stack import SizedByLikelihood, Stack
from kerasgen.registration import register


@register
class GridEncoder(Stack):
    """Images `[B, H, W, C]` to features `[B, h, w, channels[-1]]`; H and W divide by 2 once a
    stage.

    Args:
        channels: width of each stage, from half resolution down.
        blocks: residual blocks of each stage.
        activation: name of a Keras activation.

    >>> tuple(GridEncoder((4, 6), (1, 1))(np.zeros((2, 8, 8, 1), "float32")).shape)
    (2, 2, 2, 6)
    """

    def __init__(
        self,
        channels: Widths = (24, 48),
        blocks: Depths = (1, 1),
        activation: Activation = "relu",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.stack = halvings(channels, blocks, activation, self.dtype_policy)


@register
class GridDecoder(SizedByLikelihood, Stack):
    """Code vectors `[B, h, w, D]` to `[B, H, W, output_channels]`, linear; h and w multiply by 2
    once a stage.

    Args:
        output_channels: of the images, or None for those that a model sets.
        channels: width of each stage, from the grid's resolution up.
        blocks: residual blocks of each stage.
        activation: name of a Keras activation.

    >>> tuple(GridDecoder(1, (6, 4), (1, 1))(np.zeros((2, 2, 2, 3), "float32")).shape)
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        output_channels: Width | None = None,
        channels: Widths = (48, 24),
        blocks: Depths = (1, 1),
        activation: Activation = "relu",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.config = {
            "output_channels": output_channels,
            "channels": list(channels),
            "blocks": list(blocks),
            "activation": activation,
        }
        self.set_output(output_channels)

    def add_output(self, output_channels):
        channels, blocks, activation = (
            self.config[name] for name in ("channels", "blocks", "activation")
        )
        self.stack = [
            layers.Conv2D(channels[0], 3, padding="same", dtype=self.dtype_policy),
            *doublings(channels, blocks, output_channels, activation, self.dtype_policy),
        ]
