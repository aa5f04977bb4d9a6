"""Draws of the larger pictures that a small one may stand for, x ~ p(x | means of its blocks).

A model that is conditional on small pictures draws them at once. One whose pixels are known in turn
does it by a particle filter: each pixel is drawn among the levels by which its block can still have
its mean, the last of a block among the few that give it. What the other pixels of the block are
then to sum to is looked ahead at by a normal that spreads it evenly.
"""

from typing import Any

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.model import GenerativeModel
from kerasgen.tasks import particles
from kerasgen.tasks.particles import Painted

_TOLERANCE = 0.5 / 255  # of a mean, which 8 bits round


def enlarge(model: GenerativeModel, x: Any, factor: int = 2, n: int = 8, seed: int = 0) -> Painted:
    """Several draws of a picture of which the means of blocks are known.

    Args:
        model: conditional on small pictures, as superres_fashion; or of pixels that are known in
            turn, without a condition.
        x: the small picture `[height, width, channels]` in [0, 1]; times factor it has the model's
            size.
        factor: side of a block.
        n: number of draws.
        seed: an integer.

    Returns:
        The draws, by a model with a code the mean pictures of codes that are drawn, and of a
        particle filter the smallest "effective sample size" among its rows of
        so many "candidates".

    Raises:
        ValueError: a model that cannot, a picture of another size.

    >>> from kerasgen import likelihoods, networks
    >>> from kerasgen.data.small import shrink
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> small = np.array([[0.5, 0], [0.25, 1]])[..., None]
    >>> larger = enlarge(model, small, n=3)
    >>> shrink(larger.draws, 2)[0, ..., 0].tolist()
    [[0.5, 0.0], [0.25, 1.0]]
    """
    require(model)
    n, x = checks.positive("n", n), np.asarray(x, "float32")
    rng = np.random.default_rng(checks.seed(seed))
    height, width, channels = model.event_shape
    expected = height / checks.positive("factor", factor), width / factor, channels
    if x.shape != expected or model.condition.encoded_size and x.shape != model.condition.shape:
        told = f"[{height} / factor, {width} / factor, {channels}]"
        if model.condition.encoded_size:
            told = f"{list(model.condition.shape)} and factor={height // model.condition.height}"
        raise ValueError(
            f"Expected a picture {told}. Received: {list(x.shape)}, factor={factor}. Name another "
            "factor, or resize it."
        )
    if model.condition.encoded_size:
        return Painted(ops.convert_to_numpy(model.shown_samples(n, x, seed=seed)), {})
    if x.min() < 0 or x.max() > 1:
        raise ValueError(f"Expected pixels in [0, 1]. Received: [{x.min():g}, {x.max():g}].")
    count, parts = max(n, particles.CANDIDATES), particles.pixels(model)
    found = particles.filtered(parts, _blocks(model, x, factor), count, rng)
    return particles.painted(parts, found, n, rng)


def require(model: GenerativeModel) -> None:
    """Refuses a model that cannot enlarge.

    Raises:
        ValueError: what `enlarge` raises for it.

    >>> require(kerasgen.zoo.load("gated_pixelcnn_mnist"))
    """
    if model.condition.is_picture or particles.can(model):
        return
    raise ValueError(
        "Expected a model of pictures that is conditional on small ones, or of pixels that are "
        f"known in turn and no condition. Received: {checks.kind(model)}. Name another."
    )


def _blocks(model, small, factor):
    """Evidence of the means of blocks: 0 where they can still be met, and a guess of the rest."""
    top, pixels = model.levels - 1, factor**2
    ids = np.arange(small.size).reshape(small.shape)
    ids = ids.repeat(factor, axis=0).repeat(factor, axis=1).ravel()
    members, left = [np.flatnonzero(ids == each) for each in range(small.size)], {}
    slack = max(pixels * top * _TOLERANCE, 0.5)

    def evidence(place, levels):
        block = ids[place]
        left[block] = others = left.get(block, pixels) - 1
        mean = top * float(small.flat[block])
        rest = pixels * mean - levels[:, members[block]].sum(axis=1)[:, None] - np.arange(top + 1)
        fits = (rest >= -slack) & (rest <= others * top + slack)
        variance = others * (mean * (top - mean) + 0.01 * top**2)
        ahead = -0.5 * (rest - others * mean) ** 2 / variance if others else np.zeros_like(rest)
        return np.where(fits, 0, particles.NEVER), ahead

    return evidence
