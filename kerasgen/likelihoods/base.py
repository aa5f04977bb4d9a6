"""What every likelihood has.

A likelihood of P parameters per event channel reads `[..., *space, C * P]` and gives a distribution
whose event is `[*space, C]`. Those of discrete data also draw elements from uniform numbers that
they are handed. Parameters are float32 whatever the network computes in, and bounded so far out
that no
trained network gets there: every finite output gives a finite log-probability and a finite
gradient.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.checks.arguments import Levels
from kerasgen.events import Event, Image, Series, Vector

LIMIT = 1e4  # of logits and locations
_LOG_SCALES = -8.0, 7.0  # scales from 0.0003 to 1097, in units of the [0, 1] range


class Likelihood(keras.layers.Layer):
    """Base of the likelihoods.

    A layer, so that a likelihood may own variables. It is not called as one: a Keras layer returns
    tensors only. `build_for(event)` comes first, then `distribution(params)`.

    A likelihood that draws elements has `draw(params, uniform, temperature)`, from params
    `[..., channels(C)]` and numbers uniform on [0, 1) `[..., num_uniforms(C)]` to elements `[...,
    C]`; near temperature 0 the draws are modes.

    Attributes:
        support: what data it takes, in words.
        events: classes of the events that it takes.
        levels: number of values of an element, or None where it is continuous.
        has_mean: whether its distributions have one.
        draws_elements: whether it has `draw`.
        autoregressive: whether an element depends on those before it.
        has_bag: whether it also tells which words there are, wherever they stand.

    >>> likelihood = kerasgen.likelihoods.Gaussian().build_for(kerasgen.events.of([8, 8, 1]))
    >>> likelihood.output_shape, likelihood.has_mean, likelihood.levels
    ((8, 8, 2), True, None)
    """

    support = "real numbers"
    events: tuple[type, ...] = (Image, Vector, Series)
    levels: Any = None  # an integer, where they are not continuous
    has_mean = True
    draws_elements = False
    autoregressive = False
    has_bag = False
    params_per_channel = 1

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build_for(self, event: Event) -> "Likelihood":
        """Builds what it owns for data of an event, and returns itself.

        Raises:
            ValueError: the event is not in the support.
        """
        self._check(event)
        self.event = event
        if not self.built:
            self.build((None, *event.shape))
        return self

    def _check(self, event):
        levels = getattr(event, "levels", None)
        if not isinstance(event, self.events):
            known = ", ".join(each.__name__ for each in self.events)
            raise ValueError(
                f"Expected an event that {type(self).__name__} takes, of {self.support}: {known}. "
                f"Received: {event!r}. Use another likelihood."
            )
        if self.levels is not None and levels is not None and levels != self.levels:
            raise ValueError(
                f"Expected an event of {self.levels} levels, those of {type(self).__name__}. "
                f"Received: {event!r}. Set the levels of one of them."
            )

    def faults(self, x: Any) -> dict[str, Any]:
        """What an event lets pass and the likelihood cannot reach, as `Event.faults`."""
        return {}

    def validate(self, x: Any) -> None:
        """Raises a ValueError for examples with such faults, where their values are known."""

    def build(self, input_shape=None):
        self.built = True

    def channels(self, event_channels: int) -> int:
        """How many output channels the network needs for data of `event_channels` channels."""
        return event_channels * self.params_per_channel

    @property
    def output_shape(self) -> Any:
        """Shape of the parameters of one example."""
        *space, channels = self.event.shape
        return *space, self.channels(channels)

    def distribution(self, params: Any, training: bool = False):
        """The distribution of an example; leading axes of `params` are its batch shape.

        Args:
            params: `[..., *output_shape]`.
            training: how networks of its own are called.
        """
        elements = self.per_element(ops.cast(params, "float32"))
        return backend.tfd.Independent(elements, len(self.event.shape))

    def pixel_log_prob(self, params, x):
        """log p of each pixel of `[..., C]`, all its channels, `[...]` in nats."""
        elements = self.per_element(ops.cast(params, "float32"))
        return ops.sum(elements.log_prob(x), axis=-1)

    def level_log_probs(self, params, x, channel: int):
        """log p of every level that a channel may take given the channels before it.

        Args:
            params: `[..., P]`, of pixels.
            x: pixels `[..., C]`, of which the channels before `channel` count.
            channel: which.

        Returns:
            `[..., levels]` in nats.
        """
        elements = self.per_element(ops.cast(params, "float32"))
        levels = ops.linspace(0.0, 1.0, self.levels)
        log_probs = elements.log_prob(ops.reshape(levels, (-1, *[1] * len(x.shape))))
        return ops.moveaxis(log_probs[..., channel], 0, -1)

    def in_turn(self, params):
        """A generator of the distribution of images, all pixels of a channel at once, as
        `kerasgen.families.AutoregressiveModel.in_turn`.

        It yields `(places, log_probs)`: where the elements stand in the flattened image `[M]`, and
        log p `[B, M, levels]`. It is sent their levels `[B, M]`.

        Args:
            params: `[B, *output_shape]`.
        """
        batch, shape = len(params), self.event.shape
        places, x = np.arange(self.event.size).reshape(shape), np.zeros((batch, *shape), "float32")
        for channel in range(shape[-1]):
            log_probs = ops.convert_to_numpy(self.level_log_probs(params, x, channel))
            level = yield places[..., channel].ravel(), log_probs.reshape(batch, -1, self.levels)
            x[..., channel] = level.reshape(batch, *shape[:-1]) / np.float32(self.levels - 1)

    def split(self, params):
        """Cuts `[..., C * P]` into P tensors `[..., C]`."""
        return ops.split(params, self.params_per_channel, axis=-1)

    def num_uniforms(self, event_channels: int) -> int:
        """How many uniform numbers `draw` takes for an element."""
        return event_channels


class Discrete(Likelihood):
    """Pixels at the values 0, 1/(levels-1), ..., 1.

    Args:
        levels: number of values; 256 for 8-bit images.

    >>> event = kerasgen.events.of([8, 8, 3])
    >>> likelihood = kerasgen.likelihoods.Categorical(levels=16).build_for(event)
    >>> likelihood.levels, likelihood.output_shape
    (16, (8, 8, 48))
    """

    levels: int
    support = "pixels at levels"
    events = (Image,)
    draws_elements = True

    def __init__(self, levels: Levels = 256, **kwargs: Any):
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


def bounded(x: Any) -> Any:
    """Logits or locations, far from infinity.

    >>> bounded(ops.array([-1e9, 3.0])).numpy().tolist()
    [-10000.0, 3.0]
    """
    return ops.clip(x, -LIMIT, LIMIT)


def positive_scale(log_scale: Any) -> Any:
    """The scales that outputs of a network stand for.

    A logistic variable of the narrowest leaves 0.6 % of its mass to all levels but one, of 256.
    PixelCNN++ allows scales down to twice as wide, which leave 2.7 %.

    >>> positive_scale(ops.array([0.0, 1e9])).numpy().round().tolist()
    [1.0, 1097.0]
    """
    return ops.exp(ops.clip(log_scale, *_LOG_SCALES))
