"""A ladder of latents: codes at several resolutions, for pictures (Sonderby and others 2016, arXiv
1602.02282; Vahdat and Kautz 2020, arXiv 2007.03898).
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

from keras import layers, ops

from kerasgen.bottlenecks.continuous import mean_and_scale
from kerasgen.bottlenecks.layered import TopDown
from kerasgen.checks.arguments import Activation, Blocks, Seed, Width, Widths
from kerasgen.networks.conv import ResidualBlock
from kerasgen.networks.layers import DepthToSpace, SpaceToDepth, divided
from kerasgen.networks.stack import Stack
from kerasgen.registration import register


class Stage(Stack):
    """Layers of the caller, one after the other.

    >>> Stage([layers.ReLU()])(np.full((1, 2), -1.0, "float32")).numpy()
    array([[0., 0.]], dtype=float32)
    """

    def __init__(self, stack: Sequence[layers.Layer], **kwargs: Any):
        super().__init__(**kwargs)
        self.stack = list(stack)


@register
class Ladder(TopDown):
    """Grids of codes, from coarse to fine, each layer at twice the resolution of the one above.

    A map goes down through the layers. Layer l's prior is read from it, its posterior from it and
    from features of that resolution, and its code is added to it. The decoder reads the map below
    the last layer, of the resolution of the encoder's features.

    Args:
        latent_channels: of each layer's code, from the coarsest down; z is all of them in one
            vector. The sides of the encoder's features divide by 2 once for each but the first.
        channels: width of the map and of the features.
        blocks: residual blocks of the map after each layer, and of the features before.
        activation: name of a Keras activation.
        seed: of the noise that calls draw; None follows the global seed.

    >>> bottleneck = Ladder(latent_channels=(3, 1), channels=4)
    >>> code = bottleneck(np.zeros((5, 8, 4, 2), "float32"))  # layers of 4x2x3 and of 8x4x1
    >>> tuple(code.z.shape), sorted(code.terms), tuple(bottleneck.decoded(code.z).shape)
    ((1, 5, 56), ['kl_1', 'kl_2'], (1, 5, 8, 4, 4))
    """

    takes_grid = True

    def __init__(
        self,
        latent_channels: Widths = (8, 4, 2),
        channels: Width = 64,
        blocks: Blocks = 1,
        activation: Activation = "relu",
        seed: Seed = None,
        **kwargs: Any,
    ):
        super().__init__((), channels, activation, seed, **kwargs)
        self.latent_channels = tuple(latent_channels)
        count, dtype = len(self.latent_channels), {"dtype": self.dtype_policy}
        self.term_names = tuple(f"kl_{layer}" for layer in range(1, count + 1))
        conv = functools.partial(layers.Conv2D, kernel_size=3, padding="same", **dtype)
        # Of zeros: a layer that has not learned anything has a posterior that is its prior.
        statistics = functools.partial(conv, kernel_initializer="zeros")

        def stage(*first):
            residual = [ResidualBlock(channels, activation, **dtype) for _ in range(blocks)]
            return Stage([*first, *residual], **dtype)

        halve = [[SpaceToDepth(**dtype), conv(channels)] for _ in range(count - 1)]
        self.up = [stage(*first) for first in ([conv(channels)], *halve)]
        self.inference = [statistics(2 * size) for size in latent_channels]
        self.generation = [statistics(2 * size) for size in latent_channels[1:]]
        self.enter = [conv(channels) for _ in range(count)]
        self.down = [stage() for _ in range(count)]
        self.double = [
            Stage([conv(4 * channels), DepthToSpace(**dtype)], **dtype) for _ in range(count - 1)
        ]

    def build(self, input_shape):
        *_, height, width, size = input_shape
        count = len(self.latent_channels)
        grids = [divided((height, width), 2 ** (count - 1 - layer)) for layer in range(count)]
        self.codes = [(*grid, each) for grid, each in zip(grids, self.latent_channels)]
        self.latent_dims = tuple(math.prod(code) for code in self.codes)
        self.latent_shape = (sum(self.latent_dims),)
        self._build_parts(grids, size)
        self.built = True

    def _build_parts(self, grids, size):
        width = self.hidden
        for i, stage in enumerate(self.up):
            stage.build((None, *grids[-1], size) if i == 0 else (None, *grids[-i], width))
        for i, (grid, code) in enumerate(zip(grids, self.codes)):
            shape = (None, *grid, width)
            self.inference[i].build((None, *grid, 2 * width if i else width))
            self.enter[i].build((None, *code))
            self.down[i].build(shape)
            if i:
                self.generation[i - 1].build(shape)
                self.double[i - 1].build((None, *grids[i - 1], width))

    @property
    def decoded_shape(self) -> tuple[int, ...]:
        return *self.codes[-1][:2], self.hidden

    def decoded(self, z: Any):
        return self.state(len(self.codes), z)

    def evidence(self, features: Any):
        """The features `[B, h, w, channels]` at each layer's resolution, from the coarsest down."""
        pyramid = []
        for stage in self.up:
            features = stage(features)
            pyramid.append(features)
        return pyramid[::-1]

    def state(self, layer: int, above: Any):
        """The map `[..., h, w, channels]` of a layer, from what is above `[..., D]`."""
        leading, state, start = ops.shape(above)[:-1], None, 0
        for i, size in enumerate(self.latent_dims[:layer]):
            part = ops.reshape(above[..., start : start + size], (-1, *self.codes[i]))
            code, start = self.enter[i](part), start + size
            state = self.down[i](code if state is None else state + code)
            if i < len(self.double):
                state = self.double[i](state)
        return ops.reshape(state, (*leading, *state.shape[1:]))

    def generated(self, layer: int, state: Any) -> tuple[Any, Any]:
        """Means and scales of p(z_l | z_1..z_{l-1}), `[..., D_l]`."""
        return _statistics(self.generation[layer - 1], state)

    def inferred(self, layer: int, evidence: Any, state: Any) -> tuple[Any, Any]:
        """Corrections to the prior's means, and scales, of q(z_l | z_1..z_{l-1}, x)."""
        known = evidence[layer]
        if state is not None:
            known = ops.concatenate([ops.broadcast_to(known, ops.shape(state)), state], axis=-1)
        return _statistics(self.inference[layer], known)


def _statistics(conv, maps):
    """Means and scales, each `[..., D]`, that a convolution reads from maps `[..., h, w, C]`."""
    leading = ops.shape(maps)[:-3]
    statistics = conv(ops.reshape(maps, (-1, *maps.shape[-3:])))
    size = math.prod(statistics.shape[1:]) // 2
    return tuple(ops.reshape(each, (*leading, size)) for each in mean_and_scale(statistics))
