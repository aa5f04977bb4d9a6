"""Pictures without their noise, by what a model knows of pictures.

    E[x | noisy] = E over z ~ q(z | noisy) of E[x | z]

The posterior is the encoder's, so that it is worth as much as what the encoder has learned of
noise: see `kerasgen.networks.Corrupted`. A model whose pixels are known in turn draws pictures by a
particle filter, given the kind of noise and its strength.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.batches import blocks
from kerasgen.events import Image
from kerasgen.model import GenerativeModel
from kerasgen.tasks import corruption, particles
from kerasgen.tasks.codes import has_code

_BLOCK = 256
_BRIGHTEST = 16  # value that noise may give a pixel; above it pixels are bytes


def denoise(
    model: GenerativeModel,
    noisy: Any,
    draws: int = 16,
    seed: int | None = 0,
    progress: bool = False,
    kind: str = "gaussian",
    strength: float | None = None,
) -> np.ndarray:
    """The mean pictures that draws of the posterior of noisy ones lead to.

    Args:
        model: of images, without a condition: with a code and a prior, best one whose encoder was
            trained on noise; or of pixels that are known in turn.
        noisy: images `[N, height, width, channels]`; what leaves [0, 1] is clipped to it.
        draws: of each, at least 1.
        seed: an integer for repeatable draws, None for fresh ones.
        progress: show a progress bar.
        kind: of noise, as of `corrupted`. An encoder sees it by itself.
        strength: of it; None for the one under which the first pictures are likeliest.

    Returns:
        `[N, height, width, channels]` in [0, 1].

    Raises:
        ValueError: a model with neither, images of another shape, another kind or strength.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> denoise(model, np.zeros((2, 28, 28, 1)), draws=2).shape
    (2, 28, 28, 1)
    """
    return np.mean(posterior_draws(model, noisy, draws, seed, progress, kind, strength), axis=0)


def posterior_draws(
    model: GenerativeModel,
    noisy: Any,
    draws: int,
    seed: int | None = 0,
    progress: bool = False,
    kind: str = "gaussian",
    strength: float | None = None,
) -> np.ndarray:
    """Pictures that could stand behind noisy ones, `[draws, N, height, width, channels]`.

    Arguments and errors are those of `denoise`.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> posterior_draws(model, np.zeros((2, 28, 28, 1)), draws=3).shape
    (3, 2, 28, 28, 1)
    """
    require(model)
    corruption.check(kind, strength)
    checks.positive("draws", draws)
    noisy, pictures = np.asarray(noisy, "float32"), Image(*model.event_shape)
    is_noise = noisy.max(initial=0) <= _BRIGHTEST  # what leaves [0, 1] by noise is cut off
    noisy = np.clip(noisy, 0, 1) if is_noise else noisy
    pictures.validate(noisy)
    of_block = _of_code if has_code(model, prior=True) else _in_turn
    seeds, drawn = backend.draws(checks.seed(seed)), []
    from rich.progress import Progress  # not with the package, which imports quickly

    with Progress(disable=not progress) as bar:
        task = bar.add_task("images", total=len(noisy))
        for n, rows in blocks(len(noisy), _BLOCK, noisy):
            drawn.append(of_block(model, rows, draws, backend.next_seed(seeds), kind, strength))
            bar.advance(task, n)
    return np.clip(np.concatenate(drawn, axis=1), 0, 1)


def require(model: GenerativeModel) -> None:
    """Refuses a model that cannot denoise.

    Raises:
        ValueError: what `denoise` raises for it.

    >>> require(kerasgen.zoo.load("denoising_vae_mnist"))
    """
    is_free = not model.condition.encoded_size
    if not (is_free and has_code(model, prior=True) or particles.can(model)):
        raise ValueError(
            "Expected a model of images without a condition that has a posterior of a code, or "
            f"whose pixels are known in turn. Received: {checks.kind(model)} of "
            f"{model.event!r}. Name a VAE, such as denoising_vae_mnist."
        )


def _of_code(model, noisy, draws, seed, *_):
    z = model.encode(noisy).sample(draws, seed=seed)
    return np.stack([ops.convert_to_numpy(model.decode(one).mean()) for one in z])


def _in_turn(model, noisy, draws, seed, kind, strength):
    """Candidates of each picture, its pixels one after the other."""
    rng = np.random.default_rng(np.abs(ops.convert_to_numpy(seed)).astype("uint32"))
    strength = strength or corruption.strength_of(model, noisy, kind)
    told = corruption.log_likelihoods(noisy, kind, strength, model.levels)
    count, parts = max(draws, particles.CANDIDATES), particles.pixels(model)
    found = [particles.given(parts, each, count, rng) for each in told]
    return np.stack([particles.painted(parts, each, draws, rng).draws for each in found], axis=1)


def baselines() -> dict[str, Callable[[np.ndarray, float], np.ndarray]]:
    """Denoisers `f(picture [height, width, channels], strength)` that know nothing of pictures.

    Total variation and non-local means have the strengths that serve noisy MNIST digits of the
    training set best.

    Raises:
        ValueError: scikit-image is not installed.

    >>> sorted(baselines())
    ['median filter', 'non-local means', 'total variation']
    """
    try:
        from skimage import restoration
    except ImportError as error:
        raise ValueError(
            "Expected scikit-image, which pip install 'kerasgen[repair]' brings. "
            f"Received: {error}."
        ) from error
    from scipy.ndimage import median_filter

    return {
        "median filter": lambda x, strength: median_filter(x, (3, 3, 1)),
        "total variation": lambda x, strength: restoration.denoise_tv_chambolle(
            x, weight=0.4 * strength, channel_axis=-1
        ),
        "non-local means": lambda x, strength: restoration.denoise_nl_means(
            x.squeeze(), 5, 9, 0.5 * strength, channel_axis=_channels(x)
        ).reshape(x.shape),
    }


def comparison(
    model: GenerativeModel, x: Any, kind: str = "gaussian", strength: float = 0.3, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """How near to the clean pictures the noisy ones, the baselines and the model come.

    Returns:
        `{way: (mean peak signal-to-noise ratio in dB, mean structural similarity)}`; the model's
        way is "model".

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> list(comparison(model, np.zeros((2, 28, 28, 1))))
    ['noisy', 'median filter', 'total variation', 'non-local means', 'model']
    """
    x, noisy = np.asarray(x, "float32"), corruption.corrupted(x, kind, strength, seed)
    ways = {"noisy": noisy}
    for name, way in baselines().items():
        ways[name] = np.clip(np.stack([way(each, strength) for each in noisy]), 0, 1)
    ways["model"] = denoise(model, noisy, seed=seed, kind=kind, strength=strength)
    return {name: nearness(x, found) for name, found in ways.items()}


def _channels(x):
    """The axis of colours, of pictures that have some once they are squeezed."""
    return -1 if x.shape[-1] > 1 else None


def nearness(x: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Mean peak signal-to-noise ratio in dB and mean structural similarity of pictures
    `[N, height, width, channels]` in [0, 1] and of others.

    >>> nearness(np.zeros((1, 8, 8, 1)), np.full((1, 8, 8, 1), 0.1))[0].__round__(3)
    20.0
    """
    from skimage.metrics import structural_similarity

    error = np.mean(np.square(x - found), axis=(1, 2, 3))
    ratio = -10 * np.log10(np.maximum(error, 1e-12))
    similar = [
        structural_similarity(*pair, channel_axis=-1, data_range=1.0) for pair in zip(x, found)
    ]
    return float(np.mean(ratio)), float(np.mean(similar))
