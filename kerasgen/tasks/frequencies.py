"""Probabilities as whole numbers, here and nowhere else, and the coder's library."""

from typing import Any

import numpy as np

TOTAL = 1 << 20  # what the frequencies of one element sum to


def frequencies(log_probs: Any) -> np.ndarray:
    """How often of `TOTAL` times an element takes each of its levels, at least once.

    The same log-probabilities give the same frequencies, by operations whose results IEEE 754
    leaves no choice in but for the exponential, which is NumPy's. The least frequency costs less
    than `levels / TOTAL` nats an element.

    Args:
        log_probs: `[..., levels]` in nats.

    Returns:
        `[..., levels]`, whole numbers as float64, as the coder takes them.

    >>> frequencies(np.log([0.5, 0.25, 0.25])) / TOTAL
    array([0.5 , 0.25, 0.25])
    """
    log_probs = np.asarray(log_probs, "float64")
    probs = np.exp(log_probs - np.max(log_probs, axis=-1, keepdims=True))
    levels = probs.shape[-1]
    whole = 1 + np.floor(probs * ((TOTAL - levels) / np.sum(probs, axis=-1, keepdims=True)))
    rest = TOTAL - np.sum(whole, axis=-1, keepdims=True)
    most = np.argmax(whole, axis=-1, keepdims=True)
    np.put_along_axis(whole, most, np.take_along_axis(whole, most, axis=-1) + rest, axis=-1)
    return whole


def coder() -> Any:
    """The module `constriction.stream`.

    Raises:
        ValueError: it is not installed.

    >>> coder().queue.RangeEncoder().num_words()
    0
    """
    try:
        from constriction import stream
    except ImportError as error:
        raise ValueError(
            "Expected the library constriction, which pip install 'kerasgen[compress]' brings. "
            f"Received: {error}."
        ) from error
    return stream
