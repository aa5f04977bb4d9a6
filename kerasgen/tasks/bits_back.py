"""Examples of a model with a code, as bits: asymmetric numeral systems that get bits back.

    bits(x) = -log2 p(x | z) - log2 p(z) + log2 q(z | x),     z ~ q(z | x)

The code z is drawn with bits that are already written, which the reader finds again: on average the
negative evidence lower bound is spent (Townsend, Bird and Barber, Practical Lossless Compression
with Latent Variables using Bits Back Coding, 2019, arXiv 1901.04866). A code of several layers is
drawn and written layer by layer, each given those before it. Codes are rounded to 1/256; what that
costs in p(z) it gives back in q(z | x).

A block needs bits before it writes any. So blocks grow with what is there.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras import ops

from kerasgen.tasks.frequencies import coder, frequencies
from kerasgen.tasks.turns import walk

BLOCK = 64  # examples at most that share their codes
_WIDTH = 2.0**-8  # between two codes
_FURTHEST = 2**11  # code, in widths: 8 of the prior's standard deviations
_PROBABILITIES = 2**22  # at once, which bounds the memory


def encode(
    model: Any, levels: np.ndarray, condition: Any, block: int, advance: Callable
) -> np.ndarray:
    """Words, uint32, of the levels `[N, size]` of examples.

    Args:
        condition: of each, or None.
        block: examples that are coded together.
        advance: is told of examples that are done.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> encode(model, np.zeros((3, 16), "int32"), None, 2, lambda n: None).dtype
    dtype('uint32')
    """
    stack = coder().stack.AnsCoder(_first_words(model))
    for rows, z, given in _blocks(model, levels, condition, block):
        _pop(stack, _posterior(model, rows, given), z, _normals)
        _push(stack, _pixels(model, z, given), rows, _levels)
        _push(stack, _codes(model, model.prior(given)), z, _normals)
        advance(len(rows))
    return stack.get_compressed()


def decode(
    model: Any, words: np.ndarray, n: int, condition: Any, block: int, advance: Callable
) -> np.ndarray:
    """The levels `[n, size]` that words stand for; the last block was written last.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> words = encode(model, np.eye(16, dtype="int32")[:3], None, 2, lambda n: None)
    >>> decode(model, words, 3, None, 2, lambda n: None).argmax(axis=1)
    array([0, 1, 2])
    """
    stack, decoded = coder().stack.AnsCoder(words), np.zeros((n, model.event.size), "int32")
    for rows, z, given in reversed(list(_blocks(model, decoded, condition, block))):
        _pop(stack, _codes(model, model.prior(given)), z, _normals)
        _pop(stack, _pixels(model, z, given), rows, _levels)
        _push(stack, _posterior(model, rows, given), z, _normals)
        advance(len(rows))
    return decoded


def numbers(model: Any, count: int, condition: Any, block: int) -> Iterator[np.ndarray]:
    """What the model says of random examples and of their codes, in blocks of every size that
    `count` examples take: the numbers to agree in.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> twice = [list(numbers(model, 3, None, 2)) for _ in range(2)]
    >>> all(map(np.array_equal, *twice)), len(twice[0])
    (True, 5)
    """
    rng, few = np.random.default_rng(0), max(1, model.event.size // 8)
    levels = rng.integers(0, model.levels, (count, model.event.size))
    of_sizes = {len(each[0]): each for each in _blocks(model, levels, condition, block)}
    for rows, z, given in of_sizes.values():
        z += rng.integers(-256, 256, z.shape) * np.float32(_WIDTH)
        pixels = itertools.islice(walk(_pixels(model, z, given), rows), few)
        codes = _posterior(model, rows, given), _codes(model, model.prior(given))
        for place, normal in itertools.chain.from_iterable(walk(each, z) for each in codes):
            yield from _normals(normal, z[:, place].shape)[1:-1]
        yield from (log_probs for _, log_probs in pixels)


def _pop(stack, turns, known, family):
    """Fills in what the stack holds, turn by turn."""
    for place, told in walk(turns, known):
        shape = known[:, place].shape
        model, *parameters, unit = family(told, shape)
        known[:, place] = stack.decode(model, *parameters).reshape(shape) * unit


def _push(stack, turns, known, family):
    """Puts on the stack what `_pop` takes from it, the last turn first."""
    for place, told in reversed(list(walk(turns, known))):
        symbols = known[:, place]
        model, *parameters, unit = family(told, symbols.shape)
        stack.encode_reverse((symbols.ravel() / unit).astype("int32"), model, *parameters)


def _normals(normal, shape):
    """The coder's family of a part of codes, its parameters, and what a symbol is in z."""
    moments = (ops.convert_to_numpy(each) / _WIDTH for each in (normal.mean(), normal.stddev()))
    moments = [np.broadcast_to(each, shape).ravel().astype("float64") for each in moments]
    return coder().model.QuantizedGaussian(-_FURTHEST, _FURTHEST), *moments, np.float32(_WIDTH)


def _levels(log_probs, _):
    """The coder's family of elements, its parameters, and what a symbol is among levels."""
    whole = frequencies(log_probs.reshape(-1, log_probs.shape[-1]))
    return coder().model.Categorical(perfect=False), whole, 1


def _posterior(model, rows, given):
    levels = rows.reshape(-1, *model.event_shape).astype("float32")
    posterior = model.posterior(levels / np.float32(model.levels - 1), given)
    return _codes(model, posterior)


def _codes(model, normals):
    """A generator of the parts of codes."""
    return model.bottleneck.chain(normals).in_turn()


def _pixels(model, z, given):
    z = z.reshape(-1, *model.bottleneck.latent_shape)
    return model.likelihood.in_turn(model.likelihood_params(z, given))


def _blocks(model, levels, condition, block):
    """Levels, codes to fill in and the condition of examples that are coded together.

    A block takes about as many bits as are there: its codes' units 10 each, an example 100.
    """
    units, start = math.prod(model.bottleneck.latent_shape), 0
    probabilities = _PROBABILITIES // (model.event.size * model.levels)
    most = min(block, 1 << max(0, probabilities.bit_length() - 1))
    while start < len(levels):
        n = min(most, 1 << max(0, (start // max(4, units // 10)).bit_length() - 1))
        rows = levels[start : start + n]
        given = None if condition is None else condition[start : start + n]
        yield rows, np.zeros((len(rows), units), "float32"), given
        start += n


def _first_words(model):
    """Bits to draw the first example's code with."""
    size = math.prod(model.bottleneck.latent_shape)
    return np.random.default_rng(0).integers(1, 2**32, size + 2, dtype="uint32")
