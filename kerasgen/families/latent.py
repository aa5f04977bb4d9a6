"""Latent-variable models: a code z from the prior, then data from the likelihood that a decoder predicts from z.

    p(x) = integral of p(x | z) p(z) dz >= E_q(z | x)[log p(x | z)] - KL(q(z | x) || p(z))

Kingma and Welling, Auto-Encoding Variational Bayes, 2014 (arXiv 1312.6114).
"""

import math

import keras
from keras import ops

from kerasgen import backend, checks
from kerasgen.model import GenerativeModel
from kerasgen.objectives import ELBO

# Both bound the memory, whatever the number of samples asked for.
_DECODES_AT_ONCE = 1024  # of scoring; more is no faster
_SAMPLES_AT_ONCE = 256  # of sampling; each block has its own seeds, so the number is part of what a seed means


@keras.saving.register_keras_serializable(package="kerasgen.families")
class LatentVariableModel(GenerativeModel):
    """Encoder, bottleneck, decoder and likelihood; which ones make it a VAE, a beta-VAE, an IWAE.

    With `num_classes` the model is conditional: a one-hot label joins the encoder's features and the decoder's input.

    Args:
        event_shape: shape of one example, `(height, width, channels)` for images.
        encoder: Keras layer or model, `[B, *event_shape]` to features `[B, F]`.
        bottleneck: from `kerasgen.bottlenecks`, features to a code z and its prior.
        decoder: Keras layer or model, `[B, *latent_shape]` to the likelihood's parameters.
        likelihood: from `kerasgen.likelihoods`.
        objective: from `kerasgen.objectives`; the ELBO by default.
        num_classes: number of classes of the condition, or None for an unconditional model.

    Raises:
        ValueError: the decoder's output shape is not the one that the likelihood needs.
    """

    def __init__(
        self, event_shape, encoder, bottleneck, decoder, likelihood, objective=None, num_classes=None, **kwargs
    ):
        objective = objective or ELBO()
        super().__init__(event_shape, num_classes, terms=objective.term_names(bottleneck), **kwargs)
        self.encoder = encoder
        self.bottleneck = bottleneck
        self.decoder = decoder
        self.likelihood = likelihood
        self.objective = objective
        self.seeds = keras.random.SeedGenerator(0)  # of the importance samples drawn in training
        self._compiled_log_sum_weights = backend.function(self._log_sum_weights)
        self.build()

    def build(self, input_shape=None):
        features = self.encoder(keras.KerasTensor((None, *self.event_shape)))
        classes = self.num_classes or 0
        if not self.bottleneck.built:
            self.bottleneck.build((None, features.shape[-1] + classes))
        *grid, size = self.bottleneck.latent_shape
        params = self.decoder(keras.KerasTensor((None, *grid, size + classes)))
        expected = (*self.event_shape[:-1], self.likelihood.channels(self.event_shape[-1]))
        if tuple(params.shape[1:]) != expected:
            raise ValueError(
                f"Expected the decoder's output shape to be {expected}, which is what "
                f"{type(self.likelihood).__name__} needs for data of shape {self.event_shape}. "
                f"Received: {tuple(params.shape[1:])}. Set the decoder's output_shape."
            )
        for part in (self.likelihood, self.objective):
            if not part.built:
                part.build()
        self.built = True

    def _conditioned(self, h, condition):
        """Appends the one-hot condition `[B]` to the last axis of h `[..., B, F]`."""
        if condition is None:
            return h
        one_hot = ops.one_hot(condition, self.num_classes, dtype=h.dtype)
        return ops.concatenate([h, ops.broadcast_to(one_hot, (*ops.shape(h)[:-1], self.num_classes))], axis=-1)

    def features(self, x, condition=None):
        """What the encoder gives the bottleneck, `[B, F]`: checked images, and the condition where there is one."""
        x, condition = self.check(x, condition)
        return self._conditioned(self.encoder(x), condition)

    def encode(self, x, condition=None):
        """The posterior q(z | x), batch shape `[B]`."""
        return self.bottleneck.posterior(self.features(x, condition))

    def decode(self, z, condition=None):
        """The likelihood p(x | z) for z `[..., B, *latent_shape]`: batch shape `[..., B]`, event `event_shape`."""
        condition = checks.labels(condition, self.num_classes)
        z = self._conditioned(ops.convert_to_tensor(z), condition)
        leading = ops.shape(z)[: len(z.shape) - len(self.bottleneck.latent_shape)]
        params = self.decoder(ops.reshape(z, (-1, *z.shape[len(leading) :])))
        params = ops.reshape(params, (*leading, *params.shape[1:]))
        return self.likelihood.distribution(params, len(self.event_shape))

    def loss_terms(self, x, condition=None, training=False):
        """The objective's terms by name, unweighted, each `[B]` in nats."""
        return self.objective.terms(self, x, condition, training)

    def term_weights(self):
        return self.objective.term_weights(self.bottleneck)

    def log_weights(self, x, condition=None, num_samples=1, seed=None):
        """log p(x | z) + log p(z) - log q(z | x) for z drawn from q(z | x), `[num_samples, B]` in nats.

        Args:
            seed: a backend seed; None draws from the model's own seed generator.
        """
        seed = backend.next_seed(self.seeds) if seed is None else seed
        posterior = self.encode(x, condition)
        z = posterior.sample(num_samples, seed=seed)
        return (
            self.decode(z, condition).log_prob(ops.cast(x, "float32"))
            + self.bottleneck.prior().log_prob(z)
            - posterior.log_prob(z)
        )

    def elbo(self, x, condition=None, num_samples=1, seed=None):
        """A Monte Carlo estimate of the evidence lower bound on log p(x), `[B]` in nats."""
        checks.positive("num_samples", num_samples)
        seed = backend.next_seed(keras.random.SeedGenerator(seed))
        return ops.mean(self.log_weights(x, condition, num_samples, seed), axis=0)

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
        checks.positive("num_samples", num_samples)
        x, condition = self.check(x, condition)
        seeds = keras.random.SeedGenerator(seed)
        examples = max(1, _DECODES_AT_ONCE // num_samples)
        estimates = []
        for start in range(0, x.shape[0], examples):
            rows = slice(start, start + examples)
            x_rows, condition_rows = x[rows], None if condition is None else condition[rows]
            total = -math.inf
            for done in range(0, num_samples, _DECODES_AT_ONCE):
                k = min(_DECODES_AT_ONCE, num_samples - done)
                block = self._compiled_log_sum_weights(x_rows, condition_rows, k, backend.next_seed(seeds))
                total = ops.logaddexp(total, block)
            estimates.append(total - math.log(num_samples))
        return ops.concatenate(estimates)

    def _log_sum_weights(self, x, condition, num_samples, seed):
        return ops.logsumexp(self.log_weights(x, condition, num_samples, seed), axis=0)

    def reconstruct(self, x, condition=None):
        """The likelihood's mean at the posterior's mean, `[B, *event_shape]`."""
        return self.decode(self.encode(x, condition).mean(), condition).mean()

    def sample(self, n, condition=None, seed=None, mean=False):
        """Draws `n` examples of p(x), `[n, *event_shape]`, those of an unbounded likelihood clipped to [0, 1].

        Args:
            n: number of examples.
            condition: labels `[n]` of a conditional model.
            seed: an integer for repeatable draws, None for fresh ones.
            mean: return E[x | z] instead of a draw from p(x | z): smooth pictures, not samples of the model.
        """
        n = checks.positive("n", n)
        condition = checks.labels(condition, self.num_classes)
        if condition is not None and condition.shape[0] != n:
            raise ValueError(f"Expected one label for each of n={n} examples. Received: {condition.shape[0]} labels.")
        seeds = keras.random.SeedGenerator(seed)
        examples = []
        for start in range(0, n, _SAMPLES_AT_ONCE):
            rows = slice(start, min(n, start + _SAMPLES_AT_ONCE))
            z = self.bottleneck.sample(rows.stop - start, backend.next_seed(seeds))
            likelihood = self.decode(z, None if condition is None else condition[rows])
            examples.append(likelihood.mean() if mean else likelihood.sample(seed=backend.next_seed(seeds)))
        return ops.clip(ops.concatenate(examples), 0.0, 1.0)

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, shapes of its inputs without batch axis).

        Nothing is drawn inside: randomness enters as standard normal noise. A conditional model takes labels too.
        `kerasgen.export.signatures.TENSORS` says what each name stands for.
        """

        def encode(images, labels=None):
            posterior = self.encode(images, labels)
            return {"mean": posterior.mean(), "scale": posterior.stddev()}

        def decode(z, labels=None):
            return {"images": self.decode(z, labels).mean()}

        def sample(noise, labels=None):
            prior = self.bottleneck.prior()
            return decode(prior.mean() + prior.stddev() * noise, labels)

        def reconstruct(images, labels=None):
            return {"images": self.reconstruct(images, labels)}

        def elbo(images, noise, labels=None):
            posterior = self.encode(images, labels)
            z = posterior.mean() + posterior.stddev() * noise
            kl = posterior.kl_divergence(self.bottleneck.prior())
            return {"elbo": self.decode(z, labels).log_prob(ops.convert_to_tensor(images)) - kl}

        code = self.bottleneck.latent_shape
        labels = {} if self.num_classes is None else {"labels": ()}
        return {
            "encode": (encode, {"images": self.event_shape, **labels}),
            "decode": (decode, {"z": code, **labels}),
            "sample": (sample, {"noise": code, **labels}),
            "reconstruct": (reconstruct, {"images": self.event_shape, **labels}),
            "elbo": (elbo, {"images": self.event_shape, "noise": code, **labels}),
        }

    def get_config(self):
        parts = ("encoder", "bottleneck", "decoder", "likelihood", "objective")
        return {
            **super().get_config(),
            **{part: keras.saving.serialize_keras_object(getattr(self, part)) for part in parts},
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})
