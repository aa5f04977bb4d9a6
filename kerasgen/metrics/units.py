"""How much every unit of a code tells about the data.

A unit that tells nothing has collapsed to the prior.
"""

from typing import Any

import keras
import numpy as np

from kerasgen import backend, checks
from kerasgen.batches import blocks, count
from kerasgen.model import GenerativeModel

_BATCH = 500
_ACTIVE = 0.01
_DRAWS = 10  # of an image, where a layer's KL depends on the layers above


def active_units(means: Any) -> int:
    """How many units' posterior means vary by more than 0.01 over the data.

    Burda and others 2016 (arXiv 1509.00519), section 5.

    Args:
        means: of the posteriors of N examples, `[N, ...]`.

    >>> active_units(np.array([[0.0, 1.0], [0.0, -1.0]]))
    1
    """
    means = checks.rows("means", means, rank=None)
    return int(np.sum(np.var(means, axis=0) > _ACTIVE))


def kl_by_unit(model: GenerativeModel, images: Any, condition: Any = None) -> np.ndarray:
    """Mean over images of every unit's KL(q(z_d | x) || p(z_d)), `[D]` in nats.

    It is in closed form. Of several layers it is given the layers above, of which 10 codes are
    drawn with seed 0.

    Args:
        model: a latent-variable model.
        images: `[N, *event_shape]` in [0, 1].
        condition: labels `[N]` of a conditional model.

    Raises:
        ValueError: what the model does not take.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [8, 8, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(3), networks.MLP((8, 8, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> bool(np.all(kl_by_unit(vae, np.ones((5, 8, 8, 1))) >= 0))
    True
    """
    model.validate(model.event.array(images), condition)
    n, total, seeds = count(images), 0.0, backend.draws(0)
    for _, some, labels in blocks(n, _BATCH, images, condition):
        posterior = model.encode(some, labels)
        z = posterior.sample(_DRAWS, seed=backend.next_seed(seeds))
        kl = model.bottleneck.kl_by_unit(posterior, z, labels)
        total += np.sum(keras.ops.convert_to_numpy(kl), axis=0, dtype="float64")
    return np.asarray(total / n)
