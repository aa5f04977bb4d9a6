"""How much of its codebook a tokenizer uses. One that uses little has collapsed."""

from typing import Any

import numpy as np

from kerasgen import checks
from kerasgen.abilities import Tokenizes
from kerasgen.batches import mapped
from kerasgen.metrics.figure import Figure

_BATCH = 500


def histogram(tokens: Any, vocab_size: int) -> np.ndarray:
    """How often each token occurs, `[vocab_size]`.

    >>> histogram([[0, 2], [2, 2]], vocab_size=4)
    array([1, 0, 3, 0])
    """
    checks.positive("vocab_size", vocab_size)
    values = checks.rows("tokens", tokens, rank=None).ravel()
    if values.min() < 0 or values.max() >= vocab_size or np.any(values % 1):
        raise ValueError(
            f"Expected whole tokens in 0..{vocab_size - 1}. "
            f"Received: {values.min():g} to {values.max():g}."
        )
    return np.bincount(values.astype("int64"), minlength=vocab_size)


def count(model: Tokenizes, images: Any) -> np.ndarray:
    """`histogram` of a tokenizer's tokens of images `[N, height, width, channels]`.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.families.DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.FiniteScalar((3, 3)),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli())
    >>> int(count(model, np.zeros((5, 8, 8, 1))).sum())  # 5 images of 4 x 4 tokens
    80
    """
    return histogram(mapped(model.tokenize, _BATCH, images), model.vocab_size)


def entropy(counts: np.ndarray) -> float:
    """Entropy of the empirical distribution of `counts`, in nats.

    >>> round(entropy(np.array([5, 5, 0])), 4)
    0.6931
    """
    counts = checks.frequencies("counts", counts)
    share = counts[counts > 0] / np.sum(counts)
    return float(-np.sum(share * np.log(share)))


def usage(counts: np.ndarray) -> dict[str, Figure]:
    """How evenly and how much of the codebook is used.

    Args:
        counts: of `histogram`.

    Returns:
        `perplexity`, exp of the tokens' entropy, at most the codebook's size, and `used_codes`, the
        share of the codebook that occurs.

    >>> {name: str(figure) for name, figure in usage(np.array([5, 5, 0, 0])).items()}
    {'perplexity': '2 codes', 'used_codes': '50 %'}
    """
    counts = checks.frequencies("counts", counts)
    return {
        "perplexity": Figure(float(np.exp(entropy(counts))), "codes"),
        "used_codes": Figure(100 * float(np.mean(counts > 0)), "%"),
    }
