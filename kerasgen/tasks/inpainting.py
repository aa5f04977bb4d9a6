"""Draws of what a picture shows where its pixels are unknown, x_u ~ p(x_u | x_k).

A model whose pixels are known in turn keeps the known ones and weighs each draw by how likely they
were, in `kerasgen.tasks.particles`. Where the known pixels come first all weights are equal and
draws are exact; elsewhere the effective sample size says how many of them count. A model of two
stages does so with its tokens, of which those are known that no guess of the unknown pixels
changes. A model with a code draws it given the known pixels by Hamiltonian Monte Carlo, whose paths
end where they turn back (Hoffman and Gelman 2014, arXiv 1111.4246), or code and pixels by turns
(Rezende and others 2014, arXiv 1401.4082, appendix F).
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.model import GenerativeModel
from kerasgen.tasks import latent_search, particles
from kerasgen.tasks.codes import has_code
from kerasgen.tasks.particles import Painted
from kerasgen.tasks.turns import walk

_TURNS = 100  # of code and pixels
_GUESSES = 5  # beside even ones, of what unknown pixels may be
_BURN_IN, _KEPT, _DEPTH = 150, 100, 5  # of Hamiltonian Monte Carlo: paths of 2^5 steps at most


def inpaint(
    model: GenerativeModel,
    image: Any,
    known: Any,
    n: int = 8,
    way: str | None = None,
    seed: int = 0,
    condition: Any = None,
) -> Painted:
    """Several draws of the unknown pixels of one picture, so that one sees what is uncertain.

    Args:
        model: of images, whose pixels are known in turn, or that has tokens, a code or a generator.
        image: `[height, width, channels]` in [0, 1]; unknown pixels may hold anything.
        known: bool `[height, width]`, True where a pixel is known.
        n: number of draws.
        way: of a model with a code, "hmc" or "turns"; "hmc" by default. Others have one: "weighted"
            of pixels in turn, "tokens", or "search" for a generator's noise, see
            `kerasgen.tasks.latent_search`.
        seed: an integer.
        condition: what the picture shows, of a conditional model: a class, a sentence.

    Raises:
        ValueError: a model, a mask, a way or a condition that does not fit.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> upper = np.arange(28)[:, None] < np.full(28, 14)
    >>> inpaint(model, np.zeros((28, 28, 1)), upper, n=3, way="turns").draws.shape
    (3, 28, 28, 1)
    """
    ways, n, mask = _ways(model), checks.positive("n", n), _mask(model, known)
    image = np.asarray(image, "float32")
    if image.shape not in (model.event_shape, (1, *model.event_shape)):
        raise ValueError(
            f"Expected one picture {list(model.event_shape)}. Received: {list(image.shape)}. "
            "Call it for each."
        )
    image = np.where(mask, image.reshape(model.event_shape), 0)
    x, _ = model.check(image[None], model.condition.request(1, condition))
    image = ops.convert_to_numpy(x)[0]
    if way not in (None, *ways):
        raise ValueError(
            f"Expected one of the ways {', '.join(ways)}. Received: way={way!r}. Name one."
        )
    return ways[way or next(iter(ways))](model, image, mask, n, checks.seed(seed), condition)


def require(model: GenerativeModel) -> None:
    """Refuses a model that cannot in-paint.

    Raises:
        ValueError: what `inpaint` raises for it.

    >>> require(kerasgen.zoo.load("vae_mnist"))
    """
    _ways(model)


def hidden_nats(
    model: GenerativeModel, x: Any, known: Any, seed: int = 0, condition: Any = None
) -> np.ndarray:
    """How unlikely what a mask hides is, -log p(hidden | known), `[N]` in nats.

    Exact where no known pixel comes after a hidden one. Elsewhere log p(known) is estimated by the
    particle filter, slowly, picture by picture; p(known) without bias.

    Args:
        model: of images, whose pixels are known in turn.
        x: whole pictures `[N, height, width, channels]`, at the model's levels.
        known: as of `inpaint`.
        seed: of the estimate.
        condition: what each picture shows, of a conditional model.

    Raises:
        ValueError: a model, a mask or a condition that does not fit.

    >>> model = kerasgen.families.Mixture([2, 2, 1], num_components=1, levels=2)
    >>> x, nothing = np.zeros((3, 2, 2, 1)), np.zeros((2, 2), bool)
    >>> bool(np.allclose(hidden_nats(model, x, nothing), -model.log_prob(x), atol=1e-4))
    True
    """
    if not model.known_in_turn:
        raise ValueError(
            "Expected a model whose pixels are known in turn. Received: "
            f"{checks.kind(model)}. Name another, such as gated_pixelcnn_mnist."
        )
    x, mask = ops.convert_to_numpy(model.event.check(x)), _mask(model, known)
    given = model.condition.request(len(x), condition)
    levels = np.round(x * (model.levels - 1)).astype(int).reshape(len(x), -1)
    rows, is_known, nats, hides = np.arange(len(x)), mask.ravel(), np.zeros(len(x)), False
    for place, log_probs in walk(model.in_turn(len(x), given), levels):
        if is_known[place] and hides:
            break
        if not is_known[place]:
            hides = True
            nats -= log_probs[rows, levels[:, place]]
    else:
        return nats
    rng = np.random.default_rng(checks.seed(seed))
    nats = -ops.convert_to_numpy(model.log_prob(x, given))
    for i, each in enumerate(levels):
        of_each = None if given is None else keras.tree.map_structure(lambda of, i=i: of[i], given)
        parts = particles.pixels(model, of_each)
        nats[i] += _given(parts, each, is_known, particles.CANDIDATES, rng).log_evidence
    return nats


def _ways(model):
    """The ways that a model has, the best first."""
    if model.condition.is_picture:
        raise ValueError(
            "Expected a model that is told a class, a sentence or nothing. Received: one that is "
            f"told a picture, {model.condition!r}. Call its sample."
        )
    if model.known_in_turn:
        return {"weighted": _weighted}
    if model.tokens_in_turn and model.event.is_picture:
        return {"tokens": _by_tokens}
    if has_code(model, prior=True) and not model.likelihood.autoregressive:
        return {"hmc": _hmc, "turns": _by_turns}
    if latent_search.can(model):
        return {"search": latent_search.painted}
    raise ValueError(
        "Expected a model of images that has pixels in turn, tokens, a code or noise. "
        f"Received: {checks.kind(model)}. Name another."
    )


def _mask(model, known):
    """Which pixels are known, `event_shape`."""
    known = np.asarray(known)
    if known.dtype != bool or known.shape != tuple(model.event_shape[:2]):
        raise ValueError(
            f"Expected known to be a mask of bool {list(model.event_shape[:2])}, True where a "
            f"pixel is known. Received: {known.dtype} {list(known.shape)}."
        )
    if known.all():
        raise ValueError("Expected unknown pixels. Received: a mask with none. Mark some.")
    return np.broadcast_to(known[..., None], model.event_shape)


def _weighted(model, image, mask, n, seed, condition):
    """Candidates in turn, whose known pixels weigh them."""
    parts, rng = particles.pixels(model, condition), np.random.default_rng(seed)
    levels = np.round(image * (parts.levels - 1)).astype(int).ravel()
    found = _given(parts, levels, mask.ravel(), max(n, particles.CANDIDATES), rng)
    return particles.painted(parts, found, n, rng)


def _by_tokens(model, image, mask, n, seed, condition):
    """Candidates of the tokens in turn, whose known ones weigh them."""
    parts, rng = particles.tokens(model, condition), np.random.default_rng(seed)
    noise = rng.random((_GUESSES, *image.shape), "float32")
    guesses = [*noise, *(np.full_like(image, each) for each in (0, 0.5, 1))]
    told = model.tokenizer.tokenize(np.where(mask, image, guesses))
    told = ops.convert_to_numpy(told).reshape(len(guesses), -1)
    known = np.all(told == told[0], axis=0)
    found = _given(parts, told[0], known, max(n, particles.CANDIDATES), rng)
    drawn = rng.choice(found.levels, n, replace=False).reshape(n, *model.tokenizer.grid_shape)
    shown = ops.convert_to_numpy(model.tokenizer.detokenize(drawn))
    quality = found.quality | {"known tokens": float(known.sum()), "tokens": float(known.size)}
    return Painted(np.where(mask, image, shown), quality)


def _given(parts, levels, known, count, rng):
    """So many candidates, whose known parts `[size]` are as told."""
    none = np.zeros(parts.levels)

    def evidence(place, _):
        if not known[place]:
            return none, none
        only = np.full(parts.levels, particles.NEVER)
        only[levels[place]] = 0
        return only, none

    return particles.filtered(parts, evidence, count, rng, free=~known)


def _by_turns(model, image, mask, n, seed, condition):
    """A code of the picture, the picture of the code, the known pixels put back, and again."""
    x = np.broadcast_to(image, (n, *image.shape))
    seeds, given = backend.draws(seed), model.condition.request(n, condition)
    for _ in range(_TURNS):
        z = model.encode(x, given).sample(seed=backend.next_seed(seeds))
        drawn = model.event.clip(model.decode(z, given).sample(seed=backend.next_seed(seeds)))
        x = np.where(mask, image, ops.convert_to_numpy(drawn)).astype("float32")
    shown = ops.convert_to_numpy(model.event.clip(model.decode(z, given).mean()))
    return Painted(np.where(mask, image, shown), {})


def _hmc(model, image, mask, n, seed, condition):
    """Chains of the code given the known pixels, from codes of the encoder."""
    mcmc, seeds = backend.mcmc, backend.draws(seed)
    known = ops.cast(mask[..., 0], "float32")
    count = max(2, n)  # R-hat compares chains
    given = model.condition.request(count, condition)

    def log_density(z):
        by_pixel = _by_pixel(model, z, image, given)
        return ops.sum(by_pixel * known, axis=(-2, -1)) + model.prior(given).log_prob(z)

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

    start = model.encode(np.repeat(image[None], count, axis=0), given)
    start = start.sample(seed=backend.next_seed(seeds))
    codes, log_ratio = backend.function(chains, model)(start, backend.next_seed(seeds))
    r_hat = mcmc.potential_scale_reduction(codes, independent_chain_ndims=1)
    shown = model.event.clip(model.decode(codes[-1], given).mean())[:n]
    quality = {
        "acceptance": float(ops.mean(ops.exp(ops.minimum(log_ratio, 0.0)))),
        "R-hat": float(ops.max(r_hat)),
    }
    return Painted(np.where(mask, image, ops.convert_to_numpy(shown)), quality)


def _by_pixel(model, z, image, given):
    """log p of each pixel of an image given codes, `[..., height, width]`."""
    params = model.likelihood_params(z, given)
    image = ops.broadcast_to(image, (*ops.shape(params)[:-1], image.shape[-1]))
    return model.likelihood.pixel_log_prob(params, image)
