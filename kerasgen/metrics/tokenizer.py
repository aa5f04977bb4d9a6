"""What a tokenizer loses, what its ids cost, and how much of its vocabulary they use.

reconstruction   -log p(x | ids) for the ids of x, in nats; with -log p(ids) under a prior a bound on -log p(x)
rate             h w log2 V, bits an image of ids of fixed length; less, h w H, by the entropy H of all ids together
"""

import io
import math

import keras
import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.batches import blocks
from kerasgen.metrics import codes, figure
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.frechet import Moments, frechet_distance

_BATCH = 500


def tokens(model, images, seed=0, progress=False):
    """Figures of a tokenizer on held-out images.

    Args:
        model: a `kerasgen.families.DiscreteAutoencoder`.
        images: `[N, height, width, channels]`, N at least 2; binarized where the protocol says so.
        seed: of the ids that the bound is estimated by.
        progress: show a progress bar.

    Returns:
        `Figure`s by name: `reconstruction`, for pixels of levels, 2 or more, `reconstruction_bits_per_dim`, and `psnr`,
        of the mean squared error over all images; where the model bounds the likelihood under the uniform prior,
        `elbo` and `kl`; `rate`, `entropy_rate` and, to compare, `png_rate`; `perplexity` and `used_codes`.

    Raises:
        ValueError: images of another shape or range, fewer than 2 images.
    """
    images, _ = figure.checked(model, images)

    seeds = keras.random.SeedGenerator(seed)

    def score(x, _, batch):
        posterior, bound = model.encode(x), ()
        ids = posterior.mode()
        error = ops.mean(ops.square(model.detokenize(ids) - x), axis=(1, 2, 3))
        if is_bounded(model):
            draws = model.decode_tokens(posterior.sample(seed=backend.next_seed(seeds)))
            bound = -draws.log_prob(x), posterior.kl_divergence(model.bottleneck.prior())
        return -model.decode_tokens(ids).log_prob(x), error, ids, *bound

    reconstruction, error, ids, *bound = figure.by_batch(score, images, None, progress)
    counts = codes.histogram(ids, model.vocab_size)
    positions = math.prod(model.grid_shape)
    # Their mean is the entropy of all ids together; their spread says how far the images at hand tell it.
    surprises = -np.log(np.maximum(counts, 1) / counts.sum())[ids.astype("int64")].mean(axis=(1, 2))
    usage = codes.usage(counts)
    spread = usage["perplexity"].value * figure.mean(surprises, "nats").standard_error
    usage["perplexity"] = usage["perplexity"]._replace(standard_error=spread)
    figures = {"reconstruction": figure.mean(reconstruction, "nats")}
    if model.likelihood.levels is not None:
        bits = reconstruction / math.prod(model.event_shape) / math.log(2)
        figures["reconstruction_bits_per_dim"] = figure.mean(bits, "bits/dim")
    figures["psnr"] = Figure(float(-10 * np.log10(error.mean())), "dB")
    if bound:
        figures["elbo"] = figure.mean(-sum(bound), "nats")
        figures["kl"] = figure.mean(bound[1], "nats")
    return {
        **figures,
        "rate": Figure(positions * math.log2(model.vocab_size), "bits an image"),
        "entropy_rate": figure.mean(positions * surprises / math.log(2), "bits an image"),
        "png_rate": figure.mean(png_bits(images), "bits an image"),
        **usage,
    }


def is_bounded(model):
    """Whether the model's terms add up to a bound on -log p(x), as those of a discrete VAE do."""
    return "kl" in model.term_means


def png_bits(images):
    """Size of every image as a PNG file in bits, `[N]`, those of black and white images at one bit a pixel."""
    from PIL import Image

    def size(image):
        file = io.BytesIO()
        image.save(file, "png", optimize=True)
        return 8.0 * file.tell()

    levels = np.round(np.asarray(images) * 255).astype("uint8")
    if levels.shape[-1] == 1:
        levels = levels[..., 0]
        if np.all((levels == 0) | (levels == 255)):
            return np.array([size(Image.fromarray(each).convert("1", dither=Image.Dither.NONE)) for each in levels])
    return np.array([size(Image.fromarray(each)) for each in levels])


def reconstruction_quality(model, images, examples, real, extractor):
    """The Fréchet distance of reconstructions, and its floor.

    Args:
        model: a tokenizer.
        images: `[N, height, width, channels]` held out, as the model takes them.
        examples: the same with grey pixels, which the reconstructions are compared with.
        real: `[M, height, width, channels]`, other real examples, which in the reconstructions' place give the floor.
        extractor: a `kerasgen.metrics.features.Extractor`, whose name the figures carry.
    """

    def batches(x):
        for _, part in blocks(len(x), _BATCH, x):
            yield from extractor.batches(model.detokenize(model.tokenize(part)))

    held_out, floor = (Moments.of(extractor.batches(each)) for each in (examples, real))
    distances = {
        "": frechet_distance(Moments.of(batches(images)), held_out),
        "_floor": frechet_distance(floor, held_out),
    }
    return {
        f"reconstruction_frechet_distance{ending}[{extractor.name}]": Figure(distance, "squared features")
        for ending, distance in distances.items()
    }
