"""The likelihood of images whose pixels depend on each other: what the code leaves open, the pixels
before decide.

    p(x | z) = product over i of p(x_i | x_1, ..., x_{i-1}, z)

As in PixelVAE (Gulrajani and others 2017, arXiv 1611.05013): the code says what is far away, a
causal network of short sight what is near.
"""

from typing import Any

import keras
from keras import ops

from kerasgen import backend
from kerasgen.checks.arguments import Part
from kerasgen.events import Image
from kerasgen.likelihoods.base import Likelihood
from kerasgen.networks.autoregressive.causal import CausalNetwork
from kerasgen.registration import register


@register
class Autoregressive(Likelihood):
    """Pixels of `likelihood`, whose parameters are sums of a causal network's features f that the
    decoder weighs.

        params_i = w_i0(z) + sum over c of w_ic(z) f_ic(x_1, ..., x_{i-1})

    The features know nothing of z: one pass of the network serves all codes that are drawn for an
    image, and k importance samples cost k decodes, as of any likelihood.

    Args:
        network: from `kerasgen.networks.autoregressive`, images to features, its `output_channels`.
        likelihood: of a pixel, which can draw it: `Bernoulli`, `Categorical`,
            `DiscretizedLogistic`, `ChannelwiseLogistic`.

    Raises:
        ValueError: a likelihood that cannot draw pixels, or that has no mean.

    >>> network = kerasgen.networks.PixelCNN(3, channels=4, num_blocks=1, head_channels=4)
    >>> likelihood = Autoregressive(network, kerasgen.likelihoods.Bernoulli())
    >>> likelihood.build_for(kerasgen.events.of([4, 4, 1])).output_shape
    (4, 4, 4)
    """

    events = (Image,)
    autoregressive = True

    def __init__(
        self,
        network: Part[CausalNetwork],
        likelihood: Part[Likelihood],
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not (likelihood.draws_elements and likelihood.has_mean):
            raise ValueError(
                "Expected a likelihood of discrete pixels with a mean: Bernoulli, Categorical, "
                f"DiscretizedLogistic, ChannelwiseLogistic. Received: {type(likelihood).__name__}."
            )
        self.network = network
        self.likelihood = likelihood

    def build_for(self, event):
        self.likelihood.build_for(event)
        return super().build_for(event)

    def build(self, input_shape):
        self.features = self.network(keras.KerasTensor(input_shape)).shape[-1]
        self._start_row = backend.function(self.network.start_row, self)
        self._of_pixel = backend.function(self._step, self)
        self.built = True

    @property
    def levels(self):
        """Of a pixel."""
        return self.likelihood.levels

    def channels(self, event_channels):
        return self.likelihood.channels(event_channels) * (1 + self.features)

    def distribution(self, params, training=False):
        from kerasgen.distributions import AutoregressiveImageDistribution  # imports TFP

        return AutoregressiveImageDistribution(self, ops.cast(params, "float32"), self.event.shape)

    def given(self, weights, x):
        """The distribution of every pixel given the pixels of x before it, all at once.

        Args:
            weights: what the decoder gives, `[..., H, W, P]`.
            x: images `[..., H, W, C]`; leading axes that only `weights` have are of several codes
                for an image.
        """
        features = self.network(2 * ops.reshape(x, (-1, *self.event.shape)) - 1)
        features = ops.reshape(features, (*ops.shape(x)[:-1], self.features))
        return self.likelihood.distribution(self._params(weights, features))

    def _params(self, weights, features):
        """Parameters `[..., P]` of pixels from weights `[..., P (1 + F)]` and features
        `[..., F]`.
        """
        first, *others = ops.split(weights, 1 + self.features, axis=-1)
        features = ops.split(ops.cast(features, "float32"), self.features, axis=-1)
        return first + sum(weight * feature for weight, feature in zip(others, features))

    def draw_images(self, weights, uniform):
        """Images `[B, H, W, C]`, drawn pixel by pixel, from weights `[B, H, W, P]` and numbers
        uniform on [0, 1) `[B, H, W, num_uniforms(C)]`."""
        from kerasgen.networks.autoregressive.sampler import generate_rows

        def draw(features, inputs):
            weights, uniform = inputs
            return self.likelihood.draw(self._params(weights, features), uniform)

        by_pixel = [ops.transpose(each, (1, 2, 0, 3)) for each in (weights, uniform)]
        start = self.network.init_cache(ops.shape(weights)[0])
        _, pixels = generate_rows(self.network, draw, by_pixel, start, self.event.shape[0])
        return ops.transpose(pixels, (2, 0, 1, 3))

    def in_turn(self, weights):
        """A generator of the distribution of every element of images given those before it, as
        `kerasgen.families.AutoregressiveModel.in_turn`, from weights `[B, H, W, P]`."""
        from kerasgen.networks.autoregressive.turns import elements

        return elements(
            self.network.init_cache(len(weights)),
            self._start_row,
            lambda *state, i, j: self._of_pixel(*state, weights[:, i, j]),
            self.likelihood.level_log_probs,
            self.event.shape,
            self.levels,
        )

    def _step(self, cache, column, left, weights):
        """What is said of a pixel: log p of the levels of its first channel, the parameters of
        all."""
        features, cache, trace = self.network.step(cache, column, left)
        params = self._params(weights, features)
        first = self.likelihood.level_log_probs(params, ops.cast(left, "float32"), 0)
        return first, params, cache, trace

    def num_uniforms(self, event_channels):
        return self.likelihood.num_uniforms(event_channels)
