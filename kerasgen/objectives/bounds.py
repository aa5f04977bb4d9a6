"""Bounds on log p(x) of codes of real numbers.

ELBO       E_q[log p(x | z)] - beta KL(q(z | x) || p(z))   Kingma and Welling 2014, arXiv 1312.6114
IWAE       E_q[log mean_k p(x, z_k) / q(z_k | x)]          Burda and others 2016, arXiv 1509.00519
"""

import math
from typing import Annotated, Any

import keras
from keras import ops

from kerasgen import annealing, backend, bottlenecks
from kerasgen.checks.arguments import Check, Count, Steps, one_of, real
from kerasgen.events import Event
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

    def build_for(self, event: Event) -> None:
        """Makes what it keeps, for a model of an event."""
        if not self.built:
            self.build()

    def check_likelihood(self, likelihood):
        """Raises a ValueError for a model's likelihood that the objective does not go with."""

    def count_step(self, training):
        if training:
            self.step.assign_add(1)


@Check
def _beta(name, value):
    return value if isinstance(value, keras.Variable) else real(0, math.inf, "[)")(name, value)


@register
class ELBO(Objective):
    """The evidence lower bound.

    Args:
        beta: weight of the bottleneck's terms (Higgins and others 2017); 1 makes the bound one on
            log p(x).
        warmup_steps: training steps over which the weight rises from 0 to beta. The steps taken are
            saved with the weights: fine-tuning does not warm up again.
        num_samples: Monte Carlo samples of z for each example.
        warmup: how the weight rises: "linear", "cosine", or "cyclic", four times from 0.

    Raises:
        ValueError: an unknown warm-up, or no samples.

    >>> list(ELBO(beta=4.0, warmup_steps=1000).term_names(bottlenecks.Gaussian(2)))
    ['reconstruction', 'kl']
    """

    def __init__(
        self,
        beta: Annotated[float | keras.Variable, _beta] = 1.0,
        warmup_steps: Steps = 0,
        num_samples: Count = 1,
        warmup: Annotated[str, one_of("linear", "cosine", "cyclic")] = "linear",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.beta = beta
        self.warmup_steps = warmup_steps
        self.num_samples = num_samples
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

    def __init__(self, num_samples: Count, start_step: Steps = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_samples = num_samples
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
