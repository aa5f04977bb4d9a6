"""What a latent-variable model maximises.

    ELBO    E_q[log p(x | z)] - beta KL(q(z | x) || p(z))                      Kingma and Welling 2014, arXiv 1312.6114
    IWAE    E_q[log mean_k p(x, z_k) / q(z_k | x)], tighter with every sample  Burda and others 2016, arXiv 1509.00519
"""

import math

import keras
from keras import ops


def register(cls):
    return keras.saving.register_keras_serializable(package="kerasgen.objectives")(cls)


class Objective(keras.layers.Layer):
    """Base of the objectives: named loss terms, and the weights beside them. A layer, so that it may own variables."""

    def build(self, input_shape=None):
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

    def build(self, input_shape=None):
        self.step = self.add_weight(
            name="step", shape=(), dtype="int32", initializer="zeros", trainable=False, aggregation="only_first_replica"
        )
        super().build(input_shape)

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
    """The importance-weighted bound.

    Args:
        num_samples: importance samples k for each example; with 1 the bound is the ELBO.
    """

    def __init__(self, num_samples, **kwargs):
        super().__init__(**kwargs)
        self.num_samples = num_samples

    def term_names(self, bottleneck):
        return ("iwae",)

    def terms(self, model, x, condition=None, training=False):
        """-log (1/k) sum_k p(x, z_k) / q(z_k | x), `[B]` in nats."""
        log_weights = model.log_weights(x, condition, self.num_samples)
        return {"iwae": math.log(self.num_samples) - ops.logsumexp(log_weights, axis=0)}

    def get_config(self):
        return {**super().get_config(), "num_samples": self.num_samples}
