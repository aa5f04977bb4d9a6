"""Log densities of likelihoods, written by hand over scipy and NumPy."""

import keras
import numpy as np
from scipy import special, stats

from kerasgen import events, likelihoods


def bernoulli(params, x):
    return x * special.log_expit(params[..., 0]) + (1 - x) * special.log_expit(-params[..., 0])


def continuous_bernoulli(params, x):
    logits = params[..., 0]
    # p(x) is proportional to exp(x * logits), whose integral over [0, 1] is (exp(logits) - 1) /
    # logits
    safe = np.where(logits == 0, 1.0, logits)
    return x * logits - np.where(logits == 0, 0.0, np.log(np.expm1(safe) / safe))


def categorical(params, x):
    level = np.rint(x * 255).astype(int)
    params = np.broadcast_to(params, (*level.shape, 256))
    return np.take_along_axis(special.log_softmax(params, axis=-1), level[..., None], axis=-1)[
        ..., 0
    ]


def logistic_mixture(params, x):
    logits, loc, log_scale = np.split(params, 3, axis=-1)
    a = (x[..., None] - 0.5 / 255 - loc) / np.exp(log_scale)
    b = (x[..., None] + 0.5 / 255 - loc) / np.exp(log_scale)
    a, b = np.where(x[..., None] == 0, -np.inf, a), np.where(x[..., None] == 1, np.inf, b)
    # whichever of the two differences does not cancel in this tail
    mass = np.where(
        a > 0, special.expit(-a) - special.expit(-b), special.expit(b) - special.expit(a)
    )
    log_mass = np.log(np.maximum(mass, 1e-300))
    return special.logsumexp(special.log_softmax(logits, axis=-1) + log_mass, axis=-1)


def shared(cls):
    likelihood = cls("shared")
    likelihood.build()
    likelihood.log_scale.assign(-1.5)
    return likelihood


def scaled(density, scale=None):
    def log_density(params, x):
        return density(x, params[..., 0], np.exp(params[..., 1]) if scale is None else scale)

    return log_density


def rounded(variable, levels=256):
    def log_mass(params, x):
        half = 0.5 / (levels - 1)
        below = (np.where(x < half, -np.inf, x - half) - params[..., 0]) / np.exp(params[..., 1])
        above = (np.where(x > 1 - half, np.inf, x + half) - params[..., 0]) / np.exp(params[..., 1])
        mirrored = below + above > 0  # into the lower tail, where the difference does not cancel
        low, high = np.where(mirrored, -above, below), np.where(mirrored, -below, above)
        return np.log(np.maximum(variable.cdf(high) - variable.cdf(low), 1e-300))

    return log_mass


def logit_laplace(params, x):
    squeezed = 0.1 + 0.8 * x
    density = stats.laplace.pdf(special.logit(squeezed), params[..., 0], np.exp(params[..., 1]))
    return np.log(0.8 * density / (squeezed * (1 - squeezed)))


# name: (likelihood, log density of params [..., P] at x [...], values that x takes or None)
TABLE = {
    "bernoulli": (likelihoods.Bernoulli(), bernoulli, 2),
    "continuous_bernoulli": (likelihoods.ContinuousBernoulli(), continuous_bernoulli, None),
    "gaussian_fixed": (likelihoods.Gaussian(0.1), scaled(stats.norm.logpdf, 0.1), None),
    "gaussian_shared": (
        shared(likelihoods.Gaussian),
        scaled(stats.norm.logpdf, np.exp(-1.5)),
        None,
    ),
    "gaussian_learned": (likelihoods.Gaussian("learned"), scaled(stats.norm.logpdf), None),
    "laplace_fixed": (likelihoods.Laplace(0.1), scaled(stats.laplace.logpdf, 0.1), None),
    "laplace_shared": (
        shared(likelihoods.Laplace),
        scaled(stats.laplace.logpdf, np.exp(-1.5)),
        None,
    ),
    "laplace_learned": (likelihoods.Laplace("learned"), scaled(stats.laplace.logpdf), None),
    "gaussian_levels": (likelihoods.Gaussian("learned", levels=256), rounded(stats.norm()), 256),
    "laplace_levels": (likelihoods.Laplace("learned", levels=256), rounded(stats.laplace()), 256),
    "logit_laplace": (likelihoods.LogitLaplace(), logit_laplace, None),
    "categorical": (likelihoods.Categorical(256), categorical, 256),
    "discretized_logistic": (likelihoods.DiscretizedLogistic(), logistic_mixture, 256),
    "logistic_mixture": (likelihoods.DiscretizedLogistic(components=5), logistic_mixture, 256),
}


def per_element(likelihood, params, x):
    """log p of single pixels: params `[..., P]`, x broadcast against `[...]`."""
    log_prob = of_pixels(likelihood, params).log_prob(
        np.asarray(x, "float32")[..., None, None, None]
    )
    return keras.ops.convert_to_numpy(log_prob)


def of_pixels(likelihood, params):
    """The distribution of images of one pixel, params `[..., P]`."""
    likelihood.build_for(events.Image(1, 1, 1))
    return likelihood.distribution(keras.ops.cast(params, "float32")[..., None, None, :])


def draw_params(likelihood, count, seed=0):
    """Parameters such as a trained network gives: logits of a few units, locations near [0, 1],
    scales below 1.
    """
    rng = np.random.default_rng(seed)
    params = rng.normal(size=(count, likelihood.params_per_channel))
    if isinstance(likelihood, likelihoods.DiscretizedLogistic):
        logits, loc, log_scale = np.split(params, 3, axis=-1)
        return np.concatenate([logits, 0.5 + 0.5 * loc, log_scale - 3], axis=-1)
    if isinstance(likelihood, likelihoods.LocationScale):
        return 0.5 * params + (0.5, -1.5)[: likelihood.params_per_channel]
    return 3 * params
