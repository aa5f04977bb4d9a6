"""Draws of pixels, or of tokens, in turn given evidence of them: a particle filter.

    p(x | evidence) ~ product over i of p(x_i | x_1, ..., x_{i-1}) g_i(x_1, ..., x_i)

Each candidate's pixel is drawn from its conditional bent by g and, where it pays to look ahead, by
a guess h of what later evidence will say; weights set right what that bends. Where they have become
unequal, at the end of a row candidates are drawn anew by their weights (Doucet, de Freitas and
Gordon, Sequential Monte Carlo Methods in Practice, 2001). With many candidates draws are those of
the model given the evidence.
"""

import functools
import math
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from kerasgen.tasks.turns import walk

CANDIDATES = 128
_FEW_LEFT = 2  # an effective sample size below it says that the draws are one
NEVER = -1e9  # nats of what does not fit
Evidence = Callable[[int, np.ndarray], tuple[Any, Any]]


class Parts(NamedTuple):
    """What a model knows in turn, given a condition if it takes one.

    Attributes:
        turns: `turns(n)` is a generator as of `AutoregressiveModel.in_turn`.
        shape: `[height, width, channels]`.
        levels: that a part may take.
        patch_size: side of the squares that are known together.

    >>> model = kerasgen.families.Mixture([2, 2, 1], num_components=2, levels=2)
    >>> pixels(model).size
    4
    """

    turns: Callable[[int], Generator]
    shape: tuple[int, ...]
    levels: int
    patch_size: int = 1

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def pixels(model: Any, condition: Any = None) -> Parts:
    """The pixels of a model that knows them in turn, under a condition of one example.

    >>> pixels(kerasgen.families.Mixture([2, 2, 1], num_components=2, levels=2)).levels
    2
    """
    turns = functools.partial(model.in_turn, condition=condition)
    return Parts(turns, model.event_shape, model.levels, model.patch_size)


def tokens(model: Any, condition: Any = None) -> Parts:
    """The tokens of a model of two stages, under a condition of one example.

    >>> tokens(kerasgen.zoo.load("vqvae_fashion_prior"), condition=3).shape
    (7, 7, 1)
    """
    turns, tokenizer = functools.partial(model.in_turn, condition=condition), model.tokenizer
    return Parts(turns, (*tokenizer.grid_shape, 1), tokenizer.vocab_size)


class Drawn(NamedTuple):
    """What a filter found.

    Attributes:
        levels: `[count, size]`, in places that they had in the picture.
        effective: the smallest effective sample size among its rows.
        log_evidence: an estimate of log p(evidence), in nats, without a bias of its exponential.

    >>> Drawn(np.zeros((2, 4), int), 1.5, -7.0).effective
    1.5
    """

    levels: np.ndarray
    effective: float
    log_evidence: float

    @property
    def quality(self) -> dict[str, float]:
        """As of `Painted`."""
        return {"effective sample size": self.effective, "candidates": float(len(self.levels))}


class Painted(NamedTuple):
    """Draws of one picture, and how far to trust them.

    Attributes:
        draws: `[n, height, width, channels]`, the known pixels as they were.
        quality: by name: of a particle filter the smallest "effective sample size" among its
            rows, of so many "candidates", and where these are tokens how many "known tokens" of
            all "tokens" the picture says; of chains the "acceptance" and the largest "R-hat", which
            is 1 where they have mixed.

    >>> Painted(np.zeros((1, 2, 2, 1)), {"acceptance": 0.8}).told()
    ': acceptance 0.8'
    """

    draws: np.ndarray
    quality: dict[str, float]

    def told(self) -> str:
        """The quality as the end of a line, with a warning where few candidates are left."""
        told = ", ".join(f"{name} {value:.4g}" for name, value in self.quality.items())
        if self.quality.get("effective sample size", math.inf) < _FEW_LEFT:
            told += "; the draws are nearly one: they do not show what is uncertain"
        if not self.quality.get("known tokens", 1):
            told += "; the draws know nothing of the picture, which says no token for certain"
        return f": {told}" if told else ""


def can(model: Any) -> bool:
    """Whether the pixels of a model are known in turn, exactly and without a condition.

    >>> can(kerasgen.zoo.load("gmm_mnist")), can(kerasgen.zoo.load("vae_mnist"))
    (True, False)
    """
    return model.known_in_turn and not model.condition.encoded_size


