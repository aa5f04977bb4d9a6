"""From one image to another through the latent space."""

from typing import Any

from keras import ops

from kerasgen import checks
from kerasgen.model import GenerativeModel
from kerasgen.tasks.traversal import single


def interpolate(model: GenerativeModel, start: Any, end: Any, steps: int = 8):
    """Means of the likelihood on the straight line between the posterior means of two images.

    Args:
        model: a latent-variable model without a condition.
        start, end: images `event_shape` in [0, 1].
        steps: number of images, at least 2; the first and last are the reconstructions of `start`
            and `end`.

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
    share = ops.reshape(ops.linspace(0.0, 1.0, steps), (steps, *[1] * (len(z.shape) - 1)))
    return model.decode((1 - share) * z[:1] + share * z[1:]).mean()
