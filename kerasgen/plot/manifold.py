"""The picture of a two-dimensional code: what every part of it stands for."""

import pathlib

import numpy as np

from kerasgen import checks
from kerasgen.abilities import Samples
from kerasgen.plot.grid import grid


def manifold(model: Samples, steps: int = 20, path: str | pathlib.Path | None = None) -> np.ndarray:
    """Means of the likelihood on a grid of equally likely codes.

    Kingma and Welling 2014, arXiv 1312.6114, figure 4.

    Args:
        model: an unconditional latent-variable model with a standard normal prior over two units.
        steps: codes along each axis, at the normal quantiles 1/2n, 3/2n, ...
        path: of a PNG file to write, or None.

    Returns:
        The picture, as `grid`, with the values of both units: the first grows to the right, the
        second upwards.

    Raises:
        ValueError: a code that is not of two units.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [8, 8, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((8, 8, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> manifold(vae, steps=2).ndim
    3
    """
    from scipy.special import ndtri

    checks.positive("steps", steps)
    shape = tuple(model.bottleneck.latent_shape)
    if shape != (2,):
        raise ValueError(f"Expected a code of two units. Received: shape {shape}.")
    quantiles = ndtri((np.arange(steps) + 0.5) / steps).astype("float32")
    z = np.stack(np.meshgrid(quantiles, quantiles[::-1]), axis=-1).reshape(-1, 2)
    images = model.event.render(model.decode(z).mean())
    labels = [f"{value:.1f}" for value in quantiles]
    return grid(images, path, steps, row_labels=labels[::-1], column_labels=labels)
