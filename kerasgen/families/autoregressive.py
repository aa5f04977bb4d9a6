"""Autoregressive models: the probability of an image as a product over its pixels in raster order,
exactly known.

    p(x) = product over i of p(x_i | x_1, ..., x_{i-1})

A causal network predicts every factor's parameters: all of them in one pass where the image is
known, in training and scoring, and one pixel after the other in sampling. A factor may also be a
square patch
of pixels: fewer steps, over which a likelihood of the patch's joint values loses nothing.
"""

import warnings
from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend, checks, decoding, events, fitting
from kerasgen.abilities import Completes, Scores
from kerasgen.checks.arguments import Layer, Part, Width
from kerasgen.entrance import entrance
from kerasgen.likelihoods import Likelihood
from kerasgen.loss import Loss
from kerasgen.model import GenerativeModel
from kerasgen.networks.autoregressive.sampler import examples_at_once, generate_rows
from kerasgen.networks.autoregressive.turns import elements
from kerasgen.networks.layers import DepthToSpace, SpaceToDepth
from kerasgen.registration import register


@register
class AutoregressiveModel(Completes, Scores, GenerativeModel):
    """An autoregressive model: a causal network and a likelihood.

    One way to draw: `sample(n, temperature=...)`, positive: 1 draws from the model, less sharpens
    every pixel's distribution, and near 0 each pixel takes its mode.

    Args:
        event: `[height, width, channels]` of images, or a `kerasgen.events.Image`.
        network: from `kerasgen.networks.autoregressive`.
        likelihood: of discrete pixels, from `kerasgen.likelihoods`: `Bernoulli`, `Categorical`,
            `DiscretizedLogistic`; of colour, where a pixel's channels depend on each other,
            `ChannelwiseCategorical`, `ChannelwiseLogistic`, `JointCategorical`.
        condition: a number of classes, any of `kerasgen.events`, or None.
        patch_size: side of the square patches that the network treats as single pixels; their
            pixels become channels.

    Raises:
        ValueError: data that are not images of whole patches, a likelihood that cannot draw pixels,
            or a network with another number of output channels than the likelihood needs.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> tuple(model.log_prob(np.ones((2, 4, 4, 1))).shape)
    (2,)
    """

    autoregressive_signatures = ("sample", "complete")
    known_in_turn = True

    def __init__(
        self,
        event: Any,
        network: Layer,
        likelihood: Part[Likelihood],
        condition: Any = None,
        patch_size: Width = 1,
        **kwargs: Any,
    ):
        event = events.of(event)
        if not isinstance(event, events.Image):
            raise ValueError(f"Expected an event of images. Received: {event!r}.")
        if not likelihood.draws_elements:
            raise ValueError(
                "Expected a likelihood of discrete pixels, which has draw(): Bernoulli, "
                "Categorical, DiscretizedLogistic, ChannelwiseCategorical, ChannelwiseLogistic, "
                f"JointCategorical. Received: {type(likelihood).__name__}."
            )
        height, width, channels = event.shape
        p = patch_size
        if height % p or width % p:
            raise ValueError(
                "Expected patch_size to divide the height and the width of images of shape "
                f"{event.shape}. Received: patch_size={patch_size!r}."
            )
        levels = event.levels or likelihood.levels
        super().__init__(events.Image(*event.shape, levels), condition, ("nll",), **kwargs)
        self.network = network
        self.likelihood = likelihood
        self.patch_size = p
        self._to_patches = SpaceToDepth(p, dtype="float32")
        self._from_patches = DepthToSpace(p, dtype="float32")
        self.grid = events.Image(height // p, width // p, channels * p**2, levels)
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        self.likelihood.build_for(self.grid)
        fitting.predicts_pixels(self.network, self.grid, self.condition, self.likelihood)
        self._draw_by_examples = backend.by_examples(self._draw, examples_at_once(self.network))
        self.built = True

    @property
    def levels(self):
        return self.likelihood.levels

    @property
    def grid_shape(self):
        """Of the grid of patches that the network sees, `[height, width, channels]`."""
        return self.grid.shape

    @entrance
    def distribution(self, pixels, condition=None, training=False):
        """The distribution of `pixels` `[B, *grid_shape]`, each given those before it, batch shape
        `[B]`: its log-probability there is the model's. Pixels are the images' own or patches."""
        return self.likelihood.distribution(self._params(pixels, condition, training))

    def _params(self, pixels, condition, training=False):
        condition = self.condition.encoded(condition)
        return self.network(2 * pixels - 1, condition, training=training)

    def _log_prob(self, x, condition, training=False):
        pixels = self._to_patches(x)
        return self.distribution(pixels, condition, training).log_prob(pixels)

    def loss_terms(self, x, condition=None, training=False):
        """`nll`, the negative log-likelihood `[B]` in nats."""
        return Loss({"nll": -self._log_prob(x, condition, training)})

    def sample(self, n, condition=None, seed=None, progress=False, given=None, known=None, **ways):
        if given is None and known is None:
            return super().sample(n, condition, seed, progress, **ways)
        warnings.warn("sample(n, given=, known=) is complete(image, mask, n=n).", FutureWarning, 2)
        if given is None or known is None:
            raise ValueError("Expected given and known together. Received: one of them.")
        return self.complete(given, known, condition, seed, n, **ways)

    sample.__doc__ = Completes.sample.__doc__

    def check_sampling(self, temperature):
        return {"temperature": checks.above_zero("temperature", temperature)}

    def _sample(self, n, seed, condition, *, temperature=1.0):
        return self._draw_by_examples(self._uniform(n, seed), condition, temperature)

    def _complete(self, seed, image, mask, condition, *, temperature=1.0):
        uniform = self._uniform(ops.shape(image)[0], seed)
        return self._draw_by_examples(uniform, condition, temperature, (image, mask))

    @entrance
    def in_turn(self, n, condition=None):
        """A generator of the distribution of each element of n examples given those before it.

        It yields `(place, log_probs)`: where an element stands in the flattened example, and log p
        `[n, levels]` of the levels that it may take, NumPy, in nats. It is sent the level that each
        example has there, `[n]`, and goes on. Of what is sent the log-probabilities sum to
        `log_prob`; draws are those of `sample`. The numbers depend on n in their last digits.

        Args:
            n: number of examples, which take their elements together.
            condition: as of `sample`.

        >>> turns = kerasgen.zoo.load("gated_pixelcnn_mnist").in_turn(2)
        >>> place, log_probs = next(turns)
        >>> int(place), log_probs.shape, np.exp(log_probs[0]).round(2).tolist()
        (0, (2, 2), [1.0, 0.0])
        >>> place, log_probs = turns.send(np.array([0, 1]))
        >>> int(place)
        1
        """
        places = np.arange(self.event.size).reshape(1, *self.event_shape)
        places = ops.convert_to_numpy(self._to_patches(places.astype("float32"))).astype(int)
        condition = self.condition.encoded(self.condition.request(n, condition))
        of_pixel = self._compiled("_of_pixel")
        turns = elements(
            self.network.init_cache(n, condition),
            self._compiled("_start_row"),
            lambda *state, i, j: of_pixel(*state),
            lambda params, pixel, c: self._compiled("_of_channel", channel=c)(params, pixel),
            self.grid_shape,
            self.levels,
        )
        level = None
        for place in places.ravel():
            _, log_probs = turns.send(level)
            level = yield place, log_probs

    def _start_row(self, cache, row):
        return self.network.start_row(cache, row)

    def _of_pixel(self, cache, column, left):
        """What the network says of a pixel, and log p of the levels of its first channel."""
        left = ops.cast(left, self.network.compute_dtype)
        params, cache, trace = self.network.step(cache, column, left)
        log_probs = self.likelihood.level_log_probs(params, ops.cast(left, "float32"), 0)
        return log_probs, params, cache, trace

    def _of_channel(self, params, pixel, *, channel):
        return self.likelihood.level_log_probs(params, pixel, channel)

    @property
    def _uniform_shape(self):
        """Of the numbers that one image takes."""
        return *self.grid_shape[:2], self.likelihood.num_uniforms(self.grid_shape[-1])

    def _uniform(self, n, seed):
        return backend.tfd.Uniform().sample((n, *self._uniform_shape), seed=seed)

    def _draw(self, uniform, condition, temperature=1.0, kept=()):
        """Images from uniform numbers `[B, H, W, U]`, with the shape `[H, W]` of the grid of
        patches; `kept`, images and a mask of them, or nothing."""

        def draw(params, inputs):
            noise, *kept = inputs
            pixel = self.likelihood.draw(params, noise, temperature)
            return ops.where(kept[1], kept[0], pixel) if kept else pixel

        inputs = [uniform, *(self._to_patches(ops.cast(each, "float32")) for each in kept)]
        inputs = [ops.transpose(each, (1, 2, 0, 3)) for each in inputs]
        if kept:
            inputs[2] = inputs[2] > 0.5
        condition = self.condition.encoded(condition)
        carry = self.network.init_cache(ops.shape(uniform)[0], condition)
        _, pixels = generate_rows(self.network, draw, inputs, carry, self.grid_shape[0])
        return self._from_patches(ops.transpose(pixels, (2, 0, 1, 3)))

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors it takes).

        `sample` and `complete` take two standard normal numbers for every uniform one: see
        `decoding.uniform`. `log_prob_by_pixel` gives log p of each factor, a pixel or a patch.
        """
        condition = self.condition.tensors()

        def log_prob(**tensors):
            """How likely examples are."""
            return {"log_prob": self._log_prob(*self.unpacked(tensors))}

        def log_prob_by_pixel(**tensors):
            """How likely each pixel, or patch, is given those before it."""
            x, given = self.unpacked(tensors)
            pixels = self._to_patches(x)
            params = self._params(pixels, given)
            return {"log_probs": self.likelihood.pixel_log_prob(params, pixels)}

        def sample(noise, **tensors):
            """New examples, drawn element by element by noise."""
            x = self._draw(decoding.uniform(noise), self.condition.pack(tensors))
            return self.event.unpack(x)

        def complete(noise, mask, **tensors):
            """Images whose pixels are kept where a mask says so, and drawn elsewhere."""
            x, given = self.unpacked(tensors)
            kept = x, ops.broadcast_to(mask, ops.shape(x))
            return self.event.unpack(self._draw(decoding.uniform(noise), given, kept=kept))

        noise = {"noise": fitting.noise_tensor((*self._uniform_shape, 2))}
        mask = {"mask": fitting.mask_tensor((*self.event_shape[:2], 1))}
        x = self.event.tensors() | condition
        return {
            "log_prob": (log_prob, x),
            "log_prob_by_pixel": (log_prob_by_pixel, x),
            "sample": (sample, noise | condition),
            "complete": (complete, noise | mask | x),
        }
