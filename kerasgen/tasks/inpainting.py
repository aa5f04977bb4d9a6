"""Draws of what a picture shows where its pixels are unknown, x_u ~ p(x_u | x_k).

A model that draws pixels in turn keeps the known ones and weighs each draw by how likely they were:

    x_u ~ product over unknown i of p(x_i | x_1, ..., x_{i-1}),     w = product over known i of it

Where the known pixels come first all weights are equal and draws are exact; elsewhere draws are
chosen by weight, and the effective sample size says how many of them count. A model with a code
draws the code given the known pixels by Hamiltonian Monte Carlo, whose paths end where they turn
back (Hoffman and Gelman 2014, arXiv 1111.4246), or code and pixels by turns (Rezende and others
2014, arXiv 1401.4082, appendix F).
"""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.abilities import methods
from kerasgen.model import GenerativeModel
from kerasgen.tasks.codes import has_code

_CANDIDATES = 128  # drawn in turn, to choose from
_TURNS = 100  # of code and pixels
_BURN_IN, _KEPT, _DEPTH = 150, 100, 5  # of Hamiltonian Monte Carlo: paths of 2^5 steps at most


class Painted(NamedTuple):
    """Draws of one picture, and how far to trust them.

    Attributes:
        draws: `[n, height, width, channels]`, the known pixels as they were.
        quality: by name: the "effective sample size" of so many candidates, or the "acceptance"
            and the largest "R-hat" of the chains, which is 1 where they have mixed.

    >>> Painted(np.zeros((1, 2, 2, 1)), {"acceptance": 0.8}).quality["acceptance"]
    0.8
    """

    draws: np.ndarray
    quality: dict[str, float]


def inpaint(
    model: GenerativeModel,
    image: Any,
    known: Any,
    n: int = 8,
    way: str | None = None,
    seed: int = 0,
) -> Painted:
    """Several draws of the unknown pixels of one picture, so that one sees what is uncertain.

    Args:
        model: of images, without a condition, that draws pixels in turn or has a code.
        image: `[height, width, channels]` in [0, 1]; unknown pixels may hold anything.
        known: bool `[height, width]`, True where a pixel is known.
        n: number of draws.
        way: of a model with a code, "hmc" or "turns"; "hmc" by default.
        seed: an integer.

    Raises:
        ValueError: a model, a mask or a way that does not fit.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> upper = np.arange(28)[:, None] < np.full(28, 14)
    >>> inpaint(model, np.zeros((28, 28, 1)), upper, n=3, way="turns").draws.shape
    (3, 28, 28, 1)
    """
    n, known = checks.positive("n", n), np.asarray(known)
    if known.dtype != bool or known.shape != tuple(model.event_shape[:2]):
        raise ValueError(
            f"Expected known to be a mask of bool {list(model.event_shape[:2])}, True where a "
            f"pixel is known. Received: {known.dtype} {list(known.shape)}."
        )
    mask = np.broadcast_to(known[..., None], model.event_shape)
    image = np.where(mask, np.asarray(image, "float32").reshape(model.event_shape), 0)
    image = ops.convert_to_numpy(model.check(image[None])[0])[0]
    ways = _ways(model)
    if way not in (None, *ways):
        raise ValueError(f"Expected one of the ways {', '.join(ways)}. Received: way={way!r}.")
    return ways[way or next(iter(ways))](model, image, mask, n, checks.seed(seed))


def require(model: GenerativeModel) -> None:
    """Refuses a model that cannot in-paint.

    Raises:
        ValueError: what `inpaint` raises for it.

    >>> require(kerasgen.zoo.load("vae_mnist"))
    """
    _ways(model)


def _ways(model):
    """The ways that a model has, the best first."""
    if not model.condition.encoded_size and model.event.is_picture:
        if "complete" in methods(model):
            return {"weighted": _weighted}
        if has_code(model, prior=True) and not model.likelihood.autoregressive:
            return {"hmc": _hmc, "turns": _by_turns}
    raise ValueError(
        "Expected a model of images without a condition that draws pixels in turn, or has a code. "
        f"Received: {checks.kind(model)}. Name another."
    )


