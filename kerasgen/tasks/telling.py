"""What a model says of pictures, and how they look, as numbers that tell kinds of pictures apart.

All are functions of the pictures alone, without a draw. Those of a model with a code are of
operations that convert to exported files.
"""

from typing import Any

import numpy as np
from keras import ops

_DRAWS = 2  # of a code, the same for every picture
_SAMPLES = 8  # of a likelihood that is an estimate without a code
_SCALES = (1, 2, 4)  # pixels that are seen as one


def of_code(model: Any, x: Any) -> dict[str, Any]:
    """Of pictures `[B, height, width, channels]` their "likelihood", in nats below 0, "look",
    "code", the "spread" of its posterior and the squared "error" of the reconstruction.

    >>> x = np.zeros((2, 28, 28, 1), "float32")
    >>> said = of_code(kerasgen.zoo.load("vae_mnist"), x)
    >>> {name: tuple(each.shape) for name, each in said.items()}
    {'likelihood': (2,), 'look': (2, 12), 'code': (2, 40), 'spread': (2,), 'error': (2,)}
    """
    posterior = model.posterior(x)
    code = posterior.mean()
    found = {
        "likelihood": -_log_prob(model, x, posterior),
        "look": look(x),
        "code": ops.reshape(code, (ops.shape(x)[0], -1)),
        "spread": ops.sum(ops.log(posterior.stddev()), axis=-1),
    }
    if not model.likelihood.autoregressive:
        again = model.event.clip(model.decode(code).mean())
        found["error"] = ops.sum(ops.square(again - x), axis=(1, 2, 3))
    return found


def without_code(model: Any, x: Any) -> dict[str, Any]:
    """The same of a model that scores pictures and has no code: "likelihood" and "look".

    >>> model = kerasgen.families.Mixture([4, 4, 1], num_components=2, levels=2)
    >>> sorted(without_code(model, np.zeros((3, 4, 4, 1))))
    ['likelihood', 'look']
    """
    few = {"num_samples": _SAMPLES, "seed": 0} if model.likelihood_kind == "estimate" else {}
    return {"likelihood": -model.log_prob(x, **few), "look": look(x)}


def of_classifier(classifier: Any, x: Any) -> dict[str, Any]:
    """Of pictures a classifier's "features", at length 1, and the likeliest "class".

    >>> said = of_classifier(kerasgen.zoo.load("classifier_mnist"), np.zeros((2, 28, 28, 1)))
    >>> tuple(said["features"].shape), tuple(said["class"].shape)
    ((2, 128), (2,))
    """
    features = classifier.features(x)
    return {
        "features": ops.normalize(features, axis=-1),
        "class": ops.argmax(classifier.probabilities(x), axis=-1),
    }


def look(x: Any) -> Any:
    """How pictures look, `[B, F]`: brightness, how far from black and white, how much is bright,
    and at several scales the spread of their pixels and the mean differences of neighbours.

    >>> tuple(look(np.zeros((2, 28, 28, 3), "float32")).shape)
    (2, 12)
    """
    x = ops.mean(ops.cast(x, "float32"), axis=-1, keepdims=True)
    brightness = x, x * (1 - x), ops.relu(x - 0.75)
    found = [ops.mean(each, axis=(1, 2, 3)) for each in brightness]
    for scale in (each for each in _SCALES if min(x.shape[1:3]) >= 2 * each):
        seen = ops.average_pool(x, scale) if scale > 1 else x
        found += [
            ops.std(seen, axis=(1, 2, 3)),
            ops.mean(ops.abs(seen[:, 1:] - seen[:, :-1]), axis=(1, 2, 3)),
            ops.mean(ops.abs(seen[:, :, 1:] - seen[:, :, :-1]), axis=(1, 2, 3)),
        ]
    return ops.stack(found, axis=-1)


def _log_prob(model, x, posterior):
    """log p(x) by codes of few noises, the same for every picture, `[B]`."""
    shape = _DRAWS, 1, *model.bottleneck.latent_shape
    noise = np.random.default_rng(0).standard_normal(shape).astype("float32")
    log_weights = []
    for each in noise:
        z = model.bottleneck.from_noise(posterior, each + ops.zeros_like(posterior.mean()))
        log_ratio = model.prior().log_prob(z) - posterior.log_prob(z)
        log_weights.append(model.decode(z).log_prob(x) + log_ratio)
    return ops.logsumexp(ops.stack(log_weights), axis=0) - np.log(_DRAWS)
