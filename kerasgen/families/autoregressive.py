"""Autoregressive models: the probability of an image as a product over its pixels in raster order, exactly known.

    p(x) = product over i of p(x_i | x_1, ..., x_{i-1})

A causal network predicts every factor's parameters: all of them in one pass where the image is known, in training and
scoring, and one pixel after the other in sampling. A factor may also be a square patch of pixels: fewer steps, over
which a likelihood of the patch's joint values loses nothing.
"""

import functools

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks, decoding
from kerasgen.batches import blocks
from kerasgen.model import GenerativeModel
from kerasgen.networks.autoregressive.sampler import generate_rows
from kerasgen.networks.layers import DepthToSpace, SpaceToDepth
from kerasgen.registration import register

# Both bound the memory, whatever the number of examples.
_SCORES_AT_ONCE = 64
_SAMPLES_AT_ONCE = 128  # each block has its own seeds, so the number is part of what a seed means


@register
class AutoregressiveModel(GenerativeModel):
    """A causal network and a likelihood.

    Args:
        event_shape: `(height, width, channels)` of images.
        network: from `kerasgen.networks.autoregressive`.
        likelihood: of discrete pixels, from `kerasgen.likelihoods`: `Bernoulli`, `Categorical`, `DiscretizedLogistic`;
            of colour, where a pixel's channels depend on each other, `ChannelwiseCategorical`, `ChannelwiseLogistic`,
            `JointCategorical`.
        num_classes: number of classes of the condition, or None for an unconditional model.
        patch_size: side of the square patches that the network treats as single pixels; their pixels become channels.

    Raises:
        ValueError: data that are not images of whole patches, a likelihood that cannot draw pixels, or a network with
            another number of output channels than the likelihood needs.
    """

    drawn_in_turn = ("sample",)  # signatures in which one pixel decides those after it

    def __init__(self, event_shape, network, likelihood, num_classes=None, patch_size=1, **kwargs):
        super().__init__(event_shape, num_classes, terms=("nll",), **kwargs)
        if len(self.event_shape) != 3:
            raise ValueError(f"Expected event_shape to be (height, width, channels). Received: {self.event_shape}.")
        height, width, channels = self.event_shape
        if not (isinstance(patch_size, int) and patch_size > 0 and height % patch_size == width % patch_size == 0):
            raise ValueError(
                f"Expected patch_size to divide the height and the width of images of shape {self.event_shape}. "
                f"Received: patch_size={patch_size!r}."
            )
        if not hasattr(likelihood, "draw"):
            raise ValueError(
                "Expected a likelihood of discrete pixels, which has draw(): Bernoulli, Categorical, "
                "DiscretizedLogistic, ChannelwiseCategorical, ChannelwiseLogistic, JointCategorical. "
                f"Received: {type(likelihood).__name__}."
            )
        self.network = network
        self.likelihood = likelihood
        self.patch_size = patch_size
        self._to_patches = SpaceToDepth(patch_size, dtype="float32")
        self._from_patches = DepthToSpace(patch_size, dtype="float32")
        self.grid_shape = (height // patch_size, width // patch_size, channels * patch_size**2)
        self._compiled_log_prob = backend.function(self._log_prob)
        self._compiled_draw = backend.function(self._draw)
        self._compiled_start = backend.function(self._start)
        self._compiled_draw_row = backend.function(self._draw_row)
        self.build()

    def build(self, input_shape=None):
        x = keras.KerasTensor((None, *self.grid_shape))
        params = self.network(x, None if self.num_classes is None else keras.KerasTensor((None, self.num_classes)))
        expected = self.likelihood.channels(self.grid_shape[-1])
        if params.shape[-1] != expected:
            raise ValueError(
                f"Expected the network's output_channels to be {expected}, which is what "
                f"{type(self.likelihood).__name__} needs for pixels of shape {self.grid_shape}. "
                f"Received: {params.shape[-1]}."
            )
        if not self.likelihood.built:
            self.likelihood.build((None, *self.grid_shape))
        self.built = True

    def _one_hot(self, condition):
        return None if condition is None else ops.one_hot(condition, self.num_classes)

    def check(self, x, condition=None):
        x, condition = super().check(x, condition)
        checks.levels(x, self._levels)
        return x, condition

    @property
    def _levels(self):
        return getattr(self.likelihood, "levels", 2)  # Bernoulli's

    def num_rows(self, n):
        """How many rows of pixels, or patches, are drawn one after the other for `n` images."""
        return -(-n // _SAMPLES_AT_ONCE) * self.grid_shape[0]

    def distribution(self, pixels, condition=None, training=False):
        """The distribution of `pixels` `[B, *grid_shape]`, each given those before it, batch shape `[B]`: its
        log-probability there is the model's. Pixels are the images' own or, where they have a size, patches."""
        params = self.network(2 * pixels - 1, self._one_hot(condition), training=training)
        return self.likelihood.distribution(params)

    def log_prob(self, x, condition=None):
        """log p(x), exact, `[B]` in nats.

        Args:
            x: images `[B, *event_shape]`, every pixel a level of the likelihood: 0 or 1 of a Bernoulli one.
            condition: labels `[B]` of a conditional model.
        """
        x, condition = self.check(x, condition)
        rows = blocks(x.shape[0], _SCORES_AT_ONCE, x, condition)
        return ops.concatenate([self._compiled_log_prob(images, labels) for _, images, labels in rows])

    def _log_prob(self, x, condition, training=False):
        pixels = self._to_patches(x)
        return self.distribution(pixels, condition, training).log_prob(pixels)

    def loss_terms(self, x, condition=None, training=False):
        """`nll`, the negative log-likelihood `[B]` in nats."""
        x, condition = self.check(x, condition)
        return {"nll": -self._log_prob(x, condition, training)}

    def sample(self, n, condition=None, seed=None, temperature=1.0, given=None, known=None, progress=False):
        """Draws `n` images of p(x), `[n, *event_shape]`.

        Args:
            n: number of images.
            condition: labels `[n]` of a conditional model.
            seed: an integer for repeatable draws, None for fresh ones.
            temperature: positive; 1 draws from the model, less sharpens every pixel's distribution, and near 0 each
                pixel takes its mode.
            given: images `[n, *event_shape]`, or one `event_shape` for all, some of whose pixels are kept.
            known: `[n, height, width]`, or one `[height, width]` for all, True where the pixels of `given` are kept.
                The others are drawn given the pixels before them in raster order, kept ones included: a completion of
                the upper part of an image is exact, a pixel kept further down cannot change those before it, nor
                those of its own patch.
            progress: show a progress bar over the rows, for large images.

        Raises:
            ValueError: bad counts, labels, temperature, images or mask, kept pixels between two levels.
        """
        n, condition = self.check_request(n, condition)
        decoding.check(temperature)
        kept = self._kept(n, given, known)
        from rich.progress import Progress  # not with the package, which imports quickly

        temperature = ops.convert_to_tensor(float(temperature))
        seeds, examples = keras.random.SeedGenerator(seed), []
        with Progress(disable=not progress) as bar:
            task = bar.add_task("rows", total=self.num_rows(n))
            draw = self._compiled_draw
            if progress:
                draw = functools.partial(self._draw_by_row, on_row=lambda: bar.advance(task))
            for count, labels, *given in blocks(n, _SAMPLES_AT_ONCE, condition, *kept):
                uniform = keras.random.uniform((count, *self._uniform_shape), seed=seeds)
                examples.append(draw(uniform, labels, temperature, tuple(given)))
        return ops.concatenate(examples)

    @property
    def _uniform_shape(self):
        """Of the numbers that one image takes."""
        return *self.grid_shape[:2], self.likelihood.num_uniforms(self.grid_shape[-1])

    def _kept(self, n, given, known):
        """`given` and `known` for every image, or nothing."""
        if (given is None) != (known is None):
            raise ValueError(
                "Expected given and known together: images, and which pixels to keep. Received: one of them."
            )
        if given is None:
            return ()
        given = np.asarray(given)
        given = checks.data(given[None] if given.ndim == 3 else given, self.event_shape)
        known = np.asarray(known)
        grid = self.event_shape[:2]
        if known.dtype != bool or known.shape not in (grid, (n, *grid)) or given.shape[0] not in (1, n):
            raise ValueError(
                f"Expected given of shape {self.event_shape}, or one for each of n={n} images, and known of bool and "
                f"shape {grid} or {(n, *grid)}. "
                f"Received: given {tuple(given.shape)}, known {known.dtype} {known.shape}."
            )
        known = np.broadcast_to(known[..., None], (n, *self.event_shape))
        given = np.broadcast_to(given, (n, *self.event_shape))
        checks.levels(given[known], self._levels)
        return ops.convert_to_tensor(given), ops.convert_to_tensor(known)

    def _inputs(self, uniform, kept):
        """What every pixel takes, `[H, W, B, ...]`: numbers of `uniform` `[B, H, W, U]`, and what is kept of images."""
        kept = [self._to_patches(each) for each in kept]
        return [ops.transpose(each, (1, 2, 0, 3)) for each in (uniform, *kept)]

    def _start(self, condition, batch_size):
        return self.network.init_cache(batch_size, self._one_hot(condition))

    def _draw_rows(self, carry, inputs, temperature, rows):
        def draw(params, inputs):
            noise, *kept = inputs
            pixel = self.likelihood.draw(params, noise, temperature)
            if kept:
                given, known = kept
                pixel = ops.where(known, given, pixel)
            return pixel

        return generate_rows(self.network, draw, inputs, carry, rows)

    def _draw(self, uniform, condition, temperature, kept):
        """Images from uniform numbers `[B, H, W, U]`, with the shape `[H, W]` of the grid of patches."""
        carry = self._start(condition, ops.shape(uniform)[0])
        _, pixels = self._draw_rows(carry, self._inputs(uniform, kept), temperature, self.grid_shape[0])
        return self._from_patches(ops.transpose(pixels, (2, 0, 1, 3)))

    def _draw_row(self, carry, inputs, temperature):
        return self._draw_rows(carry, inputs, temperature, 1)

    def _draw_by_row(self, uniform, condition, temperature, kept, on_row):
        """What `_draw` gives, in a compiled step a row; `on_row()` is called after each."""
        inputs, rows = self._inputs(uniform, kept), []
        carry = self._compiled_start(condition, uniform.shape[0])
        for i in range(self.grid_shape[0]):
            carry, row = self._compiled_draw_row(carry, [each[i : i + 1] for each in inputs], temperature)
            rows.append(row)
            on_row()
        return self._from_patches(ops.transpose(ops.concatenate(rows), (2, 0, 1, 3)))

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, shapes of its inputs without batch axis).

        `sample` takes two standard normal numbers for every uniform one, as `decoding.uniform` does.
        """

        def log_prob(images, labels=None):
            return {"log_prob": self._log_prob(images, labels)}

        def sample(noise, labels=None):
            return {"images": self._draw(decoding.uniform(noise), labels, 1.0, ())}

        labels = {} if self.num_classes is None else {"labels": ()}
        return {
            "log_prob": (log_prob, {"images": self.event_shape, **labels}),
            "sample": (sample, {"noise": (*self._uniform_shape, 2), **labels}),
        }

    def get_config(self):
        parts = {part: keras.saving.serialize_keras_object(getattr(self, part)) for part in ("network", "likelihood")}
        return {**super().get_config(), **parts, "patch_size": self.patch_size}
