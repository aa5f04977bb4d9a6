"""What a generator makes of noise: between two draws, of typical draws, along an attribute."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.families import AdversarialModel

_BLOCK = 256  # samples that an attribute is read from


def interpolations(
    model: AdversarialModel, rows: int = 8, steps: int = 10, seed: int = 0
) -> np.ndarray:
    """Samples on the way from one draw of the noise to another.

    The way is a great circle: normal noise of many dimensions lies near a sphere, and a straight
    line would leave it (White, Sampling Generative Networks, 2016, arXiv 1609.04468).

    Args:
        model: every row is of one class, of a conditional one.
        rows: number of pairs of draws.
        steps: number of samples from one end to the other, at least 2.
        seed: of the noise.

    Returns:
        `[rows, steps, *event_shape]`.

    >>> from kerasgen import divergences, networks
    >>> gan = AdversarialModel(
    ...     [8, 8, 1], networks.DCGANGenerator((8, 8, 1), (8,)), networks.DCGANCritic((8,)),
    ...     divergences.NonSaturating(), latent_dim=4)
    >>> interpolations(gan, rows=2, steps=5).shape
    (2, 5, 8, 8, 1)
    """
    checks.positive("rows", rows)
    if checks.positive("steps", steps) < 2:
        raise ValueError(f"Expected at least 2 steps, the two ends. Received: steps={steps}")
    rng = np.random.default_rng(checks.seed(seed))
    start, end = rng.standard_normal((2, rows, 1, model.latent_dim))
    directions = [each / np.linalg.norm(each, axis=-1, keepdims=True) for each in (start, end)]
    angle = np.arccos(np.clip(np.sum(np.prod(directions, axis=0), -1, keepdims=True), -1, 1))
    share = np.linspace(0, 1, steps)[:, None]
    if np.min(np.sin(angle)) < 1e-6:  # in one dimension there is no circle
        return _made(model, (1 - share) * start + share * end)
    way = np.sin((1 - share) * angle) * start + np.sin(share * angle) * end
    return _made(model, way / np.sin(angle))


def truncations(
    model: AdversarialModel,
    limits: Sequence[float | None] = (0.5, 1.0, 2.0, None),
    columns: int = 10,
    seed: int = 0,
) -> np.ndarray:
    """Samples of noise cut off at different distances from its mean.

    Brock and others 2019, arXiv 1809.11096.

    Args:
        model: every column is of one class, of a conditional one.
        limits: standard deviations at which the noise of each row is cut off; None for not at all.
        columns: number of samples of each; those of one column come from the same uniform numbers.
        seed: of the noise.

    Returns:
        `[len(limits), columns, *event_shape]`.

    >>> from kerasgen import divergences, networks
    >>> gan = AdversarialModel(
    ...     [8, 8, 1], networks.DCGANGenerator((8, 8, 1), (8,)), networks.DCGANCritic((8,)),
    ...     divergences.NonSaturating(), latent_dim=4)
    >>> truncations(gan, limits=(0.5, None), columns=3).shape
    (2, 3, 8, 8, 1)
    """
    from scipy.special import ndtr, ndtri

    checks.positive("columns", columns)
    limits = checks.several("limits", limits)
    if not limits:
        raise ValueError("Expected at least one of limits. Received: limits=[].")
    for limit in limits:
        if limit is not None:
            checks.above_zero("limit", limit)
    uniform = np.random.default_rng(checks.seed(seed)).random((columns, model.latent_dim))
    tails = [0.0 if limit is None else ndtr(-limit) for limit in limits]
    z = np.stack([ndtri(tail + (1 - 2 * tail) * uniform) for tail in tails])
    return _made(model, z, by_column=True)


def arithmetic(
    model: AdversarialModel,
    attribute: Callable[[np.ndarray], Any],
    rows: int = 8,
    steps: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """Samples moved along an attribute, plus and minus a difference of mean noises.

    Radford and others 2016, arXiv 1511.06434, section 6.3.2.

    Args:
        model: every row is of one class, of a conditional one.
        attribute: function of samples `[n, *event_shape]` to how much each has of it, `[n]`. The
            means are those of the three of 256 samples that have most and of the three that have
            least of it.
        rows: number of samples to move.
        steps: number of places on the way from half the difference below to half of it above.
        seed: of the noise.

    Returns:
        `[rows, steps, *event_shape]`, the samples as they are in the middle.

    >>> from kerasgen import divergences, networks
    >>> gan = AdversarialModel(
    ...     [8, 8, 1], networks.DCGANGenerator((8, 8, 1), (8,)), networks.DCGANCritic((8,)),
    ...     divergences.NonSaturating(), latent_dim=4)
    >>> arithmetic(gan, lambda samples: samples.mean(axis=(1, 2, 3)), rows=2, steps=3).shape
    (2, 3, 8, 8, 1)
    """
    checks.function("attribute", attribute)
    checks.positive("rows", rows)
    checks.positive("steps", steps)
    rng = np.random.default_rng(checks.seed(seed))
    z = rng.standard_normal((_BLOCK, 1, model.latent_dim))
    order = np.argsort(attribute(_made(model, z)[:, 0]))
    difference = (z[order[-3:]].mean(axis=0) - z[order[:3]].mean(axis=0)) / 2
    start = rng.standard_normal((rows, 1, model.latent_dim))
    return _made(model, start + np.linspace(-1, 1, steps)[:, None] * difference)


def _made(model, z, by_column=False):
    """Samples `[rows, columns, *event_shape]` of noise `[rows, columns, D]`.

    Classes go by row, or by column.
    """
    rows, columns, _ = z.shape
    labels = model.shown_labels(columns if by_column else rows)
    if labels is not None:
        labels = np.asarray(labels)
        labels = np.broadcast_to(labels if by_column else labels[:, None], (rows, columns)).ravel()
    made = model.generate(z.reshape(rows * columns, -1).astype("float32"), labels)
    made = ops.convert_to_numpy(model.event.clip(made))
    return made.reshape(rows, columns, *model.event_shape)
