"""How much every unit of a code tells about the data; one that tells nothing has collapsed to the prior."""

import keras
import numpy as np

from kerasgen import backend
from kerasgen.batches import blocks, count

_BATCH = 500
_ACTIVE = 0.01
_DRAWS = 10  # of an image, where a layer's KL depends on the layers above


def active_units(means):
    """How many units' posterior means vary by more than 0.01 over the data (Burda and others 2016, section 5).

    Args:
        means: of the posteriors of N examples, `[N, ...]`.
    """
    return int(np.sum(np.var(keras.ops.convert_to_numpy(means), axis=0) > _ACTIVE))


def kl_by_unit(model, images, condition=None):
    """Mean over images of every unit's KL(q(z_d | x) || p(z_d)), `[D]` in nats.

    In closed form; of several layers, given the layers above, of which 10 codes are drawn with seed 0.

    Args:
        model: a latent-variable model.
        images: `[N, *event_shape]` in [0, 1].
        condition: labels `[N]` of a conditional model.
    """
    n, total, seeds = count(images), 0.0, keras.random.SeedGenerator(0)
    for _, some, labels in blocks(n, _BATCH, images, condition):
        posterior = model.encode(some, labels)
        z = posterior.sample(_DRAWS, seed=backend.next_seed(seeds))
        kl = model.bottleneck.kl_by_unit(posterior, z, labels)
        total += np.sum(keras.ops.convert_to_numpy(kl), axis=0, dtype="float64")
    return total / n
