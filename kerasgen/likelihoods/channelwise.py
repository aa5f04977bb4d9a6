"""Likelihoods of pixels whose channels depend on each other, mostly by the chain rule.

    p(red, green, blue) = p(red) p(green | red) p(blue | red, green)

The network predicts what the conditionals of a pixel need; how a channel depends on those before it
in the same pixel is the likelihood's part, so that every network takes every likelihood.
"""

from typing import Any

import numpy as np
from keras import ops

from kerasgen.checks.arguments import Levels, Width
from kerasgen.decoding import pick
from kerasgen.likelihoods.base import Discrete, bounded, positive_scale
from kerasgen.registration import register


class Channelwise(Discrete):
    """A likelihood that scores pixels by `pixel_log_prob(params, x)`, `[...]` in nats.

    >>> issubclass(ChannelwiseLogistic, Channelwise), ChannelwiseLogistic(3).levels
    (True, 256)
    """

    has_mean = False

    def build(self, input_shape):
        self.event_channels = input_shape[-1]
        super().build(input_shape)

    def distribution(self, params, training=False):
        from kerasgen.distributions import ImageDistribution  # imports TFP

        return ImageDistribution(self, ops.cast(params, "float32"), self.event.shape)


@register
class ChannelwiseCategorical(Channelwise):
    """One free probability per level and channel, given the levels of the channels before.

        logits_c = W_c relu(features_c + sum over b < c of E_bc[x_b])

    features are the network's output, E and W weights: the last layers of the masked softmax head
    of PixelCNN (van den Oord and others 2016, arXiv 1601.06759, sections 3.4 and 3.6).

    Args:
        levels: number of values; 256 for 8-bit images.
        features: size of each channel's features.

    >>> event = kerasgen.events.of([4, 4, 3])
    >>> likelihood = ChannelwiseCategorical(levels=4, features=8).build_for(event)
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> tuple(likelihood.distribution(params).log_prob(np.zeros((2, 4, 4, 3))).shape)
    (2,)
    """

    def __init__(self, levels: Levels = 256, features: Width = 64, **kwargs: Any):
        super().__init__(levels, **kwargs)
        self.features = features
        self.params_per_channel = features

    def build(self, input_shape):
        channels, sizes = input_shape[-1], (self.levels, self.features)
        self.embeddings = {
            f"{before}_{channel}": self.add_weight(
                name=f"embedding_{before}_{channel}", shape=sizes, initializer="glorot_uniform"
            )
            for channel in range(channels)
            for before in range(channel)
        }
        self.kernels = self.add_weight(
            name="kernels", shape=(channels, *reversed(sizes)), initializer="glorot_uniform"
        )
        self.biases = self.add_weight(
            name="biases", shape=(channels, self.levels), initializer="zeros"
        )
        super().build(input_shape)

    def _logits(self, features, channel, ids):
        """Logits `[..., levels]` of a channel from its features and the levels of those before it,
        each `[...]`.
        """
        for before in range(channel):
            features = features + ops.take(
                self.embeddings[f"{before}_{channel}"], ids[before], axis=0
            )
        return bounded(ops.matmul(ops.relu(features), self.kernels[channel]) + self.biases[channel])

    def level_log_probs(self, params, x, channel):
        ids = ops.cast(ops.round(x * (self.levels - 1)), "int32")
        features = self.per_channel(ops.cast(params, "float32"))[..., channel, :]
        return ops.log_softmax(
            self._logits(features, channel, ops.unstack(ids, self.event_channels, axis=-1))
        )

    def pixel_log_prob(self, params, x):
        features = self.per_channel(params)
        ids = ops.unstack(
            ops.cast(ops.round(x * (self.levels - 1)), "int32"), self.event_channels, axis=-1
        )
        total = 0.0
        for c in range(self.event_channels):
            log_probs = ops.log_softmax(self._logits(features[..., c, :], c, ids))
            total = total + ops.sum(ops.one_hot(ids[c], self.levels) * log_probs, axis=-1)
        return total

    def draw(self, params, uniform, temperature=1.0):
        features, ids = self.per_channel(ops.cast(params, "float32")), []
        for c in range(self.event_channels):
            ids.append(
                pick(self._logits(features[..., c, :], c, ids) / temperature, uniform[..., c])
            )
        return ops.cast(ops.stack(ids, axis=-1), "float32") / (self.levels - 1)


@register
class JointCategorical(Channelwise):
    """One free probability for each combination of the channels' levels: `levels ** channels` of
    them, so of few.

    Of the four binary pixels of a 2x2 patch, say, which take 16.

    Args:
        levels: number of values of a channel.

    >>> likelihood = JointCategorical(levels=2).build_for(kerasgen.events.of([1, 1, 3]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> float(ops.exp(likelihood.distribution(params).log_prob(np.zeros((2, 1, 1, 3))))[0])
    0.125
    """

    def __init__(self, levels: Levels = 2, **kwargs: Any):
        super().__init__(levels, **kwargs)

    def channels(self, event_channels):
        return self.levels**event_channels

    def _place_values(self):
        return self.levels ** np.arange(self.event_channels)

    def pixel_log_prob(self, params, x):
        ids = ops.cast(ops.round(x * (self.levels - 1)), "int32")
        combination = ops.sum(ids * ops.cast(self._place_values(), "int32"), axis=-1)
        return ops.sum(
            ops.one_hot(combination, params.shape[-1]) * ops.log_softmax(bounded(params)), axis=-1
        )

    def level_log_probs(self, params, x, channel):
        """Sums of the joint probabilities over the channels behind."""
        place = self._place_values()
        ids = ops.cast(ops.round(x[..., :channel] * (self.levels - 1)), "int32")
        before = ops.sum(ids * ops.cast(place[:channel], "int32"), axis=-1)
        joint = ops.log_softmax(bounded(ops.cast(params, "float32")))
        joint = ops.reshape(joint, (*ops.shape(joint)[:-1], -1, self.levels, place[channel]))
        given = ops.one_hot(before, place[channel])[..., None, :]  # [..., 1, levels ** channel]
        log_probs = ops.sum(ops.logsumexp(joint, axis=-3) * given, axis=-1)  # [..., levels]
        return ops.log_softmax(log_probs)

    def num_uniforms(self, event_channels):
        return 1

    def draw(self, params, uniform, temperature=1.0):
        combination = pick(bounded(ops.cast(params, "float32")) / temperature, uniform[..., 0])
        ids = combination[..., None] // ops.cast(self._place_values(), "int32") % self.levels
        return ops.cast(ids, "float32") / (self.levels - 1)


