"""Latent-variable models: a code z from the prior, then data from the likelihood that a decoder predicts from z.

    p(x) = integral of p(x | z) p(z) dz >= E_q(z | x)[log p(x | z)] - KL(q(z | x) || p(z))

Kingma and Welling, Auto-Encoding Variational Bayes, 2014 (arXiv 1312.6114).
"""

import functools
import math

import keras
from keras import ops

from kerasgen import backend, bottlenecks, checks
from kerasgen.batches import blocks
from kerasgen.families.autoencoder import Autoencoder
from kerasgen.registration import register

# Both bound the memory, whatever the number of samples asked for.
_DECODES_AT_ONCE = 1024  # of scoring; more is no faster
_SAMPLES_AT_ONCE = 256  # of sampling; each block has its own seeds, so the number is part of what a seed means


@register
class LatentVariableModel(Autoencoder):
    """An autoencoder whose bottleneck has a prior, so that it samples and scores; which parts make it a VAE, an IWAE.

    Arguments and errors are those of `Autoencoder`; a bottleneck without a prior, too, is a ValueError.
    """

    def __init__(
        self, event_shape, encoder, bottleneck, decoder, likelihood, objective=None, num_classes=None, **kwargs
    ):
        if not hasattr(bottleneck, "from_noise"):
            raise ValueError(
                f"Expected a bottleneck of real numbers with a prior, {bottlenecks.WITH_PRIOR}. "
                f"Received: {type(bottleneck).__name__}. Use Autoencoder or DiscreteAutoencoder with it."
            )
        super().__init__(event_shape, encoder, bottleneck, decoder, likelihood, objective, num_classes, **kwargs)
        self._compiled_log_weights = backend.function(self.log_weights)

    def build(self, input_shape=None):
        if not self.built:
            self.seeds = keras.random.SeedGenerator()  # of the importance samples drawn in training
        super().build(input_shape)

    def prior(self, condition=None):
        """p(z), or where the bottleneck has a prior for each class, p(z | condition) for labels `[B]`."""
        return self.bottleneck.prior(checks.labels(condition, self.num_classes))

    def log_weights(self, x, condition=None, num_samples=1, seed=None, training=False):
        """log p(x | z) + log p(z) - log q(z | x) for z drawn from q(z | x), `[num_samples, B]` in nats.

        Args:
            seed: a backend seed; None draws from the model's own seed generator.
            training: how the networks are called.
        """
        seed = backend.next_seed(self.seeds) if seed is None else seed
        posterior = self.encode(x, condition, training)
        z = posterior.sample(num_samples, seed=seed)
        return (
            self.decode(z, condition, training).log_prob(ops.cast(x, "float32"))
            + self.prior(condition).log_prob(z)
            - posterior.log_prob(z)
        )

    def elbo(self, x, condition=None, num_samples=1, seed=None):
        """A Monte Carlo estimate of the evidence lower bound on log p(x), `[B]` in nats; arguments as of `log_prob`."""
        return self._reduced_log_weights(ops.sum, ops.add, x, condition, num_samples, seed) / num_samples

    def log_prob(self, x, condition=None, num_samples=500, seed=None):
        """The importance-weighted estimate of log p(x), `[B]` in nats: a lower bound in expectation, tighter with k.

            log (1/k) sum_k p(x, z_k) / q(z_k | x)          (Burda and others 2016, arXiv 1509.00519, equation 8)

        Memory does not grow with `num_samples`.

        Args:
            x: data in [0, 1], `[B, *event_shape]`.
            condition: labels `[B]` of a conditional model.
            num_samples: importance samples k for each example.
            seed: an integer for repeatable draws, None for fresh ones.
        """
        log_sums = self._reduced_log_weights(ops.logsumexp, ops.logaddexp, x, condition, num_samples, seed)
        return log_sums - math.log(num_samples)

    def _reduced_log_weights(self, reduce, join, x, condition, num_samples, seed):
        """`reduce`, a sum of a kind over the samples' axis, of `log_weights`, `[B]`; `join` adds two such sums."""
        checks.positive("num_samples", num_samples)
        x, condition = self.check(x, condition)
        seeds, reduced = keras.random.SeedGenerator(seed), []
        examples = max(1, _DECODES_AT_ONCE // num_samples)
        for _, x_rows, condition_rows in blocks(x.shape[0], examples, x, condition):
            parts = []
            for done in range(0, num_samples, _DECODES_AT_ONCE):
                k = min(_DECODES_AT_ONCE, num_samples - done)
                log_weights = self._compiled_log_weights(x_rows, condition_rows, k, backend.next_seed(seeds))
                parts.append(reduce(log_weights, axis=0))
            reduced.append(functools.reduce(join, parts))
        return ops.concatenate(reduced)

    def sample(self, n, condition=None, seed=None, mean=False):
        """Draws `n` examples of p(x), `[n, *event_shape]`, those of an unbounded likelihood clipped to [0, 1].

        Args:
            n: number of examples.
            condition: labels `[n]` of a conditional model.
            seed: an integer for repeatable draws, None for fresh ones.
            mean: return the mean of p(x | z) instead of a draw: smooth pictures, not samples of the model. Where pixels
                are drawn one after the other, every pixel's mean given the likeliest ones before it.
        """
        n, condition = self.check_request(n, condition)
        seeds, examples = keras.random.SeedGenerator(seed), []
        for count, labels in blocks(n, _SAMPLES_AT_ONCE, condition):
            z = self.bottleneck.sample(count, backend.next_seed(seeds), labels)
            likelihood = self.decode(z, labels)
            examples.append(likelihood.mean() if mean else likelihood.sample(seed=backend.next_seed(seeds)))
        return self.in_range(ops.concatenate(examples))

    def export_signatures(self):
        """Those of `Autoencoder`, and what the prior adds: `sample`, `elbo`, the posterior's scale."""

        bottleneck = self.bottleneck

        def encode(images, labels=None):
            posterior = self.encode(images, labels)
            return {"mean": posterior.mean(), "scale": posterior.stddev()}

        def sample(noise, labels=None):
            z = bottleneck.from_noise(self.prior(labels), noise)
            return {"images": self.in_range(self.decode(z, labels).mean())}

        def elbo(images, noise, labels=None):
            posterior = self.encode(images, labels)
            z = bottleneck.from_noise(posterior, noise)
            kl = sum(bottleneck.terms(posterior, z[None], labels).values())
            return {"elbo": self.decode(z, labels).log_prob(ops.convert_to_tensor(images)) - kl}

        inherited = super().export_signatures()
        code = {"noise": self.bottleneck.latent_shape}
        images, labels = (inherited[name][1] for name in ("encode", "decode"))
        labels = {name: shape for name, shape in labels.items() if name != "z"}
        return {
            **inherited,
            "encode": (encode, images),
            "sample": (sample, code | labels),
            "elbo": (elbo, {"images": self.event_shape} | code | labels),
        }
