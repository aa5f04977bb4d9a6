"""How much of its vocabulary a tokenizer uses; one that uses little has collapsed."""

import numpy as np

from kerasgen.batches import mapped
from kerasgen.metrics.figure import Figure

_BATCH = 500


def histogram(ids, vocab_size):
    """How often each id occurs, `[vocab_size]`."""
    return np.bincount(np.asarray(ids).ravel().astype("int64"), minlength=vocab_size)


def count(model, images):
    """`histogram` of a tokenizer's ids of images `[N, height, width, channels]`, batch by batch."""
    return histogram(mapped(model.tokenize, _BATCH, images), model.vocab_size)


def entropy(counts):
    """Of the empirical distribution of `counts`, in nats."""
    share = counts[counts > 0] / np.sum(counts)
    return float(-np.sum(share * np.log(share)))


def usage(counts):
    """`perplexity`, exp of the ids' entropy, at most the vocabulary's size, and `used_codes`, the share that occurs.

    Args:
        counts: of `histogram`.
    """
    return {
        "perplexity": Figure(float(np.exp(entropy(counts))), "codes"),
        "used_codes": Figure(100 * float(np.mean(counts > 0)), "%"),
    }
