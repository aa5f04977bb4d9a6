"""How noise changes pixels: what noisy ones say of the level that each was before."""

from typing import Any

import numpy as np

from kerasgen import checks
from kerasgen.tasks import particles

KINDS = ("gaussian", "salt and pepper", "missing")
_LEAST = 1e-12  # probability of what cannot be
_STRENGTHS = np.geomspace(0.05, 0.8, 9)  # to choose from
_PICTURES, _FEW = 2, 32  # that a strength is judged by; candidates


def corrupted(x: Any, kind: str = "gaussian", strength: float = 0.3, seed: int = 0) -> np.ndarray:
    """Pictures in [0, 1] with noise, clipped to [0, 1].

    Args:
        x: `[N, height, width, channels]`.
        kind: "gaussian", "salt and pepper" or "missing".
        strength: the standard deviation, or the share of pixels that become black or white, or
            black.
        seed: of the noise.

    Raises:
        ValueError: another kind, a strength that is none.

    >>> noisy = corrupted(np.full((1, 50, 50, 1), 0.5), "missing", 0.2)
    >>> round(float(np.mean(noisy == 0)), 1)
    0.2
    """
    check(kind, strength)
    x, rng = np.asarray(x, "float32"), np.random.default_rng(checks.seed(seed))
    if kind == "gaussian":
        return np.clip(x + strength * rng.standard_normal(x.shape, "float32"), 0, 1)
    is_hit = rng.random((*x.shape[:-1], 1)) < strength
    colour = rng.integers(0, 2, is_hit.shape) if kind == "salt and pepper" else 0
    return np.where(is_hit, colour, x).astype("float32")


def check(kind: str, strength: float | None) -> None:
    """Refuses another kind of noise, or a strength that is none; None is one to estimate.

    Raises:
        ValueError: these.

    >>> check("gaussian", 0.3)
    """
    if kind not in KINDS:
        raise ValueError(f"Expected noise of {', '.join(KINDS)}. Received: {kind!r}.")
    if strength is not None and checks.above_zero("strength", strength) > 1 and kind != KINDS[0]:
        raise ValueError(f"Expected a share of pixels, at most 1. Received: strength={strength}.")


def log_likelihoods(noisy: np.ndarray, kind: str, strength: float, levels: int) -> np.ndarray:
    """log p(noisy pixel | level) of `corrupted`, `[*noisy.shape, levels]`; where pixels are clipped
    a probability, elsewhere a density.

    >>> log_likelihoods(np.array([1.0]), "salt and pepper", 0.2, 2).round(2).tolist()
    [[-2.3, -0.11]]
    """
    from scipy.special import log_ndtr

    value, y = np.linspace(0, 1, levels), np.asarray(noisy, "float64")[..., None]
    if kind == "gaussian":
        off = (y - value) / strength
        inside = -0.5 * off**2 - np.log(strength * np.sqrt(2 * np.pi))
        low, high = log_ndtr(-value / strength), log_ndtr((value - 1) / strength)
        return np.where(y <= 0, low, np.where(y >= 1, high, inside))
    same = np.abs(y - value) < 0.5 / (levels - 1)
    hit = {"missing": y <= 0, "salt and pepper": 0.5 * ((y <= 0) | (y >= 1))}[kind]
    return np.log(np.maximum((1 - strength) * same + strength * hit, _LEAST))


def strength_of(model: Any, noisy: np.ndarray, kind: str, seed: int = 0) -> float:
    """The strength of noise under which noisy pictures are likeliest, by a model's particle filter.

    Args:
        model: of pixels that are known in turn.
        noisy: `[N, height, width, channels]`, of which the first few are looked at.

    >>> model = kerasgen.families.Mixture([4, 4, 1], num_components=2, levels=2)
    >>> 0.05 <= strength_of(model, np.eye(4)[None, ..., None], "gaussian") <= 0.8
    True
    """
    parts = particles.pixels(model)

    def log_evidence(strength):
        told = log_likelihoods(noisy[:_PICTURES], kind, strength, model.levels)
        rng = np.random.default_rng(seed)
        return sum(particles.given(parts, each, _FEW, rng).log_evidence for each in told)

    return float(max(_STRENGTHS, key=log_evidence))
