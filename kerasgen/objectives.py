"""What a latent-variable model maximises.

ELBO       E_q[log p(x | z)] - beta KL(q(z | x) || p(z))   Kingma and Welling 2014, arXiv 1312.6114
IWAE       E_q[log mean_k p(x, z_k) / q(z_k | x)]          Burda and others 2016, arXiv 1509.00519
TCVAE      the ELBO with the KL in three weighted parts    Chen and others 2018, arXiv 1802.04942
REINFORCE  the ELBO of tokens, its gradient by draws       Williams 1992; Kool and others 2019
"""

import math

import keras
from keras import ops

from kerasgen import annealing, backend, bottlenecks, checks
from kerasgen.distributions.decomposition import kl_parts
from kerasgen.loss import Loss
from kerasgen.registration import register


class Objective(keras.layers.Layer):
    """Base of the objectives: `loss(model, x, condition, training) -> Loss`, whose terms are named
    by `term_names(bottleneck)`. A layer, so that it may own variables.

    Attributes:
        needs_prior: whether the model is to have a `prior`, and score by it.

    >>> ELBO().needs_prior, IWAE(5).needs_prior
    (False, True)
    """

    needs_prior = False

    def build(self, input_shape=None):
        """Makes the counter of training steps."""
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True

    def count_step(self, training):
        if training:
            self.step.assign_add(1)


@register
class ELBO(Objective):
    """The evidence lower bound.

    Args:
        beta: weight of the bottleneck's terms (Higgins and others 2017); 1 makes the bound one on
            log p(x).
        warmup_steps: training steps over which the weight rises from 0 to beta. The steps taken are
            saved with the weights: fine-tuning does not warm up again.
        num_samples: Monte Carlo samples of z for each example.
        warmup: how the weight rises, "linear" or "cosine".

    Raises:
        ValueError: an unknown warm-up, or no samples.

    >>> list(ELBO(beta=4.0, warmup_steps=1000).term_names(bottlenecks.Gaussian(2)))
    ['reconstruction', 'kl']
    """

    def __init__(self, beta=1.0, warmup_steps=0, num_samples=1, warmup="linear", **kwargs):
        super().__init__(**kwargs)
        if warmup not in ("linear", "cosine"):
            raise ValueError(f"Expected warmup to be 'linear' or 'cosine'. Received: {warmup!r}")
        self.beta = beta
        self.warmup_steps = warmup_steps
        self.num_samples = checks.positive("num_samples", num_samples)
        self.warmup = warmup

    def term_names(self, bottleneck):
        return ("reconstruction", *bottleneck.term_names)

    def loss(self, model, x, condition=None, training=False):
        """-log p(x | z) and the bottleneck's terms, each `[B]` in nats."""
        code = model.code(x, condition, self.num_samples, training)
        log_likelihood = self.log_likelihood(model.decode(code.z, condition, training), x)
        return self._weighed(ops.mean(log_likelihood, axis=0), code.terms, code.weights, training)

    def log_likelihood(self, likelihood, x):
        """log p(x | z) as it counts, `[num_samples, B]`."""
        return likelihood.log_prob(x)

    def _weighed(self, log_likelihood, terms, weights, training):
        self.count_step(training)
        beta = self.beta
        if self.warmup_steps:
            beta = getattr(annealing, self.warmup)(self.step, self.warmup_steps, 0.0, beta)
        weights = {name: beta * weights.get(name, 1.0) for name in terms}
        return Loss({"reconstruction": -log_likelihood, **terms}, weights)


@register
class SensesELBO(ELBO):
    """The ELBO of several senses, each sense's log-likelihood with a weight of its own.

    A picture of many pixels drowns a sense of few numbers (Shi and others 2019, arXiv 1911.03393,
    appendix C). With other weights than 1 it bounds no probability.

    Args:
        weights: of the senses by name; one that is not named weighs 1.
        beta, warmup_steps, num_samples, warmup: as of `ELBO`.

    >>> list(SensesELBO({"point": 50.0}).term_names(bottlenecks.Gaussian(2)))
    ['reconstruction', 'kl']
    """

    def __init__(self, weights, **kwargs):
        super().__init__(**kwargs)
        self.weights_of_senses = dict(weights)

    def log_likelihood(self, likelihood, x):
        """The weighted sum of the senses' log-likelihoods, `[num_samples, B]`."""
        log_probs = likelihood.log_probs(x)
        return sum(self.weights_of_senses.get(name, 1.0) * log_probs[name] for name in log_probs)


