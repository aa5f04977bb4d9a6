"""Models and numbers that must be the same on every Keras backend.

`python tests/backend_reference.py FOLDER` writes the weights of one tiny model a likelihood (and
uses the preset `vae_mnist`, where it is there), the data and the noise, and what the backend in use
makes of them. `test_jax_backend.py` loads the same weights under JAX and compares.
"""

import pathlib
import sys

import keras
import numpy as np
from keras import ops
from tiny import tiny_vae

from kerasgen import likelihoods, zoo

LIKELIHOODS = {
    "bernoulli": likelihoods.Bernoulli,
    "continuous_bernoulli": likelihoods.ContinuousBernoulli,
    "gaussian_fixed": lambda: likelihoods.Gaussian(0.1),
    "gaussian_shared": lambda: likelihoods.Gaussian("shared"),
    "gaussian_learned": lambda: likelihoods.Gaussian("learned"),
    "laplace": lambda: likelihoods.Laplace("learned"),
    "logit_laplace": likelihoods.LogitLaplace,
    "categorical": lambda: likelihoods.Categorical(17),
    "discretized_logistic": lambda: likelihoods.DiscretizedLogistic(components=2, levels=17),
}
PRESETS = [name for name in ("vae_mnist",) if name in zoo.names()]


def numbers(model, x, noise):
    """What depends on weights, data `[B, ...]` and noise `[k, B, *latent_shape]` alone, as numpy
    arrays by name.
    """
    posterior, prior = model.encode(x), model.bottleneck.prior()
    z = posterior.mean() + posterior.stddev() * noise
    log_likelihood = model.decode(z).log_prob(x)
    log_weights = log_likelihood + prior.log_prob(z) - posterior.log_prob(z)
    values = {
        "posterior_mean": posterior.mean(),
        "posterior_scale": posterior.stddev(),
        "kl": posterior.kl_divergence(prior),
        "log_likelihood": log_likelihood,
        "log_prob": ops.logsumexp(log_weights, axis=0) - np.log(len(noise)),
        "reconstruction": model.reconstruct(x),
    }
    return {name: ops.convert_to_numpy(value) for name, value in values.items()}


def _write(folder):
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(0)
    digits = (load_digits().images[:16, :, :, None] / 16).astype("float32")
    for name, likelihood in LIKELIHOODS.items():
        model = tiny_vae(likelihood())
        for weight in model.trainable_weights:  # some start at zero, which would hide what they do
            weight.assign_add(0.1 * rng.standard_normal(weight.shape))
        model.save_weights(folder / f"{name}.weights.h5")
        _write_numbers(folder / f"{name}.npz", model, digits, rng)
    for name in PRESETS:
        model = zoo.load(name)
        _write_numbers(
            folder / f"{name}.npz", model, ops.convert_to_numpy(model.sample(16, seed=0)), rng
        )


def _write_numbers(path, model, x, rng):
    noise = rng.standard_normal((50, len(x), *model.bottleneck.latent_shape)).astype("float32")
    np.savez(path, x=x, noise=noise, **numbers(model, x, noise))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder)
    print(
        f"{len(LIKELIHOODS) + len(PRESETS)} models written by the {keras.backend.backend()} backend"
    )
