"""The ELBO of tokens, its gradient by draws: Williams 1992; Kool and others 2019."""

from typing import Annotated, Any

from keras import ops

from kerasgen import backend
from kerasgen.checks.arguments import whole
from kerasgen.objectives.bounds import ELBO
from kerasgen.registration import register


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

    >>> from kerasgen.bottlenecks import GumbelSoftmax
    >>> REINFORCE(num_samples=8).term_names(GumbelSoftmax(16, 4))
    ('reconstruction', 'kl')
    """

    def __init__(self, num_samples: Annotated[int, whole(2, 2**31 - 1)] = 4, **kwargs: Any):
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
