"""Latent-variable models: a code z from the prior, then data from the likelihood that a decoder
predicts from z.

    p(x) = integral of p(x | z) p(z) dz >= E_q(z | x)[log p(x | z)] - KL(q(z | x) || p(z))

Kingma and Welling, Auto-Encoding Variational Bayes, 2014 (arXiv 1312.6114).
"""

import keras
from keras import ops

from kerasgen import backend, bottlenecks, fitting
from kerasgen.abilities import Samples, Scores
from kerasgen.entrance import entrance
from kerasgen.families.autoencoder import Autoencoder
from kerasgen.registration import register


@register
class LatentVariableModel(Samples, Scores, Autoencoder):
    """A latent-variable model, such as a VAE or an IWAE: an autoencoder whose bottleneck has a
    prior, so that it samples and scores.

    Arguments and errors are those of `Autoencoder`; a bottleneck without a prior, too, is a
    ValueError. One way to draw: `sample(n, mean=True)` gives the mean of p(x | z) instead of a
    draw, smooth pictures, not samples of the model. Of an autoregressive likelihood it is every
    pixel's mean given the likeliest ones before it.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> tuple(model.sample(3, seed=0).shape)
    (3, 4, 4, 1)
    >>> tuple(model.log_prob(np.ones((3, 4, 4, 1)), num_samples=5, seed=0).shape)
    (3,)
    """

    likelihood_kind = "estimate"
    samples_at_once = 256
    num_seeds = 2  # of codes and of pixels

    @classmethod
    def term_names(cls, bottleneck, objective):
        """Names of the loss terms; a bottleneck without a prior is a ValueError."""
        if not bottleneck.has_prior:
            raise ValueError(
                f"Expected a bottleneck of real numbers with a prior, {bottlenecks.WITH_PRIOR}. "
                f"Received: {type(bottleneck).__name__}. Use Autoencoder or DiscreteAutoencoder."
            )
        return objective.term_names(bottleneck)

    def build(self, input_shape=None):
        if not self.built:
            self.seeds = keras.random.SeedGenerator()  # of importance samples drawn in training
        super().build(input_shape)

    @entrance
    def prior(self, condition=None):
        """p(z), or where the bottleneck's prior depends on it, p(z | condition)."""
        return self.bottleneck.prior(condition)

    @entrance
    def log_weights(self, x, condition=None, num_samples=1, seed=None, training=False):
        """log p(x | z) + log p(z) - log q(z | x) for z drawn from q(z | x), `[num_samples, B]`.

        Args:
            seed: a backend seed; None draws from the model's own seed generator.
            training: how the networks are called.
        """
        seed = backend.next_seed(self.seeds) if seed is None else seed
        posterior = self.posterior(x, condition, training)
        z = posterior.sample(num_samples, seed=seed)
        log_likelihood = self.decode(z, condition, training).log_prob(x)
        return log_likelihood + self.prior(condition).log_prob(z) - posterior.log_prob(z)

    def _log_weights(self, x, condition, seed, num_samples):
        return self.log_weights(x, condition, num_samples, seed)

    def elbo(self, x, condition=None, num_samples=1, seed=None):
        """A Monte Carlo estimate of the evidence lower bound on log p(x), `[B]` in nats; arguments
        as of `log_prob`."""
        return self._estimate(ops.sum, ops.add, x, condition, num_samples, seed) / num_samples

    def _sample(self, n, seed, condition, *, mean=False):
        of_code, of_pixels = seed
        likelihood = self.decode(self.bottleneck.sample(n, of_code, condition), condition)
        return likelihood.mean() if mean else likelihood.sample(seed=of_pixels)

    def exported_ways(self):
        return {"mean": True}

    @property
    def levels(self):
        return self.likelihood.levels

    @property
    def shows_means(self):
        return not self.likelihood.autoregressive

    def export_signatures(self):
        """Those of `Autoencoder`, and what the prior adds: `sample` and `elbo`."""
        condition = self.condition.tensors()
        noise = {"noise": fitting.noise_tensor(self.bottleneck.latent_shape)} | condition
        bottleneck = self.bottleneck

        def sample(noise, **tensors):
            """New examples, the mean of the likelihood of codes that noise draws."""
            given = self.condition.pack(tensors)
            z = bottleneck.from_noise(self.prior(given), noise)
            return self.event.unpack(self.event.clip(self.decode(z, given).mean()))

        def elbo(noise, **tensors):
            """How likely examples are: the evidence lower bound, by one code that noise draws."""
            x, given = self.unpacked(tensors)
            posterior = self.posterior(x, given)
            z = bottleneck.from_noise(posterior, noise)
            kl = sum(bottleneck.terms(posterior, z[None], given).values())
            return {"elbo": self.decode(z, given).log_prob(x) - kl}

        return super().export_signatures() | {
            "sample": (sample, noise),
            "elbo": (elbo, self.event.tensors() | noise),
        }
