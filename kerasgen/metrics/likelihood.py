"""Likelihood figures, in nats, and in bits a dimension where the likelihood counts 8-bit levels.

NLL   -log p(x) where it is exact; of latent-variable models
      -log (1/k) sum_k p(x, z_k) / q(z_k | x), z_k from q(z | x)   Burda and others 2016, arXiv 1509.00519, eq. 8
ELBO  E_q[log p(x | z)] - KL(q(z | x) || p(z))
"""

import math

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.batches import count
from kerasgen.events import Classes
from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.units import active_units

ELBO_SAMPLES = 10  # the mean over thousands of images leaves little of their noise


def scored(model, examples, condition=None, num_samples=1, seed=0, progress=False):
    """Figures of a model by its own `log_prob`.

    Args:
        model: a generative model with the ability `Scores`.
        examples: `[N, *event_shape]`, N at least 2; binarized where the protocol says so.
        condition: `[N, ...]`, of a conditional model.
        num_samples: importance samples of each example, where `log_prob` is an estimate.
        seed: of these.
        progress: show a progress bar.

    Returns:
        `Figure`s by name: `nll`, for 8-bit images `bits_per_dim`, and where it is exact given one of
        several classes, `nll_marginal`, which compares with the `nll` of unconditional models.

    Raises:
        ValueError: examples that the model does not take, fewer than 2 examples.
    """
    examples, condition = figure.checked(model, examples, condition)
    sums_classes = isinstance(model.condition, Classes) and model.likelihood_kind == "exact"

    def score(x, y, batch):
        if sums_classes:
            joint = by_class(model, x)
            return ops.take_along_axis(joint, y[None], axis=0)[0], _mean_of_classes(joint)
        return (log_prob(model, x, y, num_samples, seed + batch),)

    scores, *total = figure.by_batch(score, examples, condition, progress)
    figures = _nll(model, scores)
    if total:
        figures["nll_marginal"] = figure.mean(-total[0], "nats")
    return figures


def log_prob(model, x, condition=None, num_samples=1, seed=0):
    """log p(x | condition) `[B]` of any kind; samples and seed matter to estimates only."""
    if model.likelihood_kind == "estimate":
        return model.log_prob(x, condition, num_samples, seed)
    return model.log_prob(x, condition)


def marginal(model, x):
    """log p(x) = log (1/C) sum_c p(x | c), `[B]` in nats, of a conditional model whose C classes are equally likely.

    Args:
        model: a generative model of classes whose `log_prob(x, condition)` is exact.
        x: images `[B, *event_shape]`.
    """
    return _mean_of_classes(by_class(model, x))


def by_class(model, x):
    """log p(x | c) of all classes c, `[C, B]`; arguments as of `marginal`."""
    return ops.stack([model.log_prob(x, np.full(len(x), label)) for label in range(model.num_classes)])


def _mean_of_classes(log_probs):
    return ops.logsumexp(log_probs, axis=0) - math.log(len(log_probs))


def two_stage(model, images, labels=None, progress=False):
    """Figures of a prior over the ids of a tokenizer.

    Args:
        model: a `kerasgen.families.TwoStageModel`.
        images, labels, progress: as of `scored`.

    Returns:
        `Figure`s by name: `nll`, the upper bound -log p(ids) - log p(x | ids) by the ids of the image, for 8-bit images
        `bits_per_dim`, and `ids`, -log p(ids).

    Raises:
        ValueError: images of another shape or range, fewer than 2 images.
    """
    images, labels = figure.checked(model, images, labels)

    def score(x, y, _):
        return model.log_prob(x, y), model.log_prob_tokens(model.tokenizer.tokenize(x), y)

    log_prob, ids = figure.by_batch(score, images, labels, progress)
    return {**_nll(model, log_prob), "ids": figure.mean(-ids, "nats")}


def importance_weighted(model, images, labels=None, num_samples=5000, seed=0, progress=False):
    """Figures of a latent-variable model.

    Args:
        model: a latent-variable model whose posterior and prior are known.
        images, labels, progress: as of `scored`.
        num_samples: importance samples k of each image's NLL.
        seed: of all noise.

    Returns:
        `Figure`s by name: `nll`, the importance-weighted negative log-likelihood, an upper bound in expectation, and
        for 8-bit images `bits_per_dim`; `elbo`; `kl`; `reconstruction`, -E_q[log p(x | z)] by 10 samples, so that
        elbo = -(reconstruction + kl); and `active_units`, the latent units whose posterior mean varies by more than
        0.01 over the images.

    Raises:
        ValueError: images of another shape or range, fewer than 2 images, num_samples below 1.
    """
    checks.positive("num_samples", num_samples)
    images, labels = figure.checked(model, images, labels)
    seeds = np.random.SeedSequence(seed).generate_state(2 * count(images)).reshape(-1, 2) // 2  # keras takes int32

    def score(x, y, batch):
        seed, log_prob_seed = (int(value) for value in seeds[batch])
        posterior = model.encode(x, y)
        noise = backend.next_seed(keras.random.SeedGenerator(seed))
        z = posterior.sample(ELBO_SAMPLES, seed=noise)
        log_likelihood = model.decode(z, y).log_prob(x)  # [samples, B]
        return (
            model.log_prob(x, y, num_samples=num_samples, seed=log_prob_seed),
            sum(model.bottleneck.terms(posterior, z, y).values()),
            -ops.mean(log_likelihood, axis=0),
            ops.reshape(posterior.mean(), (count(x), -1)),
        )

    log_prob, kl, reconstruction, means = figure.by_batch(score, images, labels, progress)
    return {
        **_nll(model, log_prob),
        "elbo": figure.mean(-reconstruction - kl, "nats"),
        "kl": figure.mean(kl, "nats"),
        "reconstruction": figure.mean(reconstruction, "nats"),
        "active_units": Figure(active_units(means), "units"),
    }


def _nll(model, log_prob):
    levels = model.levels
    figures = {"nll": figure.mean(-log_prob, "nats")}
    if levels is not None and levels > 2:
        figures["bits_per_dim"] = figure.mean(-log_prob / model.event.size / math.log(2), "bits/dim")
    return figures
