"""What a tokenizer loses, what its tokens cost, and how much of its codebook they use.

reconstruction   -log p(x | tokens) for the tokens of x, in nats; with -log p(tokens) under a prior
                 a bound on -log p(x)
rate             h w log2 V, bits an image of tokens of fixed length; less, h w H, by the entropy H
                 of all tokens together
"""

import io
import math
from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.abilities import Tokenizes
from kerasgen.batches import blocks
from kerasgen.metrics import codes, figure
from kerasgen.metrics.features import Extractor
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.frechet import Moments, frechet_distance

_BATCH = 500


def tokens(
    model: Tokenizes, images: Any, seed: int = 0, progress: bool = False
) -> dict[str, Figure]:
    """Figures of a tokenizer on held-out images.

    Args:
        model: a tokenizer.
        images: `[N, height, width, channels]`, N at least 2; binarized where the protocol says so.
        seed: of the tokens that the bound is estimated by.
        progress: show a progress bar.

    Returns:
        `reconstruction`, for pixels of levels, 2 or more, `reconstruction_bits_per_dim`, and
        `psnr`, of the mean squared error over all images; where the model bounds the likelihood
        under the uniform prior, `elbo` and `kl`; `rate`, `entropy_rate` and, to compare,
        `png_rate`; `perplexity` and `used_codes`.

    Raises:
        ValueError: images of another shape or range, fewer than 2 images.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.families.DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.FiniteScalar((4, 4)),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli())
    >>> print(tokens(model, np.ones((2, 8, 8, 1)))["rate"])  # 4 x 4 tokens of 4 bits
    64 bits an image
    """
    images, _ = figure.checked(model, images)
    seeds = backend.draws(checks.seed(seed))

    def score(x, _, batch):
        posterior, bound = model.encode(x), ()
        likeliest = posterior.mode()
        error = ops.mean(ops.square(model.detokenize(likeliest) - x), axis=(1, 2, 3))
        if is_bounded(model):
            drawn = posterior.sample(seed=backend.next_seed(seeds))
            kl = posterior.kl_divergence(model.bottleneck.prior())
            bound = -model.decode_tokens(drawn).log_prob(x), kl
        return -model.decode_tokens(likeliest).log_prob(x), error, likeliest, *bound

    reconstruction, error, likeliest, *bound = figure.by_batch(score, images, None, progress)
    figures = {"reconstruction": figure.mean(reconstruction, "nats")}
    if model.likelihood.levels is not None:
        bits = reconstruction / math.prod(model.event_shape) / math.log(2)
        figures["reconstruction_bits_per_dim"] = figure.mean(bits, "bits/dim")
    figures["psnr"] = Figure(float(-10 * np.log10(error.mean())), "dB")
    if bound:
        figures["elbo"] = figure.mean(-(bound[0] + bound[1]), "nats")
        figures["kl"] = figure.mean(bound[1], "nats")
    return figures | _costs(model, images, likeliest.astype("int64"))


def _costs(model, images, tokens):
    """Bits of images' tokens, and the use of the codebook."""
    counts = codes.histogram(tokens, model.vocab_size)
    positions = math.prod(model.grid_shape)
    # Their mean is the entropy of all tokens together. Their spread says how well the images at
    # hand
    # tell it.
    surprises = -np.log(np.maximum(counts, 1) / counts.sum())[tokens].mean(axis=(1, 2))
    usage = codes.usage(counts)
    error = figure.mean(surprises, "nats").standard_error or 0.0
    usage["perplexity"] = usage["perplexity"]._replace(
        standard_error=usage["perplexity"].value * error
    )
    return {
        "rate": Figure(positions * math.log2(model.vocab_size), "bits an image"),
        "entropy_rate": figure.mean(positions * surprises / math.log(2), "bits an image"),
        "png_rate": figure.mean(png_bits(images), "bits an image"),
        **usage,
    }


def is_bounded(model: Tokenizes) -> bool:
    """Whether the model's terms add up to a bound on -log p(x), as those of a discrete VAE do.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> is_bounded(kerasgen.families.DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.GumbelSoftmax(16, 4),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli()))
    True
    """
    return "kl" in model.term_means


def png_bits(images: Any) -> np.ndarray:
    """Size of every image as a PNG file in bits, `[N]`, black and white ones at one bit a pixel.

    >>> bool(png_bits(np.zeros((1, 28, 28, 1)))[0] < 28 * 28)
    True
    """
    from PIL import Image

    def size(image):
        file = io.BytesIO()
        image.save(file, "png", optimize=True)
        return 8.0 * file.tell()

    levels = np.round(np.asarray(images) * 255).astype("uint8")
    levels = levels[..., 0] if levels.shape[-1] == 1 else levels
    pictures = [Image.fromarray(each) for each in levels]
    if levels.ndim == 3 and np.all((levels == 0) | (levels == 255)):
        pictures = [each.convert("1", dither=Image.Dither.NONE) for each in pictures]
    return np.array([size(each) for each in pictures])


def reconstruction_quality(
    model: Tokenizes, images: Any, examples: Any, real: Any, extractor: Extractor
) -> dict[str, Figure]:
    """The Fréchet distance of reconstructions, and its floor.

    Args:
        model: a tokenizer.
        images: `[N, height, width, channels]` held out, as the model takes them.
        examples: the same with grey pixels, which the reconstructions are compared with.
        real: `[M, height, width, channels]`, other real examples, which in the reconstructions'
            place give the floor.
        extractor: whose name the figures carry.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> from kerasgen.metrics.features import VALUES
    >>> model = kerasgen.families.DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.FiniteScalar((4, 4)),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli())
    >>> x = np.ones((2, 8, 8, 1))
    >>> list(reconstruction_quality(model, x, x, x, VALUES))
    ['reconstruction_frechet_distance[values]', 'reconstruction_frechet_distance_floor[values]']
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
        f"reconstruction_frechet_distance{ending}[{extractor.name}]": Figure(
            distance, "squared features"
        )
        for ending, distance in distances.items()
    }
