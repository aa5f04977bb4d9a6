"""Examples of a model with a code, as bits: asymmetric numeral systems that get bits back.

    bits(x) = -log2 p(x | z) - log2 p(z) + log2 q(z | x),     z ~ q(z | x)

The code z is drawn with bits that are already written, which the reader finds again: on average the
negative evidence lower bound is spent (Townsend, Bird and Barber, Practical Lossless Compression
with Latent Variables using Bits Back Coding, 2019, arXiv 1901.04866). Codes are rounded to
1/256; what that costs in p(z) it gives back in q(z | x).

A block needs bits before it writes any. So blocks grow with what is there.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras import ops

from kerasgen.tasks.frequencies import coder, frequencies

BLOCK = 64  # examples at most that share their codes
_WIDTH = 2.0**-8  # between two codes
_FURTHEST = 2**11  # code, in widths: 8 of the prior's standard deviations
_PROBABILITIES = 2**22  # at once, which bounds the memory


def encode(model: Any, levels: np.ndarray, block: int, advance: Callable) -> np.ndarray:
    """Words, uint32, of the levels `[N, size]` of examples.

    Args:
        block: examples that are coded together.
        advance: is told of examples that are done.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> encode(model, np.zeros((3, 16), "int32"), 2, lambda n: None).dtype
    dtype('uint32')
    """
    stack, coded = coder().stack.AnsCoder(_first_words(model)), 0
    for n in _sizes(model, len(levels), block):
        rows = levels[coded : coded + n]
        examples = _examples(model, rows)
        posterior = _widths(model.posterior(examples), n)
        code = stack.decode(_codes(), *posterior)
        for channel, probabilities in reversed(list(_probabilities(model, code, examples))):
            symbols = rows.reshape(examples.shape)[..., channel]
            stack.encode_reverse(symbols.ravel(), _family(), probabilities)
        stack.encode_reverse(code, _codes(), *_widths(model.prior(), n))
        coded += n
        advance(n)
    return stack.get_compressed()


def decode(model: Any, words: np.ndarray, n: int, block: int, advance: Callable) -> np.ndarray:
    """The levels `[n, size]` that words stand for; the last block was written last.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> words = encode(model, np.eye(16, dtype="int32")[:3], 2, lambda n: None)
    >>> decode(model, words, 3, 2, lambda n: None).argmax(axis=1)
    array([0, 1, 2])
    """
    stack, decoded = coder().stack.AnsCoder(words), []
    for of_block in reversed(_sizes(model, n, block)):
        code = stack.decode(_codes(), *_widths(model.prior(), of_block))
        rows = np.zeros((of_block, *model.event_shape), "int32")
        examples = _examples(model, rows)
        for channel, probabilities in _probabilities(model, code, examples):
            symbols = stack.decode(_family(), probabilities)
            rows[..., channel] = symbols.reshape(rows[..., channel].shape)
            examples[..., channel] = _examples(model, rows)[..., channel]
        stack.encode_reverse(code, _codes(), *_widths(model.posterior(examples), of_block))
        decoded.append(rows.reshape(of_block, -1))
        advance(of_block)
    return np.concatenate(decoded[::-1])


def numbers(model: Any, count: int, block: int) -> Iterator[np.ndarray]:
    """What the model says of random examples and of their codes, in blocks of every size that
    `count` examples take: the numbers to agree in.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> same = [np.array_equal(*pair) for pair in zip(numbers(model, 3, 2), numbers(model, 3, 2))]
    >>> all(same), len(same)
    (True, 3)
    """
    rng = np.random.default_rng(0)
    for n in sorted(set(_sizes(model, count, block))):
        examples = _examples(model, rng.integers(0, model.levels, (n, model.event.size)))
        yield from (posterior := _widths(model.posterior(examples), n))
        code = np.clip(np.round(posterior[0]), -_FURTHEST, _FURTHEST)
        for _, probabilities in _probabilities(model, code, examples):
            yield probabilities


def _probabilities(model, code, examples):
    """`(channel, frequencies [pixels, levels])` of each channel; those before it are read from
    the examples when it is its turn."""
    z = np.reshape(code * _WIDTH, (len(examples), -1)).astype("float32")
    likelihood = model.decode(z)
    for channel in range(examples.shape[-1]):
        log_probs = _log_probs(likelihood, examples, channel, model.levels)
        log_probs = ops.convert_to_numpy(log_probs)
        yield channel, frequencies(log_probs.reshape(-1, log_probs.shape[-1]))


def _log_probs(likelihood, examples, channel, levels):
    """log p `[..., levels]` of a channel of every pixel."""
    from kerasgen.distributions import ImageDistribution  # imports TFP

    if isinstance(likelihood, ImageDistribution):  # channels depend on each other
        return likelihood.likelihood.level_log_probs(likelihood.params, examples, channel)
    values = np.linspace(0, 1, levels, dtype="float32").reshape(-1, *[1] * examples.ndim)
    return ops.moveaxis(likelihood.distribution.log_prob(values)[..., channel], 0, -1)


def _examples(model, rows):
    levels = rows.reshape(-1, *model.event_shape).astype("float32")
    return levels / np.float32(model.levels - 1)


def _widths(normal, n):
    """Means and standard deviations of n codes in widths, flattened."""
    each = [ops.convert_to_numpy(part) / _WIDTH for part in (normal.mean(), normal.stddev())]
    return [np.broadcast_to(part, (n, part.shape[-1])).ravel().astype("float64") for part in each]


def _codes():
    return coder().model.QuantizedGaussian(-_FURTHEST, _FURTHEST)


def _family():
    return coder().model.Categorical(perfect=False)


def _most(model):
    """Examples of the largest block, a power of two."""
    return 1 << max(0, int(math.log2(_PROBABILITIES / (model.event.size * model.levels))))


def _sizes(model, count, block):
    """Sizes of the blocks: a block takes about as many bits as three times its size leave."""
    sizes, done, most = [], 0, min(block, _most(model))
    while done < count:
        size = min(most, 1 << max(0, (done // 4).bit_length() - 1), count - done)
        sizes.append(size)
        done += size
    return sizes


def _first_words(model):
    """Bits to draw the first example's code with."""
    size = math.prod(model.bottleneck.latent_shape)
    return np.random.default_rng(0).integers(1, 2**32, size + 2, dtype="uint32")
