"""Remedies against a code that tells nothing, as of sentences whose decoder can do without it.

Free bits     E_q[log p(x | z)] - beta sum_d max(free, KL_d)      Kingma and others 2016, 1606.04934
Bag of words  another bound + weight E_q[log p(words of x | z)]   Zhao and others 2017, 1703.10960

Others are a warm-up of `ELBO`, once or in cycles, and `AutoregressiveTokens(word_dropout=...)`.
"""

from typing import Any

from keras import ops

from kerasgen import backend
from kerasgen.checks.arguments import Part, Weight
from kerasgen.loss import Loss
from kerasgen.objectives.bounds import ELBO, Objective
from kerasgen.registration import register


@register
class FreeBits(ELBO):
    """The ELBO in which every unit of the code may cost so many nats, on average over a batch,
    before its cost counts: the term `charged`. The term `kl` is logged and weighs nothing.

    Args:
        nats: of every unit that cost nothing.
        beta, warmup_steps, num_samples, warmup: as of `ELBO`.

    Raises:
        ValueError: a model is built with it on a bottleneck without a prior.

    >>> from kerasgen.bottlenecks import Gaussian
    >>> FreeBits(nats=0.25).term_names(Gaussian(2))
    ('reconstruction', 'kl', 'charged')
    """

    needs_prior = True

    def __init__(self, nats: Weight, **kwargs: Any):
        super().__init__(**kwargs)
        self.nats = nats

    def term_names(self, bottleneck):
        return (*super().term_names(bottleneck), "charged")

    def loss(self, model, x, condition=None, training=False):
        """-log p(x | z), the KL and what of it is charged, each `[B]` in nats."""
        bottleneck, posterior = model.bottleneck, model.posterior(x, condition, training)
        z = posterior.sample(self.num_samples, seed=backend.next_seed(bottleneck.noise))
        log_likelihood = self.log_likelihood(model.decode(z, condition, training), x)
        kl = bottleneck.kl_by_unit(posterior, z, condition)  # [B, D]
        charged = ops.sum(ops.maximum(ops.mean(kl, axis=0), self.nats))
        kl = ops.sum(kl, axis=-1)
        terms = {"kl": kl, "charged": ops.broadcast_to(charged, ops.shape(kl))}
        return self._weighed(ops.mean(log_likelihood, axis=0), terms, {"kl": 0.0}, training)


@register
class BagOfWords(Objective):
    """Another objective, and the words of a sentence in any order as the code alone tells them.

    Args:
        objective: the other.
        weight: of the term `bag_of_words`.

    Raises:
        ValueError: a model is built with it whose likelihood has no bag of words.

    >>> from kerasgen.bottlenecks import Gaussian
    >>> BagOfWords(ELBO()).term_names(Gaussian(2))
    ('reconstruction', 'kl', 'bag_of_words')
    """

    def __init__(self, objective: Part[Objective], weight: Weight = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.objective = objective
        self.weight = weight
        self.needs_prior = objective.needs_prior

    @property
    def warmup_steps(self):
        """Of the other."""
        return getattr(self.objective, "warmup_steps", 0)

    def build_for(self, event):
        self.objective.build_for(event)
        self.built = True

    def check_likelihood(self, likelihood):
        """Refuses a likelihood without a bag of words."""
        if not likelihood.has_bag:
            raise ValueError(
                "Expected AutoregressiveTokens(bag_of_words=True, ...) for BagOfWords. "
                f"Received: {type(likelihood).__name__} without one."
            )

    def term_names(self, bottleneck):
        return (*self.objective.term_names(bottleneck), "bag_of_words")

    def loss(self, model, x, condition=None, training=False):
        """The other's terms, and -log p of the words by codes drawn anew, each `[B]` in nats."""
        terms, weights = self.objective.loss(model, x, condition, training)
        z = model.code(x, condition, 1, training).z
        log_probs = model.decode(z, condition, training).bag_log_probs(x)
        bag = -ops.sum(log_probs, axis=-1)[0]
        return Loss(terms | {"bag_of_words": bag}, weights | {"bag_of_words": self.weight})
