"""Likelihood figures of latent-variable models, in nats.

    NLL   -log (1/k) sum_k p(x, z_k) / q(z_k | x), z_k from q(z | x)   Burda and others 2016, arXiv 1509.00519, eq. 8
    ELBO  E_q[log p(x | z)] - KL(q(z | x) || p(z))
"""

import math

import keras
import numpy as np
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from kerasgen import backend, checks

_BATCH = 100
_ELBO_SAMPLES = 10  # the mean over thousands of images leaves little of their noise
_ACTIVE = 0.01  # variance of a unit's posterior mean over the data (Burda and others 2016, section 5)


def evaluate(model, images, num_samples, seed=0, progress=False):
    """Scores images, batch after batch, so that memory grows with neither their number nor `num_samples`.

    Args:
        model: an unconditional latent-variable model with a bottleneck of known posterior and prior.
        images: `[N, *event_shape]` in [0, 1], N at least 2; binarized where the protocol says so.
        num_samples: importance samples k of each image's NLL.
        seed: of all noise.
        progress: show a progress bar.

    Returns:
        Floats by name: `nll`, the importance-weighted negative log-likelihood, mean over images, an upper bound in
        expectation; `nll_standard_error`, of that mean, from the spread over images; `elbo`; `kl`, in closed form;
        `reconstruction`, -E_q[log p(x | z)] by 10 samples, so that elbo = -(reconstruction + kl); all in nats; and
        `active_units`, the latent units whose posterior mean varies by more than 0.01 over the images.

    Raises:
        ValueError: images of another shape or range, fewer than 2 images, num_samples below 1.
    """
    checks.positive("num_samples", num_samples)
    images = keras.ops.convert_to_numpy(images)
    model.check(images)
    if len(images) < 2:
        raise ValueError(f"Expected at least 2 images, for a standard error. Received: {len(images)}.")
    starts = range(0, len(images), _BATCH)
    seeds = np.random.SeedSequence(seed).generate_state(2 * len(starts)).reshape(-1, 2) // 2  # keras takes int32
    parts = [
        _score(model, images[start : start + _BATCH], num_samples, [int(value) for value in pair])
        for start, pair in zip(_shown(starts, progress, _BATCH), seeds)
    ]
    log_prob, kl, reconstruction, means = (np.concatenate(part) for part in zip(*parts))
    return {
        "nll": float(-log_prob.mean()),
        "nll_standard_error": float(log_prob.std(ddof=1) / math.sqrt(len(log_prob))),
        "elbo": float(-(reconstruction.mean() + kl.mean())),
        "kl": float(kl.mean()),
        "reconstruction": float(reconstruction.mean()),
        "active_units": int(np.sum(means.var(axis=0) > _ACTIVE)),
    }


def _score(model, x, num_samples, seeds):
    """log p(x), KL, reconstruction, each `[B]`, and posterior means `[B, latent size]`, as float64 arrays."""
    posterior = model.encode(x)
    noise = backend.next_seed(keras.random.SeedGenerator(seeds[0]))
    log_likelihood = model.decode(posterior.sample(_ELBO_SAMPLES, seed=noise)).log_prob(x)  # [samples, B]
    columns = (
        model.log_prob(x, num_samples=num_samples, seed=seeds[1]),
        posterior.kl_divergence(model.bottleneck.prior()),
        -keras.ops.mean(log_likelihood, axis=0),
        keras.ops.reshape(posterior.mean(), (len(x), -1)),
    )
    return [keras.ops.convert_to_numpy(column).astype("float64") for column in columns]


def _shown(starts, progress, size):
    """Yields from `starts`, with a progress bar of images if asked for."""
    if not progress:
        yield from starts
        return
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("images", total=starts.stop)
        for start in starts:
            yield start
            bar.update(task, completed=min(start + size, starts.stop))
