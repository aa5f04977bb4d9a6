"""Sentences around one, and between two."""

from typing import Any

import keras
import numpy as np

from kerasgen import backend, checks
from kerasgen.model import GenerativeModel
from kerasgen.tasks.interpolation import interpolate


def alike(model: GenerativeModel, sentence: str, n: int, seed: int | None = None) -> Any:
    """Draws sentences that say what one says: x from p(x | z) for z from q(z | sentence).

    Args:
        model: a latent-variable model of sentences without a condition.
        sentence: one that the model's vocabulary can encode, some word of it known.
        n: number of sentences.
        seed: an integer for repeatable draws, None for fresh ones.

    Returns:
        Tokens `[n, T]`.

    Raises:
        ValueError: a model of no sentences, an empty or too long one, or one of unknown words.

    >>> from kerasgen import bottlenecks, likelihoods, networks, text
    >>> event = kerasgen.events.Sentences(text.WordVocabulary("slow but cheap", 4, ["cheap"]))
    >>> vae = kerasgen.LatentVariableModel(
    ...     event, networks.SentenceEncoder(5, 8), bottlenecks.Gaussian(2),
    ...     networks.MLP(hidden=()),
    ...     likelihoods.AutoregressiveTokens(networks.CausalGRU(size=8), 8, context=4))
    >>> alike(vae, "slow but cheap", n=3).shape
    TensorShape([3, 4])
    """
    x = known(model, sentence)
    n, seeds = checks.positive("n", n), backend.draws(checks.seed(seed))
    z = model.encode(x).sample(n, seed=backend.next_seed(seeds))[:, 0]
    return model.decode(z).sample(seed=backend.next_seed(seeds))


def sentences_between(model: GenerativeModel, start: str, end: str, steps: int = 7) -> list[str]:
    """The likeliest sentences of codes on the straight line between those of two sentences.

    Args:
        model: as of `alike`.
        start, end: the sentences.
        steps: number of sentences, at least 2; the first and last are reconstructions.

    Raises:
        ValueError: the errors of `alike`; fewer than 2 steps.

    >>> from kerasgen import bottlenecks, likelihoods, networks, text
    >>> event = kerasgen.events.Sentences(text.WordVocabulary("slow but cheap", 4, ["cheap"]))
    >>> vae = kerasgen.LatentVariableModel(
    ...     event, networks.SentenceEncoder(5, 8), bottlenecks.Gaussian(2),
    ...     networks.MLP(hidden=()),
    ...     likelihoods.AutoregressiveTokens(networks.CausalGRU(size=8), 8, context=4))
    >>> len(sentences_between(vae, "slow", "cheap", steps=3))
    3
    """
    first, last = (keras.ops.convert_to_tensor(known(model, each)[0]) for each in (start, end))
    return model.event.words(interpolate(model, first, last, steps))


def known(model: GenerativeModel, sentence: str) -> np.ndarray:
    """Tokens `[1, T]` of a sentence; one of unknown words alone, and a model of no sentences, are a
    ValueError.

    >>> from kerasgen import families, likelihoods, networks, text
    >>> event = kerasgen.events.Sentences(text.WordVocabulary("slow but cheap", 4, ["cheap"]))
    >>> likelihood = likelihoods.AutoregressiveTokens(networks.CausalGRU(size=8), 8)
    >>> known(families.LanguageModel(event, likelihood), "slow and cheap").tolist()
    [[2, 1, 4, 0]]
    """
    vocabulary = model.event.vocabulary
    if vocabulary is None:
        raise ValueError(
            f"Expected a model of sentences. Received: {checks.kind(model)} of "
            f"{model.event.meaning}. Name another, such as text_vae_reviews."
        )
    x, unknown = vocabulary.encode(sentence), vocabulary.unknown(sentence)
    if np.count_nonzero(x) == len(unknown):
        raise ValueError(
            f"Expected a sentence with a word that the model knows. Received: {sentence!r}. Known "
            f"are {', '.join(vocabulary.words[:20])} and {len(vocabulary.words) - 20:,} others."
        )
    return x
