"""How critics are trained, and what they report."""

import keras
import tensorflow as tf

from kerasgen import backend


def estimate(divergence, real, fake):
    return float(divergence.estimate(real.astype("float32"), fake.astype("float32")))


def train(variables, terms, constrain=lambda variables: None, rate=0.01, steps=600):
    """Makes the mean of `terms()` small."""
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    optimizer.build(variables)

    @tf.function
    def run():
        for _ in tf.range(steps):
            _, gradients = backend.value_and_gradients(
                lambda: (keras.ops.mean(terms()), None), variables
            )
            optimizer.apply(gradients, variables)
            constrain(variables)

    run()
