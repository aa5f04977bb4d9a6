"""Pictures without their noise, by what a model knows of pictures.

    E[x | noisy] = E over z ~ q(z | noisy) of E[x | z]

The posterior is the encoder's, so that it is worth as much as what the encoder has learned of
noise: see `kerasgen.networks.Corrupted`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.batches import blocks
from kerasgen.model import GenerativeModel
from kerasgen.tasks.codes import has_code

KINDS = ("gaussian", "salt and pepper", "missing")
_BLOCK = 256


def denoise(
    model: GenerativeModel,
    noisy: Any,
    draws: int = 16,
    seed: int | None = 0,
    progress: bool = False,
) -> np.ndarray:
    """The mean pictures that draws of the posterior of noisy ones lead to.

    Args:
        model: a model of images with a code, a prior and no condition; best one whose encoder was
            trained on noise.
        noisy: images `[N, height, width, channels]`; what leaves [0, 1] is clipped to it.
        draws: of the code of each, at least 1.
        seed: an integer for repeatable draws, None for fresh ones.
        progress: show a progress bar.

    Returns:
        `[N, height, width, channels]` in [0, 1].

    Raises:
        ValueError: a model without a code, images of another shape.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> denoise(model, np.zeros((2, 28, 28, 1)), draws=2).shape
    (2, 28, 28, 1)
    """
    return np.mean(posterior_draws(model, noisy, draws, seed, progress), axis=0)


def posterior_draws(
    model: GenerativeModel, noisy: Any, draws: int, seed: int | None = 0, progress: bool = False
) -> np.ndarray:
    """Pictures that could stand behind noisy ones, `[draws, N, height, width, channels]`.

    Arguments and errors are those of `denoise`.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> posterior_draws(model, np.zeros((2, 28, 28, 1)), draws=3).shape
    (3, 2, 28, 28, 1)
    """
    if not has_code(model, prior=True) or model.condition.encoded_size:
        raise ValueError(
            "Expected a model of images with a posterior of a code and no condition. Received: "
            f"{checks.kind(model)} of {model.event!r}. Name a VAE, such as denoising_vae_mnist."
        )
    checks.positive("draws", draws)
    noisy = np.clip(np.asarray(noisy, "float32"), 0, 1)
    seeds, drawn = backend.draws(checks.seed(seed)), []
    from rich.progress import Progress  # not with the package, which imports quickly

    with Progress(disable=not progress) as bar:
        task = bar.add_task("images", total=len(noisy))
        for n, rows in blocks(len(noisy), _BLOCK, noisy):
            z = model.encode(rows).sample(draws, seed=backend.next_seed(seeds))
            each = [ops.convert_to_numpy(model.decode(one).mean()) for one in z]
            drawn.append(np.stack(each))
            bar.advance(task, n)
    return np.clip(np.concatenate(drawn, axis=1), 0, 1)


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
    if kind not in KINDS:
        raise ValueError(f"Expected noise of {', '.join(KINDS)}. Received: {kind!r}.")
    if checks.above_zero("strength", strength) > 1 and kind != "gaussian":
        raise ValueError(f"Expected a share of pixels, at most 1. Received: strength={strength}.")
    x, rng = np.asarray(x, "float32"), np.random.default_rng(checks.seed(seed))
    if kind == "gaussian":
        return np.clip(x + strength * rng.standard_normal(x.shape, "float32"), 0, 1)
    is_hit = rng.random((*x.shape[:-1], 1)) < strength
    colour = rng.integers(0, 2, is_hit.shape) if kind == "salt and pepper" else 0
    return np.where(is_hit, colour, x).astype("float32")


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
    x, noisy = np.asarray(x, "float32"), corrupted(x, kind, strength, seed)
    ways = {"noisy": noisy}
    for name, way in baselines().items():
        ways[name] = np.clip(np.stack([way(each, strength) for each in noisy]), 0, 1)
    ways["model"] = denoise(model, noisy, seed=seed)
    return {name: _nearness(x, found) for name, found in ways.items()}


def _channels(x):
    """The axis of colours, of pictures that have some once they are squeezed."""
    return -1 if x.shape[-1] > 1 else None


def _nearness(x, found):
    from skimage.metrics import structural_similarity

    error = np.mean(np.square(x - found), axis=(1, 2, 3))
    ratio = -10 * np.log10(np.maximum(error, 1e-12))
    similar = [
        structural_similarity(*pair, channel_axis=-1, data_range=1.0) for pair in zip(x, found)
    ]
    return float(np.mean(ratio)), float(np.mean(similar))