@register
class ChannelwiseLogistic(Channelwise):
    """A mixture of logistic variables rounded to levels; within a component the location of a
    channel is linear in the values of those before it (PixelCNN++, Salimans and others 2017, arXiv
    1701.05517, equations 2 and 3).

    Args:
        components: number of components, each one for all channels.
        levels: number of values; 256 for 8-bit images.

    >>> likelihood = ChannelwiseLogistic(components=2).build_for(kerasgen.events.of([4, 4, 3]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> tuple(likelihood.distribution(params).log_prob(np.zeros((2, 4, 4, 3))).shape)
    (2,)
    """

    has_mean = True

    def __init__(self, components: Width = 10, levels: Levels = 256, **kwargs: Any):
        super().__init__(levels, **kwargs)
        self.components = components

    def channels(self, event_channels):
        pairs = event_channels * (event_channels - 1) // 2
        return self.components * (1 + 2 * event_channels + pairs)

    def _split(self, params):
        """Logits, then locations and log-scales of each channel, then coefficients of each pair,
        all `[..., K]`.
        """
        return ops.split(params, params.shape[-1] // self.components, axis=-1)

    def _location(self, parts, channel, x):
        """Locations of a channel, given the values `[..., 1]` of those before it."""
        first = 1 + 2 * self.event_channels + channel * (channel - 1) // 2
        coefficients = parts[first : first + channel]
        # Of values around the middle of their range, so that a coefficient moves the location
        # little elsewhere.
        return bounded(parts[1 + channel]) + sum(
            ops.tanh(c) * (value - 0.5) for c, value in zip(coefficients, x)
        )

    def _scale(self, parts, channel):
        return positive_scale(parts[1 + self.event_channels + channel])

    def pixel_log_prob(self, params, x):
        from kerasgen.distributions import DiscretizedLogistic  # imports TFP

        parts, x = self._split(params), ops.split(x, self.event_channels, axis=-1)
        total = ops.log_softmax(bounded(parts[0]))
        for c in range(self.event_channels):
            logistic = DiscretizedLogistic(
                self._location(parts, c, x), self._scale(parts, c), self.levels
            )
            total = total + logistic.log_prob(x[c])
        return ops.logsumexp(total, axis=-1)

    def level_log_probs(self, params, x, channel):
        """Those of the components, weighed by how well they explain the channels before."""
        from kerasgen.distributions import DiscretizedLogistic  # imports TFP

        parts = self._split(ops.cast(params, "float32"))
        x = ops.split(x, self.event_channels, axis=-1)
        weights = ops.log_softmax(bounded(parts[0]))
        for c in range(channel + 1):
            logistic = DiscretizedLogistic(
                self._location(parts, c, x), self._scale(parts, c), self.levels
            )
            if c < channel:
                weights = weights + logistic.log_prob(x[c])
        levels = ops.linspace(0.0, 1.0, self.levels)
        levels = ops.reshape(levels, (-1, *[1] * len(x[0].shape)))
        log_probs = ops.logsumexp(ops.log_softmax(weights) + logistic.log_prob(levels), axis=-1)
        return ops.moveaxis(log_probs, 0, -1)

    def pixel_mean(self, params):
        """Means of pixels `[..., C]`, within a component of each channel at the means of those
        before it: exact but for what the ends of the range hold back of the others' spread.
        """
        from kerasgen.distributions import DiscretizedLogistic  # imports TFP

        parts, x = self._split(params), []
        for c in range(self.event_channels):
            location, scale = self._location(parts, c, x), self._scale(parts, c)
            x.append(DiscretizedLogistic(location, scale, self.levels).mean())
        weights = ops.softmax(bounded(parts[0]))
        return ops.stack([ops.sum(weights * each, axis=-1) for each in x], axis=-1)

    def num_uniforms(self, event_channels):
        return 1 + event_channels

    def draw(self, params, uniform, temperature=1.0):
        """The component by the first number, the channels by the others; the temperature divides
        the components' logits and multiplies their scales."""
        parts, x = self._split(ops.cast(params, "float32")), []
        chosen = ops.one_hot(
            pick(bounded(parts[0]) / temperature, uniform[..., 0]), self.components
        )
        for c in range(self.event_channels):
            location, scale = (
                ops.sum(chosen * part, axis=-1, keepdims=True)
                for part in (self._location(parts, c, x), self._scale(parts, c))
            )
            x.append(self.level(location, temperature * scale, uniform[..., 1 + c, None]))
        return ops.concatenate(x, axis=-1)
