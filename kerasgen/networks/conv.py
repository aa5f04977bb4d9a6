"""Residual convolutional networks between images and feature vectors.

Both change resolution by moving pixels into channels and back, so that no convolution runs at full
resolution, where it would cost the most and see the least.
"""

import math
from typing import Any

from keras import layers

from kerasgen.checks.arguments import Activation, Depths, ImageShape, Share, Width, Widths
from kerasgen.networks.layers import DepthToSpace, SpaceToDepth, divided
from kerasgen.networks.layers import activation as named
from kerasgen.networks.stack import SizedByLikelihood, Stack
from kerasgen.registration import register


@register
class ResidualBlock(layers.Layer):
    """x + conv(act(conv(act(x)))), 3x3 (He and others 2016, arXiv 1603.05027); starts as the
    identity.

    Args:
        channels: width of input and output.
        activation: name of a Keras activation.
        dropout: share of the values before the second convolution left out in training.

    >>> x = np.random.default_rng(0).normal(size=(1, 4, 4, 2)).astype("float32")
    >>> bool(np.all(ResidualBlock(2)(x) == x))  # as it starts
    True
    """

    def __init__(
        self, channels: Width, activation: Activation = "swish", dropout: Share = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.channels = channels
        self.activation = activation
        self.dropout = layers.Dropout(dropout, dtype=self.dtype_policy)
        conv = {"padding": "same", "dtype": self.dtype_policy}
        self.conv1 = layers.Conv2D(channels, 3, **conv)
        self.conv2 = layers.Conv2D(channels, 3, kernel_initializer="zeros", **conv)

    def build(self, input_shape):
        self.conv1.build(input_shape)
        self.conv2.build(input_shape)
        self.built = True

    def call(self, x):
        act = named(self.activation)
        return x + self.conv2(self.dropout(act(self.conv1(act(x)))))


def halvings(channels, blocks, activation, dtype=None, dropout=0.0):
    """Layers that halve height and width once a stage and end in the activation.

    Args:
        channels: width of each stage, from half resolution down.
        blocks: residual blocks of each stage.
        activation: name of a Keras activation.
        dtype: Keras dtype policy.
        dropout: of the residual blocks.

    >>> tuple(keras.Sequential(halvings((2, 4), (1, 1), "relu"))(np.zeros((1, 8, 8, 1))).shape)
    (1, 2, 2, 4)
    """
    stack = []
    for width, depth in zip(channels, blocks):
        stack += [SpaceToDepth(dtype=dtype), layers.Conv2D(width, 3, padding="same", dtype=dtype)]
        stack += [ResidualBlock(width, activation, dropout, dtype=dtype) for _ in range(depth)]
    return [*stack, layers.Activation(named(activation), dtype=dtype)]


def doublings(channels, blocks, output_channels, activation, dtype=None, dropout=0.0):
    """Layers that double height and width once a stage, and are linear at the end; arguments as of
    `halvings`.

    >>> tuple(keras.Sequential(doublings((4, 2), (1, 1), 3, "relu"))(np.zeros((1, 2, 2, 4))).shape)
    (1, 8, 8, 3)
    """
    stack = []
    for width, depth, next_width in zip(channels, blocks, (*channels[1:], output_channels)):
        stack += [ResidualBlock(width, activation, dropout, dtype=dtype) for _ in range(depth)]
        stack += [
            layers.Activation(named(activation), dtype=dtype),
            layers.Conv2D(4 * next_width, 3, padding="same", dtype=dtype),
            DepthToSpace(dtype=dtype),
        ]
    return stack


@register
class ConvEncoder(Stack):
    """A residual encoder: images `[B, H, W, C]` to features `[B, features]`, halved by stage.

    Args:
        channels: width of each stage, from half resolution down.
        blocks: residual blocks of each stage.
        features: size of the output.
        activation: name of a Keras activation.
        dropout: share of the values within residual blocks and before the dense layer left out in
            training.

    >>> tuple(ConvEncoder((4,), (1,), features=6)(np.zeros((2, 8, 8, 1), "float32")).shape)
    (2, 6)
    """

    def __init__(
        self,
        channels: Widths = (32, 64),
        blocks: Depths = (1, 2),
        features: Width = 256,
        activation: Activation = "swish",
        dropout: Share = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        self.stack = [
            *halvings(channels, blocks, activation, dropout=dropout, **dtype),
            layers.Flatten(**dtype),
            layers.Dropout(dropout, **dtype),
            layers.Dense(features, named(activation), **dtype),
        ]


@register
class ConvDecoder(SizedByLikelihood, Stack):
    """A residual decoder: vectors `[B, D]` to `[B, *output_shape]`, linear; height and width
    multiply by 2 once a stage.

    Args:
        output_shape: (height, width, channels), or None for the one that a model sets.
        channels: width of each stage, from the lowest resolution up.
        blocks: residual blocks of each stage.
        features: size of the hidden layer between the input and the lowest resolution.
        activation: name of a Keras activation.
        dropout: share of the values within residual blocks and of the hidden layer left out in
            training.

    >>> tuple(ConvDecoder((8, 8, 1), (4,), (1,), features=6)(np.zeros((2, 3), "float32")).shape)
    (2, 8, 8, 1)
    """

    output_argument = "output_shape"

    def __init__(
        self,
        output_shape: ImageShape | None = None,
        channels: Widths = (64, 32),
        blocks: Depths = (2, 1),
        features: Width = 256,
        activation: Activation = "swish",
        dropout: Share = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.config = {
            "output_shape": output_shape and list(output_shape),
            "channels": list(channels),
            "blocks": list(blocks),
            "features": features,
            "activation": activation,
            "dropout": dropout,
        }
        self.set_output(output_shape)

    def add_output(self, shape):
        dtype = {"dtype": self.dtype_policy}
        names = ("channels", "blocks", "features", "activation", "dropout")
        channels, blocks, features, activation, dropout = (self.config[name] for name in names)
        *resolution, output_channels = shape
        lowest = (*divided(resolution, 2 ** len(channels)), channels[0])
        self.stack = [
            layers.Dense(features, named(activation), **dtype),
            layers.Dropout(dropout, **dtype),
            layers.Dense(math.prod(lowest), **dtype),
            layers.Reshape(lowest, **dtype),
            *doublings(channels, blocks, output_channels, activation, dropout=dropout, **dtype),
        ]