def filtered(
    parts: Parts,
    evidence: Evidence,
    count: int,
    rng: np.random.Generator,
    rows: int = 1,
    free: np.ndarray | None = None,
) -> Drawn:
    """Draws of a model's parts given evidence.

    Args:
        evidence: `evidence(place, levels)` gives log g and log h of each level at a place, each
            `[levels]` or `[count, levels]`; what is not yet drawn is 0 in levels `[count, size]`.
        count: of candidates.
        rng: draws.
        rows: of pixels between two looks at the weights.
        free: bool `[size]`, which places evidence leaves open; all by default.

    >>> model = kerasgen.families.Mixture([2, 2, 1], num_components=2, levels=2)
    >>> white = lambda place, levels: (np.log([1e-9, 1]), np.zeros(2))
    >>> filtered(pixels(model), white, 3, np.random.default_rng(0)).levels.tolist()
    [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]
    """
    levels, log_weights = np.zeros((count, parts.size), int), np.zeros(count)
    *_, width, channels = parts.shape
    band = math.lcm(rows, parts.patch_size) * width * channels
    turns, least, total = walk(parts.turns(count), levels), float(count), 0.0
    for start in range(0, parts.size, band):
        for _, (place, log_probs) in zip(range(band), turns):
            level, log_ratio = _drawn(log_probs, *evidence(int(place), levels), rng)
            levels[:, place] = level
            log_weights += log_ratio
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        effective = 1 / np.sum(weights**2)
        least, behind = min(least, effective), start + band
        is_last = behind >= parts.size
        is_over = free is not None and not free[behind:].any()  # nothing to draw anew for
        if effective < 0.999 * count if is_last else effective < count / 2 and not is_over:
            levels = levels[rng.choice(count, count, p=weights)]
            total += np.logaddexp.reduce(log_weights) - np.log(count)
            log_weights = np.zeros(count)
            if not is_last:  # anew, as a cache belongs to its candidate
                turns = walk(parts.turns(count), levels)
                for _ in zip(range(behind), turns):
                    pass
    total += np.logaddexp.reduce(log_weights) - np.log(count)
    return Drawn(levels, float(least), float(total))


def given(parts: Parts, log_likelihoods: np.ndarray, count: int, rng: np.random.Generator) -> Drawn:
    """Draws given evidence of each pixel by itself.

    Args:
        log_likelihoods: of a picture, `[height, width, channels, levels]` in nats.

    >>> model = kerasgen.families.Mixture([2, 2, 1], num_components=2, levels=2)
    >>> given(pixels(model), np.zeros((2, 2, 1, 2)), 3, np.random.default_rng(0)).log_evidence
    0.0
    """
    told = log_likelihoods.reshape(parts.size, -1)
    nothing = np.zeros(told.shape[-1])
    return filtered(parts, lambda place, _: (told[place], nothing), count, rng)


def _drawn(log_probs, given, ahead, rng):
    """A level of each candidate, and what it adds to the log of the weight."""
    log_probs = log_probs - np.logaddexp.reduce(log_probs, axis=-1, keepdims=True)
    bent = log_probs + given + ahead
    log_mass = np.logaddexp.reduce(bent, axis=-1, keepdims=True)
    below = np.cumsum(np.exp(bent - log_mass), axis=-1)[:, :-1]
    level = np.sum(rng.random((len(bent), 1)) >= below, axis=-1)
    ahead = np.broadcast_to(ahead, bent.shape)
    return level, (log_mass - np.take_along_axis(ahead, level[:, None], axis=-1))[:, 0]


def painted(parts: Parts, found: Drawn, n: int, rng: np.random.Generator) -> Painted:
    """n of the candidates as pictures.

    >>> parts = pixels(kerasgen.families.Mixture([2, 2, 1], num_components=2, levels=2))
    >>> rng = np.random.default_rng(0)
    >>> painted(parts, Drawn(np.ones((3, 4), int), 3.0, 0.0), 2, rng).draws.shape
    (2, 2, 2, 1)
    """
    drawn = rng.choice(found.levels, n, replace=False) / np.float32(parts.levels - 1)
    return Painted(drawn.reshape(n, *parts.shape).astype("float32"), found.quality)
