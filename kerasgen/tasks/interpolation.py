"""From one image to another through the latent space."""

from typing import Any

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.model import GenerativeModel
from kerasgen.tasks.traversal import single


def interpolate(
    model: GenerativeModel, start: Any, end: Any, steps: int = 8, spherical: bool = False
):
    """Means of the likelihood on the way between the posterior means of two images.

    Args:
        model: a latent-variable model without a condition.
        start, end: images `event_shape` in [0, 1].
        steps: number of images, at least 2; the first and last are the reconstructions of `start`
            and `end`.
        spherical: go by the great circle, near which codes of many dimensions lie (White 2016,
            arXiv 1609.04468), and not by the straight line.

    Returns:
        `[steps, *event_shape]`.

    Raises:
        ValueError: fewer than 2 steps, images of another shape or range.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [8, 8, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((8, 8, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> black, white = ops.zeros((8, 8, 1)), ops.ones((8, 8, 1))
    >>> tuple(interpolate(vae, black, white, steps=5).shape)
    (5, 8, 8, 1)
    """
    if checks.positive("steps", steps) < 2:
        raise ValueError(f"Expected at least 2 steps, the two ends. Received: steps={steps}")
    z = ops.concatenate([model.encode(single(model, each)).mean() for each in (start, end)])
    ends = ops.convert_to_numpy(ops.reshape(z, (2, -1)))
    way = circle if spherical else line
    codes = way(ends[0], ends[1], steps)
    return model.decode(codes.astype("float32").reshape(steps, *z.shape[1:])).mean()


def line(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Points on the straight line, `[steps, D]`, from one `[D]` to another.

    >>> line(np.array([0.0, 1.0]), np.array([1.0, 1.0]), 3).tolist()
    [[0.0, 1.0], [0.5, 1.0], [1.0, 1.0]]
    """
    share = np.linspace(0, 1, steps)[:, None]
    return (1 - share) * start + share * end


def circle(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Points on the great circle between two directions, their lengths between those of the ends.

    Args:
        start, end: `[D]`.
        steps: number of points.

    Returns:
        `[steps, D]`; where no circle is told from another, points of the straight line.

    >>> circle(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 3).round(2).tolist()
    [[1.0, 0.0], [0.71, 0.71], [0.0, 1.0]]
    """
    share = np.linspace(0, 1, steps)[:, None]
    lengths = [np.linalg.norm(each) for each in (start, end)]
    units = [each / max(length, 1e-9) for each, length in zip((start, end), lengths)]
    angle = np.arccos(np.clip(np.dot(*units), -1, 1))
    if np.sin(angle) < 1e-6:
        return line(start, end, steps)
    way = np.sin((1 - share) * angle) * units[0] + np.sin(share * angle) * units[1]
    return way / np.sin(angle) * ((1 - share) * lengths[0] + share * lengths[1])
