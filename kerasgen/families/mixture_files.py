"""What an exported file of a mixture of Gaussians can do.

`sample` takes D + 2 standard normal numbers an example: D for the component's normal, and two for
its choice, by `decoding.uniform`. `log_prob` of levels takes two a pixel in the same way. The
weights are constants of the signatures, so that the Cholesky factors are inverted before, not in
the file.
"""

import math

import numpy as np
from keras import ops

from kerasgen import decoding, fitting


def signatures(mixture):
    """Functions of named tensors, and the tensors that each takes, by name.

    >>> sorted(signatures(kerasgen.families.Mixture([2], num_components=3)))
    ['log_prob', 'responsibilities', 'sample']
    """
    joint = _joint(mixture)
    weights = ops.convert_to_numpy(ops.softmax(mixture.logits))
    below = np.cumsum(weights)[:-1]  # probabilities of components 0..k

    def log_prob(noise=None, **tensors):
        """How likely examples are; of levels by noise, which draws points within them."""
        uniform = 0.0 if noise is None else decoding.uniform(noise)
        points = mixture.continuous(mixture.event.pack(tensors), uniform)
        return {"log_prob": ops.logsumexp(joint(points), axis=-1) - mixture.log_cells}

    def responsibilities(**tensors):
        """Examples to the probability of each component."""
        points = mixture.continuous(mixture.event.pack(tensors), 0.5)
        return {"responsibilities": ops.softmax(joint(points))}

    def sample(noise):
        """New examples of noise, whose last two numbers draw the component."""
        uniform = decoding.uniform(noise[:, -2:])[:, None]
        component = ops.sum(ops.cast(uniform > below, "int32"), axis=-1)
        return mixture.event.unpack(mixture.draw(component, noise[:, :-2]))

    x, noise = mixture.event.tensors(), fitting.noise_tensor
    of_pixels = {"noise": noise((*mixture.event_shape, 2))} if mixture.levels else {}
    return {
        "sample": (sample, {"noise": noise((mixture.size + 2,))}),
        "log_prob": (log_prob, x | of_pixels),
        "responsibilities": (responsibilities, x),
    }


def _joint(mixture):
    """log p(x, z) `[B, K]` of points `[B, D]`, by constants."""
    means, scales, log_weights = (
        ops.convert_to_numpy(part)
        for part in (mixture.means, mixture.scales(), ops.log_softmax(mixture.logits))
    )
    whitening = 1 / scales if mixture.covariance == "diag" else np.linalg.inv(scales)
    determinants = scales if mixture.covariance == "diag" else np.diagonal(scales, axis1=1, axis2=2)
    log_norms = log_weights - np.log(determinants).sum(1) - mixture.size / 2 * math.log(2 * math.pi)

    def joint(points):
        centred = points[:, None] - means  # [B, K, D]
        white = (
            centred * whitening
            if mixture.covariance == "diag"
            else ops.sum(whitening * centred[:, :, None], -1)
        )
        return log_norms - ops.sum(ops.square(white), axis=-1) / 2

    return joint
