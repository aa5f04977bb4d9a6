"""Random changes to training images that leave what they show as it is."""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import keras
from keras import layers, ops

from kerasgen.checks.arguments import Amount, Angle, Layer, Share, Switch, all_of, real
from kerasgen.networks.stack import Stack
from kerasgen.registration import register


@register
class RandomAffine(Stack):
    """Turns, enlarges and shifts each image by amounts of its own, and mirrors half of them if
    asked to.

    Args:
        rotation: largest angle, in degrees.
        zoom: largest change of size, as a share of it.
        shift: largest shift, as a share of the height and of the width.
        mirror: whether left and right may be exchanged.

    >>> tuple(RandomAffine(rotation=0.1, shift=0.1)(np.zeros((2, 8, 8, 1), "float32")).shape)
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        rotation: Angle = 0.0,
        zoom: Share = 0.0,
        shift: Share = 0.0,
        mirror: Switch = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.stack = [
            layers.RandomRotation(rotation / 360, fill_mode="constant"),
            layers.RandomZoom(zoom, fill_mode="constant"),
            layers.RandomTranslation(shift, shift, fill_mode="constant"),
        ]
        if mirror:
            self.stack.append(layers.RandomFlip("horizontal"))

    def call(self, x, training=False):
        return super().call(x) if training else x


@register
class RandomShift(layers.Layer):
    """Shifts each image by whole pixels, as if its border were a mirror, and may mirror it.

    Cheaper than `RandomAffine`, which interpolates: one look-up a pixel.

    Args:
        pixels: largest shift up, down, left and right; less than a side.
        mirror: whether left and right are exchanged in half of the images.

    >>> tuple(RandomShift(pixels=2)(np.zeros((2, 8, 8, 1), "float32")).shape)
    (2, 8, 8, 1)
    """

    def __init__(self, pixels: Amount = 2, mirror: Switch = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.pixels = pixels
        self.mirror = mirror
        self.seeds = keras.random.SeedGenerator()

    def call(self, x, training=False):
        if not training:
            return x
        count, (height, width, channels) = ops.shape(x)[0], x.shape[1:]
        rows, columns = self._places(count, height), self._places(count, width)
        if self.mirror:
            swapped = keras.random.uniform((count, 1), seed=self.seeds) < 0.5
            columns = ops.where(swapped, width - 1 - columns, columns)
        rows = rows + height * ops.arange(count)[:, None]
        flat = ops.reshape(x, (-1, channels))
        return ops.take(flat, rows[:, :, None] * width + columns[:, None, :], axis=0)

    def _places(self, count, side):
        """Which row, or column, stands at each place after a shift, `[count, side]`."""
        shift = keras.random.randint((count, 1), -self.pixels, self.pixels + 1, seed=self.seeds)
        place = ops.abs(ops.arange(side) + shift)  # -1 is 1: the border itself is not repeated
        return (side - 1) - ops.abs((side - 1) - place)


@register
class Corrupted(layers.Layer):
    """A network that reads noisy images while it trains, so that it learns to look past the noise.

    An autoencoder with such an encoder is asked for the clean image: a denoising one (Vincent and
    others 2008; of a posterior, Im and others 2017, arXiv 1511.06406).

    Args:
        network: of images in [0, 1].
        noise: the least and the largest standard deviation of the normal noise; each image's own
            is uniform between them. What leaves [0, 1] is clipped to it.

    >>> network = Corrupted(kerasgen.networks.MLP((4,), ()), noise=(0.1, 0.5))
    >>> tuple(network(np.zeros((2, 8, 8, 1), "float32"), training=True).shape)
    (2, 4)
    """

    def __init__(
        self,
        network: Layer,
        noise: Annotated[Sequence[float], all_of(real(0, math.inf, "[)"), 2, 2)] = (0.1, 0.5),
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.network = network
        self.noise = tuple(noise)
        self.seeds = keras.random.SeedGenerator()

    def build(self, input_shape):
        self.network(keras.KerasTensor(input_shape))
        self.built = True

    def compute_output_spec(self, x, training=False):
        return self.network.compute_output_spec(x)

    def call(self, x, training=False):
        if training:
            each = (ops.shape(x)[0], *[1] * (len(x.shape) - 1))
            width = keras.random.uniform(each, *self.noise, seed=self.seeds, dtype=x.dtype)
            noise = keras.random.normal(ops.shape(x), seed=self.seeds, dtype=x.dtype)
            x = ops.clip(x + width * noise, 0, 1)
        return self.network(x)
