"""How much every unit of a code tells about the data; one that tells nothing has collapsed to the prior."""

import keras
import numpy as np
from keras import ops

from kerasgen.model import blocks

_BATCH = 500
_ACTIVE = 0.01


def active_units(means):
    """How many units' posterior means vary by more than 0.01 over the data (Burda and others 2016, section 5).

    Args:
        means: of the posteriors of N examples, `[N, ...]`.
    """
    return int(np.sum(np.var(keras.ops.convert_to_numpy(means), axis=0) > _ACTIVE))


def kl_by_unit(model, images, condition=None):
    """Mean over images of every unit's KL(q(z_d | x) || p(z_d)), `[D]` in nats, in closed form.

    Args:
        model: a latent-variable model with a Gaussian bottleneck.
        images: `[N, *event_shape]` in [0, 1].
        condition: labels `[N]` of a conditional model.
    """
    total = 0.0
    for _, some, labels in blocks(len(images), _BATCH, images, condition):
        posterior = model.encode(some, labels)
        mean, scale = (
            ops.reshape(each, (-1, model.bottleneck.latent_dim)) for each in (posterior.mean(), posterior.stddev())
        )
        kl = 0.5 * (scale**2 + mean**2 - 1) - ops.log(scale)  # against the standard normal
        total += np.sum(keras.ops.convert_to_numpy(kl), axis=0, dtype="float64")
    return total / len(images)
