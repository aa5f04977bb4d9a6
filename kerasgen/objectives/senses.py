"""The ELBO of several senses, weighed."""

import math
from typing import Annotated, Any

from kerasgen.checks.arguments import named, real
from kerasgen.objectives.bounds import ELBO
from kerasgen.registration import register


@register
class SensesELBO(ELBO):
    """The ELBO of several senses, each sense's log-likelihood with a weight of its own.

    A picture of many pixels drowns a sense of few numbers (Shi and others 2019, arXiv 1911.03393,
    appendix C). With other weights than 1 it bounds no probability.

    Args:
        weights: of the senses by name; one that is not named weighs 1.
        beta, warmup_steps, num_samples, warmup: as of `ELBO`.

    >>> from kerasgen.bottlenecks import Gaussian
    >>> SensesELBO({"point": 50.0}).term_names(Gaussian(2))
    ('reconstruction', 'kl')
    """

    def __init__(
        self, weights: Annotated[dict[str, float], named(real(0, math.inf, "[)"))], **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.weights_of_senses = dict(weights)

    def log_likelihood(self, likelihood, x):
        """The weighted sum of the senses' log-likelihoods, `[num_samples, B]`."""
        log_probs = likelihood.log_probs(x)
        return sum(self.weights_of_senses.get(name, 1.0) * log_probs[name] for name in log_probs)
