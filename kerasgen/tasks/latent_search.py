"""The noise of a generator that makes what is known of a picture, by gradient descent from several
starts.

    z = argmin |G(z) - x|^2 over the known pixels / (2 sigma^2) + |z|^2 / 2

It is the likeliest noise where pixels are the generator's with an error of sigma (Bora and others,
Compressed Sensing using Generative Models, 2017, arXiv 1703.03208).
"""

from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.tasks.particles import Painted

_SIGMA = 0.1
_STEPS, _RATE = 300, 0.05  # of Adam
_STARTS = 4  # for each that is kept


def can(model: Any) -> bool:
    """Whether a model makes pictures of noise, and of a condition that it is told.

    >>> can(kerasgen.zoo.load("gan_mnist")), can(kerasgen.zoo.load("vae_mnist"))
    (True, False)
    """
    if not (model.makes_of_noise and model.event.is_picture):
        return False
    return bool(model.condition.encoded_size) or model.shown_labels(1) is None


def painted(
    model: Any, image: np.ndarray, mask: np.ndarray, n: int, seed: int | None, condition: Any = None
) -> Painted:
    """A picture whose unknown pixels are those of the n best of several searches.

    Args:
        image, mask: `[height, width, channels]`, True where a pixel is known.
        condition: of a conditional model.

    >>> model = kerasgen.zoo.load("gan_mnist")
    >>> whole = np.ones((28, 28, 1), bool)
    >>> made = painted(model, np.zeros((28, 28, 1), "float32"), whole, 1, seed=0)
    >>> made.draws.shape, sorted(made.quality)
    ((1, 28, 28, 1), ['error of known pixels', 'starts'])
    """
    known, starts = mask.astype("float32"), _STARTS * n
    given = model.condition.request(starts, condition)

    def error(z):
        return ops.sum(known * ops.square(model.generate(z, given) - image), axis=(1, 2, 3))

    def objective(z):
        return error(z) / (2 * _SIGMA**2) + ops.sum(ops.square(z), axis=-1) / 2

    gradient = backend.function(lambda z: backend.input_gradient(objective, z), model)
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((starts, model.latent_dim)).astype("float32")
    z = _descended(lambda z: ops.convert_to_numpy(gradient(z)), z)
    best = np.argsort(ops.convert_to_numpy(objective(z)))[:n]
    made = ops.convert_to_numpy(model.event.clip(model.generate(z, given)))[best]
    off = np.sqrt(np.sum(known * np.square(made - image), axis=(1, 2, 3)) / max(1, known.sum()))
    quality = {"error of known pixels": float(off.mean()), "starts": float(len(z))}
    return Painted(np.where(mask, image, made), quality)


def _descended(gradient, z):
    """Adam (Kingma and Ba 2015, arXiv 1412.6980), its rate falling to 0."""
    mean, square = np.zeros_like(z), np.zeros_like(z)
    for step in range(1, _STEPS + 1):
        slope = gradient(z)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        scale = np.sqrt(square / (1 - 0.999**step)) + 1e-8
        z = z - _RATE * (1 - step / _STEPS) * mean / (1 - 0.9**step) / scale
    return z.astype("float32")
