"""Where a factor of the code shows: how far each value moves when the factor does.

    map(p) = sqrt(sum over the factor's units d and p's channels c of (d mean_pc / d z_d)^2)

The norm of the Jacobian of the decoder's mean, by central differences (Simonyan and others, Deep
Inside Convolutional Networks, 2014, arXiv 1312.6034, of a classifier's score).
"""

from typing import Any

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.batches import count, in_blocks
from kerasgen.families import MultimodalVAE

_STEP = 1e-2  # of central differences, in standard deviations of the prior
_BATCH = 64


def attribution(model: MultimodalVAE, x: Any, step: float = _STEP) -> dict[str, dict[str, Any]]:
    """Maps of each factor's influence on each sense's mean, at the posterior's means.

    Args:
        model: of several senses.
        x: a dict of examples by sense, N of each; senses may be missing.
        step: by which a unit of the code is moved both ways.

    Returns:
        By factor, "shared" and private ones by their sense, and by the senses that read it:
        `[N, ...]`, of the sense's shape but for the last axis, its channels, at least 0.

    Raises:
        ValueError: examples that the model does not take, a step that is not above 0.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = MultimodalVAE(
    ...     events.Partial({"picture": [4, 4, 1], "sound": [6]}),
    ...     {name: networks.MLP((8,), (8,)) for name in ("picture", "sound")},
    ...     bottlenecks.Experts(2, {"picture": 1}),
    ...     {name: networks.MLP(hidden=(8,)) for name in ("picture", "sound")},
    ...     {name: likelihoods.Gaussian() for name in ("picture", "sound")},
    ... )
    >>> maps = attribution(model, {"sound": np.zeros((3, 6), "float32")})
    >>> {factor: sorted(senses) for factor, senses in maps.items()}
    {'shared': ['picture', 'sound'], 'picture': ['picture']}
    >>> maps["shared"]["picture"].shape
    (3, 4, 4)
    """
    checks.above_zero("step", step)
    x, _ = model.check(x)
    factors = model.bottleneck.factors
    unit = np.eye(*model.bottleneck.latent_shape, dtype="float32")[:, None]  # [D, 1, D]

    def block(x):
        z = model.whole(x).mean()
        ahead, behind = (model.decode(z + sign * step * unit).mean() for sign in (1, -1))
        squares = {
            name: ((ops.cast(ahead[name], "float32") - behind[name]) / (2 * step)) ** 2
            for name in model.encoder.networks
        }
        return {
            factor: {
                name: ops.sqrt(ops.sum(ops.sum(square[start:end], axis=0), axis=-1))
                for name, square in squares.items()
                if factor in ("shared", name)
            }
            for factor, (start, end) in factors.items()
        }

    maps = in_blocks(block, count(x), _BATCH, x)
    return {
        factor: {name: ops.convert_to_numpy(each) for name, each in of_factor.items()}
        for factor, of_factor in maps.items()
    }