@register
class TCVAE(Objective):
    """The ELBO of beta-TCVAE: beta weighs the dependence between latent dimensions alone.

    With the aggregate posterior q(z) = mean_n q(z | x_n) over the training set,

        KL(q(z | x) || p(z)) = log q(z | x) / q(z)              mutual_information
                             + log q(z) / prod_d q(z_d)         total_correlation
                             + log prod_d q(z_d) / p(z)         dimension_kl

    on average over x and z from q(z | x). q(z) is estimated from the batch, so that each estimated
    term is biased in a small batch, while their sum is not. Under a strategy every replica
    estimates it from its own part of the batch.

    Args:
        dataset_size: number of training examples.
        alpha, beta, gamma: weights of the three terms.

    Raises:
        ValueError: a model is built with it on another bottleneck than `Gaussian`, whose dimensions
            are independent.

    >>> sorted(TCVAE(dataset_size=1000).term_names(bottlenecks.Gaussian(2)))
    ['dimension_kl', 'mutual_information', 'reconstruction', 'total_correlation']
    """

    needs_prior = True
    _PARTS: tuple[str, ...] = ("mutual_information", "total_correlation", "dimension_kl")

    def __init__(self, dataset_size, alpha=1.0, beta=6.0, gamma=1.0, **kwargs):
        super().__init__(**kwargs)
        self.dataset_size = dataset_size
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma

    def term_names(self, bottleneck):
        if not bottleneck.independent_units:
            raise ValueError(
                "Expected a bottleneck of independent Gaussian dimensions, bottlenecks.Gaussian, "
                f"for TCVAE. Received: {type(bottleneck).__name__}. Use ELBO with it."
            )
        return ("reconstruction", *self._PARTS)

    def loss(self, model, x, condition=None, training=False):
        """-log p(x | z) and the three parts of the KL by one draw of z, each `[B]` in nats."""
        posterior = model.posterior(x, condition, training)
        z = posterior.sample(seed=backend.next_seed(model.bottleneck.noise))
        parts = kl_parts(z, posterior, model.prior(condition), self.dataset_size)
        terms = {"reconstruction": -model.decode(z, condition, training).log_prob(x)}
        weights = dict(zip(self._PARTS, (self.alpha, self.beta, self.gamma)))
        return Loss(terms | dict(zip(self._PARTS, parts)), weights)


@register
class IWAE(Objective):
    """The importance-weighted bound, after a start on the ELBO, which trains the encoder faster.

    Args:
        num_samples: importance samples k for each example.
        start_step: training steps on one sample, the ELBO, before the k samples begin. Saved with
            the weights.

    Raises:
        ValueError: no samples; a model is built with it whose bottleneck has no prior over real
            numbers.

    >>> list(IWAE(num_samples=5).term_names(bottlenecks.Gaussian(2)))
    ['iwae']
    """

    needs_prior = True

    def __init__(self, num_samples, start_step=0, **kwargs):
        super().__init__(**kwargs)
        self.num_samples = checks.positive("num_samples", num_samples)
        self.start_step = start_step

    def term_names(self, bottleneck):
        if not bottleneck.has_prior:
            raise ValueError(
                f"Expected a bottleneck of real numbers with a prior, {bottlenecks.WITH_PRIOR}, "
                f"for IWAE. Received: {type(bottleneck).__name__}. Use ELBO with it."
            )
        return ("iwae",)

    def loss(self, model, x, condition=None, training=False):
        """-log (1/k) sum_k p(x, z_k) / q(z_k | x), `[B]` in nats."""
        seed = backend.next_seed(model.seeds)

        def bound(num_samples):
            log_weights = model.log_weights(x, condition, num_samples, seed, training)
            return ops.logsumexp(log_weights, axis=0) - math.log(num_samples)

        self.count_step(training)
        if not self.start_step:
            return Loss({"iwae": -bound(self.num_samples)})
        started = self.step > self.start_step
        return Loss({"iwae": -ops.cond(started, lambda: bound(self.num_samples), lambda: bound(1))})


@register
class REINFORCE(ELBO):
    """The ELBO of a discrete bottleneck, with an unbiased gradient that needs no relaxation.

    For ids i drawn from q and the log-likelihoods l of n draws, the gradient of E_q[l] with respect
    to q is taken as

        (1/n) sum_k (l_k - mean of the other l_j) grad log q(i_k)

    (Williams, Simple Statistical Gradient-Following Algorithms, 1992; the leave-one-out baseline:
    Kool, van Hoof and Welling, Buy 4 REINFORCE Samples, Get a Baseline for Free!, 2019). That of
    the decoder is the mean over the draws.

    Args:
        num_samples: draws n of each example, at least 2.
        beta, warmup_steps, warmup: as of `ELBO`.

    Raises:
        ValueError: fewer than 2 draws; a model is built with it on another bottleneck than
            `GumbelSoftmax`.

    >>> list(REINFORCE(num_samples=8).term_names(bottlenecks.GumbelSoftmax(16, 4)))
    ['reconstruction', 'kl']
    """

    def __init__(self, num_samples=4, **kwargs):
        if num_samples < 2:
            raise ValueError(
                f"Expected at least 2 samples, each other's baseline. Received: {num_samples}"
            )
        super().__init__(num_samples=num_samples, **kwargs)

    def term_names(self, bottleneck):
        if not bottleneck.has_token_probabilities:
            raise ValueError(
                "Expected a bottleneck with probabilities of ids, bottlenecks.GumbelSoftmax, for "
                f"REINFORCE. Received: {type(bottleneck).__name__}. Use ELBO with it."
            )
        return super().term_names(bottleneck)

    def loss(self, model, x, condition=None, training=False):
        """-log p(x | tokens) and KL(q(tokens | x) || p(tokens)), each `[B]` in nats."""
        posterior, n = model.posterior(x, condition, training), self.num_samples
        ids = posterior.sample(n, seed=backend.next_seed(model.bottleneck.noise))
        # [n, B]
        log_likelihood = model.decode(model.bottleneck.embed(ids), condition, training).log_prob(x)
        advantage = (log_likelihood - ops.mean(log_likelihood, axis=0)) * n / (n - 1)
        score = ops.stop_gradient(advantage) * posterior.log_prob(ids)
        # The value of the likelihood, the gradient of both.
        gain = log_likelihood + score - ops.stop_gradient(score)
        kl = {"kl": posterior.kl_divergence(model.bottleneck.prior())}
        return self._weighed(ops.mean(gain, axis=0), kl, {}, training)
