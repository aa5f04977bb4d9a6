"""What a latent-variable model maximises.

    ELBO    E_q[log p(x | z)] - beta KL(q(z | x) || p(z))                      Kingma and Welling 2014, arXiv 1312.6114
    IWAE    E_q[log mean_k p(x, z_k) / q(z_k | x)], tighter with every sample  Burda and others 2016, arXiv 1509.00519
"""

import math

import keras
from keras import ops

from kerasgen import backend


def register(cls):
    return keras.saving.register_keras_serializable(package="kerasgen.objectives")(cls)


class Objective(keras.layers.Layer):
    """Base of the objectives: named loss terms, and the weights beside them. A layer, so that it may own variables."""

    def build(self, input_shape=None):
        """Makes the counter of training steps."""
        self.step = self.add_weight(
            name="step", shape=(), dtype="int32", initializer="zeros", trainable=False, aggregation="only_first_replica"
        )
        self.built = True

    def term_weights(self, bottleneck):
        """Weights by term name; a term that is not named weighs 1."""
        return {}


@register
class ELBO(Objective):
    """The evidence lower bound.

    Args:
        beta: weight of the bottleneck's terms (Higgins and others 2017); 1 makes the bound one on log p(x).
        warmup_steps: training steps over which the weight rises from 0 to beta. The steps taken are saved with the
            weights: fine-tuning does not warm up again.
        num_samples: Monte Carlo samples of z for each example.
    """

    def __init__(self, beta=1.0, warmup_steps=0, num_samples=1, **kwargs):
        super().__init__(**kwargs)
        self.beta = beta
        self.warmup_steps = warmup_steps
        self.num_samples = num_samples

    def term_names(self, bottleneck):
        return ("reconstruction", *bottleneck.term_names)

    def terms(self, model, x, condition=None, training=False):
        """-log p(x | z) and the bottleneck's terms, each `[B]` in nats."""
        code = model.bottleneck(model.features(x, condition), num_samples=self.num_samples)
        log_likelihood = ops.mean(model.decode(code.z, condition).log_prob(x), axis=0)
        if training:
            self.step.assign_add(1)
        return {"reconstruction": -log_likelihood, **code.terms}

    def term_weights(self, bottleneck):
        beta = self.beta
        if self.warmup_steps:
            beta *= ops.minimum(ops.cast(self.step, "float32") / self.warmup_steps, 1.0)
        return dict.fromkeys(bottleneck.term_names, beta)

    def get_config(self):
        config = {"beta": self.beta, "warmup_steps": self.warmup_steps, "num_samples": self.num_samples}
        return {**super().get_config(), **config}


@register
class IWAE(Objective):
    """The importance-weighted bound, after a start on the ELBO, which trains the encoder faster.

    Args:
        num_samples: importance samples k for each example.
        start_step: training steps on one sample, the ELBO, before the k samples begin. Saved with the weights.
    """

    def __init__(self, num_samples, start_step=0, **kwargs):
        super().__init__(**kwargs)
        self.num_samples = num_samples
        self.start_step = start_step

    def term_names(self, bottleneck):
        return ("iwae",)

    def terms(self, model, x, condition=None, training=False):
        """-log (1/k) sum_k p(x, z_k) / q(z_k | x), `[B]` in nats."""
        seed = backend.next_seed(model.seeds)

        def bound(num_samples):
            log_weights = model.log_weights(x, condition, num_samples, seed)
            return ops.logsumexp(log_weights, axis=0) - math.log(num_samples)

        if training:
            self.step.assign_add(1)
        if not self.start_step:
            return {"iwae": -bound(self.num_samples)}
        started = self.step > self.start_step
        return {"iwae": -ops.cond(started, lambda: bound(self.num_samples), lambda: bound(1))}

    def get_config(self):
        return {**super().get_config(), "num_samples": self.num_samples, "start_step": self.start_step}