def _weighted(model, image, mask, n, seed):
    """Candidates in turn, then n of them by weight, without replacement where they are equal."""
    count, rng = max(n, _CANDIDATES), np.random.default_rng(seed)
    levels = np.round(image * (model.levels - 1)).astype(int).ravel()
    drawn, log_weights = np.zeros((count, model.event.size), "float32"), np.zeros(count)
    turns, sent, last = model.in_turn(count), None, int(np.max(np.flatnonzero(mask), initial=-1))
    is_exact = bool(np.all(mask.ravel()[: last + 1]))
    for _ in range(model.event.size):
        place, log_probs = turns.send(sent)
        log_probs = log_probs - np.logaddexp.reduce(log_probs, axis=-1, keepdims=True)
        if mask.ravel()[place]:
            sent = np.full(count, levels[place])
            log_weights += 0 if is_exact else log_probs[:, levels[place]]
        else:
            below = np.cumsum(np.exp(log_probs), axis=-1)[:, :-1]
            sent = np.sum(rng.random((count, 1)) >= below, axis=-1)
        drawn[:, place] = sent / (model.levels - 1)
    weights = np.exp(log_weights - np.logaddexp.reduce(log_weights))
    chosen = np.arange(n) if is_exact else rng.choice(count, n, p=weights / weights.sum())
    quality = {"effective sample size": float(1 / np.sum(weights**2)), "candidates": float(count)}
    return Painted(drawn[chosen].reshape(n, *model.event_shape), quality)


def _by_turns(model, image, mask, n, seed):
    """A code of the picture, the picture of the code, the known pixels put back, and again."""
    x = np.broadcast_to(image, (n, *image.shape))
    seeds = backend.draws(seed)
    for _ in range(_TURNS):
        z = model.encode(x).sample(seed=backend.next_seed(seeds))
        drawn = model.event.clip(model.decode(z).sample(seed=backend.next_seed(seeds)))
        x = np.where(mask, image, ops.convert_to_numpy(drawn)).astype("float32")
    shown = ops.convert_to_numpy(model.event.clip(model.decode(z).mean()))
    return Painted(np.where(mask, image, shown), {})


def _hmc(model, image, mask, n, seed):
    """Chains of the code given the known pixels, from codes of the encoder."""
    mcmc, seeds = backend.mcmc, backend.draws(seed)
    known = ops.cast(mask[..., 0], "float32")

    def log_density(z):
        by_pixel = _by_pixel(model.decode(z), image)
        return ops.sum(by_pixel * known, axis=(-2, -1)) + model.prior().log_prob(z)

    def chains(start, seed):
        kernel = mcmc.NoUTurnSampler(log_density, step_size=0.1, max_tree_depth=_DEPTH)
        kernel = mcmc.DualAveragingStepSizeAdaptation(
            kernel, num_adaptation_steps=_BURN_IN * 4 // 5
        )
        return mcmc.sample_chain(
            _KEPT,
            start,
            kernel=kernel,
            num_burnin_steps=_BURN_IN,
            trace_fn=lambda _, results: results.inner_results.log_accept_ratio,
            seed=seed,
        )

    count = max(2, n)  # R-hat compares chains
    start = model.encode(np.repeat(image[None], count, axis=0))
    start = start.sample(seed=backend.next_seed(seeds))
    codes, log_ratio = backend.function(chains, model)(start, backend.next_seed(seeds))
    r_hat = mcmc.potential_scale_reduction(codes, independent_chain_ndims=1)
    shown = ops.convert_to_numpy(model.event.clip(model.decode(codes[-1][:n]).mean()))
    quality = {
        "acceptance": float(ops.mean(ops.exp(ops.minimum(log_ratio, 0.0)))),
        "R-hat": float(ops.max(r_hat)),
    }
    return Painted(np.where(mask, image, shown), quality)


def _by_pixel(likelihood, image):
    """log p of each pixel of an image, `[..., height, width]`."""
    from kerasgen.distributions import ImageDistribution  # imports TFP

    if isinstance(likelihood, ImageDistribution):  # channels depend on each other
        params = likelihood.params
        image = ops.broadcast_to(image, (*ops.shape(params)[:-1], image.shape[-1]))
        return likelihood.likelihood.pixel_log_prob(params, image)
    return ops.sum(likelihood.distribution.log_prob(image), axis=-1)
