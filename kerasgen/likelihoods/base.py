"""What every likelihood has.

A likelihood of P parameters per event channel reads `[..., *space, C * P]` and gives a distribution whose event is
`[*space, C]`. Those of discrete data also draw pixels from uniform numbers that they are handed. Parameters are float32
whatever the network computes in, and bounded so far out that no trained network gets there, so that every finite output
gives a finite log-probability and a finite gradient.
"""

import keras
from keras import ops

from kerasgen import backend

_LIMIT = 1e4  # of logits and locations
LOG_SCALE_LIMIT = 7.0  # scales from 0.0009 to 1097, in units of the [0, 1] range


class Likelihood(keras.layers.Layer):
    """Base of the likelihoods: `distribution(params, event_ndims)` and the number of parameters per event channel.

    A likelihood that draws pixels has `draw(params, uniform, temperature)`, from params `[..., channels(C)]` and
    numbers uniform on [0, 1) `[..., num_uniforms(C)]` to pixels `[..., C]`; near temperature 0 the draws are modes.

    It is a layer so that a likelihood may own variables. It is not called as one: a Keras layer returns tensors only.
    """

    def __init__(self, **kwargs):
        super().__init__(dtype="float32", **kwargs)

    params_per_channel = 1

    def build(self, input_shape=None):
        self.built = True

    def channels(self, event_channels):
        """How many output channels the network needs for data of `event_channels` channels."""
        return event_channels * self.params_per_channel

    def distribution(self, params, event_ndims=3):
        """The distribution of one example of rank `event_ndims`; leading axes of `params` are its batch shape."""
        return backend.tfd.Independent(self.per_element(ops.cast(params, "float32")), event_ndims)

    def split(self, params):
        """Cuts `[..., C * P]` into P tensors `[..., C]`."""
        return ops.split(params, self.params_per_channel, axis=-1)

    def num_uniforms(self, event_channels):
        """How many uniform numbers `draw` takes for a pixel."""
        return event_channels

    def get_config(self):
        return {"name": self.name}


class Discrete(Likelihood):
    """Pixels at the values 0, 1/(levels-1), ..., 1.

    Args:
        levels: number of values; 256 for 8-bit images.
    """

    def __init__(self, levels=256, **kwargs):
        super().__init__(**kwargs)
        self.levels = levels

    def per_channel(self, params):
        """`[..., C * P]` as `[..., C, P]`."""
        channels = params.shape[-1] // self.params_per_channel
        return ops.reshape(params, (*ops.shape(params)[:-1], channels, self.params_per_channel))

    def level(self, location, scale, uniform):
        """The level that a logistic variable has at `uniform` of its cumulative distribution."""
        continuous = location + scale * (ops.log(uniform) - ops.log1p(-uniform))
        return ops.round(ops.clip(continuous, 0, 1) * (self.levels - 1)) / (self.levels - 1)

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}


def bounded(x, limit=_LIMIT):
    return ops.clip(x, -limit, limit)
