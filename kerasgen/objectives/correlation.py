"""The ELBO with the KL in three weighted parts: Chen and others 2018, arXiv 1802.04942."""

from typing import Any

from kerasgen import backend
from kerasgen.checks.arguments import Count, Weight
from kerasgen.loss import Loss
from kerasgen.objectives.bounds import Objective
from kerasgen.objectives.decomposition import kl_parts
from kerasgen.registration import register


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

    >>> from kerasgen.bottlenecks import Gaussian
    >>> sorted(TCVAE(dataset_size=1000).term_names(Gaussian(2)))
    ['dimension_kl', 'mutual_information', 'reconstruction', 'total_correlation']
    """

    needs_prior = True
    _PARTS: tuple[str, ...] = ("mutual_information", "total_correlation", "dimension_kl")

    def __init__(
        self,
        dataset_size: Count,
        alpha: Weight = 1.0,
        beta: Weight = 6.0,
        gamma: Weight = 1.0,
        **kwargs: Any,
    ):
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
