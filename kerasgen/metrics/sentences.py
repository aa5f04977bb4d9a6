"""How sentences compare with others, and how much a code tells of them.

BLEU          Papineni and others 2002, corpus level, up to four words in a row, counts plus one
Self-BLEU     Zhu and others, Texygen, 2018 (arXiv 1802.01886): of samples against each other
"""

import collections
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from kerasgen.metrics.figure import Figure
from kerasgen.text.words import split

_LONGEST = 4  # words in a row
_LOG_2_PI = math.log(2 * math.pi)


def bleu(sentences: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU of sentences, each with one reference or more, from 0 to 100.

    Counts of two words in a row and more are one higher, as short sentences have few (Lin and Och
    2004).

    Args:
        sentences: N of them.
        references: those of each sentence.

    >>> bleu(["easy to use and cheap"], [["easy to use and cheap"]])
    100.0
    >>> round(bleu(["easy to use"], [["easy to hold"]]), 1)
    68.7
    """
    matches, totals, lengths = np.zeros(_LONGEST), np.zeros(_LONGEST), np.zeros(2)
    for sentence, others in zip(sentences, references, strict=True):
        words, others = split(sentence), [split(each) for each in others]
        closest = min((abs(len(each) - len(words)), len(each)) for each in others)[1]
        lengths += len(words), closest
        for n in range(_LONGEST):
            mine, known = _runs(words, n + 1), collections.Counter()
            for each in others:
                known |= _runs(each, n + 1)
            matches[n] += sum((mine & known).values())
            totals[n] += sum(mine.values())
    more = np.arange(_LONGEST) > 0
    if not matches[0]:
        return 0.0
    precision = np.exp(np.mean(np.log((matches + more) / (totals + more))))
    return float(100 * precision * math.exp(min(0.0, 1 - lengths[1] / max(lengths[0], 1))))


def _runs(words, n):
    return collections.Counter(zip(*(words[i:] for i in range(n))))


def self_bleu(sentences: Sequence[str]) -> float:
    """How alike sentences are: BLEU of each with all others as references, from 0 to 100.

    >>> self_bleu(["easy to use and cheap"] * 3)
    100.0
    """
    others = [[*sentences[:i], *sentences[i + 1 :]] for i in range(len(sentences))]
    return bleu(sentences, others)


def copied(sentences: Sequence[str], training: Sequence[str]) -> Figure:
    """How many of some sentences stand in the training set, word for word.

    >>> print(copied(["Easy to use!", "cheap"], ["easy to use !"]))
    50 %
    """
    known = {tuple(split(each)) for each in training}
    return Figure(100 * float(np.mean([tuple(split(each)) in known for each in sentences])), "%")


def mutual_information(model: Any, x: Any, seed: int = 0) -> Figure:
    """What a code of independent normals tells of examples, in nats, at most log N.

        I = E[log q(z | x) - log q(z)],    q(z) = mean over the N examples of q(z | x_n)

    Args:
        model: a latent-variable model.
        x: N examples.
        seed: of the code that is drawn for each.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> round(mutual_information(vae, np.ones((3, 4, 4, 1))).value, 4)  # of one image
    0.0
    """
    posterior = model.encode(x)
    mean, scale = (
        ops.convert_to_numpy(each).astype("float64")
        for each in (posterior.mean(), posterior.stddev())
    )
    z = mean + scale * np.random.default_rng(seed).standard_normal(mean.shape)
    own, mixed = np.empty(len(z)), np.empty(len(z))
    for i, code in enumerate(z):
        squares = ((code - mean) / scale) ** 2 + 2 * np.log(scale) + _LOG_2_PI
        log_density = -0.5 * squares.sum(axis=1)
        own[i] = log_density[i]
        mixed[i] = np.logaddexp.reduce(log_density) - math.log(len(z))
    return Figure(float(np.mean(own - mixed)), "nats")
