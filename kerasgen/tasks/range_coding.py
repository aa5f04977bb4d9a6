"""Examples of a model that draws them in turn, as bits: a range coder and the exact conditionals.

    bits(x) = sum over i of -log2 p(x_i | x_1, ..., x_{i-1})

Both directions walk through `in_turn` by blocks of the same sizes, so that they see the same
numbers (Rissanen and Langdon, Arithmetic Coding, 1979; Martin, Range encoding, 1979).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasgen.batches import blocks
from kerasgen.tasks.frequencies import coder, frequencies

BLOCK = 512  # examples that take their elements together


def encode(model: Any, levels: np.ndarray, block: int, advance: Callable) -> np.ndarray:
    """Words, uint32, of the levels `[N, size]` of examples.

    Args:
        block: examples that are coded together.
        advance: is told of examples that are done.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> encode(model, np.zeros((3, 16), "int32"), 2, lambda n: None).dtype
    dtype('uint32')
    """
    stream = coder()
    encoder, family = stream.queue.RangeEncoder(), stream.model.Categorical(perfect=False)
    for n, rows in blocks(len(levels), block, levels):

        def take(place, probabilities, rows=rows):
            symbols = np.ascontiguousarray(rows[:, place])
            encoder.encode(symbols, family, probabilities)
            return symbols

        _walk(model, n, take)
        advance(n)
    return encoder.get_compressed()


def decode(model: Any, words: np.ndarray, n: int, block: int, advance: Callable) -> np.ndarray:
    """The levels `[n, size]` that words stand for.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> words = encode(model, np.eye(16, dtype="int32")[:3], 2, lambda n: None)
    >>> decode(model, words, 3, 2, lambda n: None).argmax(axis=1)
    array([0, 1, 2])
    """
    stream = coder()
    decoder, family = stream.queue.RangeDecoder(words), stream.model.Categorical(perfect=False)
    decoded = []
    for (of_block,) in blocks(n, block):
        levels = _walk(
            model, of_block, lambda _, probabilities: decoder.decode(family, probabilities)
        )
        decoded.append(levels)
        advance(of_block)
    return np.concatenate(decoded)


def numbers(model: Any, count: int, block: int) -> Iterator[np.ndarray]:
    """What the model says of the first eighth of random examples, in blocks of every size that
    `count` examples take: the numbers to agree in.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> same = [np.array_equal(*pair) for pair in zip(numbers(model, 3, 2), numbers(model, 3, 2))]
    >>> all(same), len(same)
    (True, 4)
    """
    rng = np.random.default_rng(0)
    for n in sorted({n for (n,) in blocks(count, block)}):
        turns, levels = model.in_turn(n), None
        for _ in range(max(1, model.event.size // 8)):
            _, log_probs = turns.send(levels)
            yield log_probs
            levels = rng.integers(0, log_probs.shape[-1], n)


def _walk(model, n, take):
    """The levels `[n, size]` that `take(place, frequencies)` gives in turn."""
    turns, levels = model.in_turn(n), np.zeros((n, model.event.size), "int32")
    found = next(turns, None)
    while found is not None:
        place, log_probs = found
        levels[:, place] = take(place, frequencies(log_probs))
        try:
            found = turns.send(levels[:, place])
        except StopIteration:
            found = None
    return levels
