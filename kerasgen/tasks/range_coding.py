"""Examples of a model that draws them in turn, as bits: a range coder and the exact conditionals.

    bits(x) = sum over i of -log2 p(x_i | x_1, ..., x_{i-1})

Both directions walk through `in_turn` by blocks of the same sizes, so that they see the same
numbers (Rissanen and Langdon, Arithmetic Coding, 1979; Martin, Range encoding, 1979).
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasgen.batches import blocks
from kerasgen.tasks.frequencies import coder, frequencies
from kerasgen.tasks.turns import walk

BLOCK = 512  # examples that take their elements together


def encode(
    model: Any, levels: np.ndarray, condition: Any, block: int, advance: Callable
) -> np.ndarray:
    """Words, uint32, of the levels `[N, size]` of examples.

    Args:
        condition: of each, or None.
        block: examples that are coded together.
        advance: is told of examples that are done.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> encode(model, np.zeros((3, 16), "int32"), None, 2, lambda n: None).dtype
    dtype('uint32')
    """
    stream = coder()
    encoder, family = stream.queue.RangeEncoder(), stream.model.Categorical(perfect=False)
    for n, rows, given in blocks(len(levels), block, levels, condition):
        for place, log_probs in walk(model.in_turn(n, given), rows):
            encoder.encode(np.ascontiguousarray(rows[:, place]), family, frequencies(log_probs))
        advance(n)
    return encoder.get_compressed()


def decode(
    model: Any, words: np.ndarray, n: int, condition: Any, block: int, advance: Callable
) -> np.ndarray:
    """The levels `[n, size]` that words stand for.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> words = encode(model, np.eye(16, dtype="int32")[:3], None, 2, lambda n: None)
    >>> decode(model, words, 3, None, 2, lambda n: None).argmax(axis=1)
    array([0, 1, 2])
    """
    stream = coder()
    decoder, family = stream.queue.RangeDecoder(words), stream.model.Categorical(perfect=False)
    decoded = np.zeros((n, model.event.size), "int32")
    for of_block, rows, given in blocks(n, block, decoded, condition):
        for place, log_probs in walk(model.in_turn(of_block, given), rows):
            rows[:, place] = decoder.decode(family, frequencies(log_probs))
        advance(of_block)
    return decoded


def numbers(model: Any, count: int, condition: Any, block: int) -> Iterator[np.ndarray]:
    """What the model says of the first eighth of random examples, in blocks of every size that
    `count` examples take: the numbers to agree in.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> twice = [list(numbers(model, 3, None, 2)) for _ in range(2)]
    >>> all(map(np.array_equal, *twice)), len(twice[0])
    (True, 4)
    """
    rng, few = np.random.default_rng(0), max(1, model.event.size // 8)
    for n, given in dict(blocks(count, block, condition)).items():
        rows = rng.integers(0, model.levels, (n, model.event.size))
        for _, log_probs in itertools.islice(walk(model.in_turn(n, given), rows), few):
            yield log_probs
