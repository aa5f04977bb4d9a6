"""Fréchet distance after equal wall time: wgan_gp_fashion's recipe against the WGAN-GP example of
keras.io.

    python benchmarks/frechet_wgan_gp.py --seconds 900

The example (https://keras.io/examples/generative/wgan_gp/) is written again here: its networks,
optimizers, batches of 512, three steps of the critic and penalty of 10, on Fashion-MNIST as it
does. Each side trains for as many seconds, compilation left out, one after the other; then 10,000
samples of each are measured by `classifier_fashion`.
"""

import argparse
import dataclasses
import pathlib
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from kerasgen import data, zoo
from kerasgen.metrics import features
from kerasgen.metrics.frechet import Moments, frechet_distance
from kerasgen.recipe import Recipe
from kerasgen.training import schedule

_ROOT = pathlib.Path(__file__).parent.parent
RECIPE = _ROOT / "zoo" / "wgan_gp_fashion" / "recipe.yaml"
_SET = "fashion_mnist"
_SAMPLES = 10_000
_BATCH = 500
_NEVER = 10**9  # steps


class Peer(keras.Model):
    """The example's model; images in [-1, 1] inside, in [0, 1] outside."""

    noise_dim, critic_steps, penalty, batch_size = 128, 3, 10.0, 512

    def __init__(self):
        super().__init__()
        self.critic = keras.Sequential([keras.Input((28, 28, 1)), layers.ZeroPadding2D(2)])
        for width, dropout in ((64, 0.0), (128, 0.3), (256, 0.3), (512, 0.0)):
            self.critic.add(layers.Conv2D(width, 5, strides=2, padding="same"))
            self.critic.add(layers.LeakyReLU(0.2))
            self.critic.add(layers.Dropout(dropout))
        for layer in (layers.Flatten(), layers.Dropout(0.2), layers.Dense(1)):
            self.critic.add(layer)
        self.generator = keras.Sequential(
            [keras.Input((self.noise_dim,)), layers.Dense(4096, use_bias=False)]
        )
        for layer in (
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Reshape((4, 4, 256)),
        ):
            self.generator.add(layer)
        for width, activation in (
            (128, layers.LeakyReLU(0.2)),
            (64, layers.LeakyReLU(0.2)),
            (1, layers.Activation("tanh")),
        ):
            self.generator.add(layers.UpSampling2D())
            self.generator.add(layers.Conv2D(width, 3, padding="same", use_bias=False))
            self.generator.add(layers.BatchNormalization())
            self.generator.add(activation)
        self.generator.add(layers.Cropping2D(2))
        self.built = True

    def compile(self):
        super().compile(jit_compile=False)  # XLA's convolutions are slower on CPUs, for either side
        self.critic_optimizer, self.generator_optimizer = (
            keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.9) for _ in range(2)
        )
        self.critic_optimizer.build(self.critic.trainable_variables)
        self.generator_optimizer.build(self.generator.trainable_variables)

    def train_step(self, data):
        x = 2.0 * keras.utils.unpack_x_y_sample_weight(data)[0] - 1.0
        n = tf.shape(x)[0]
        for _ in range(self.critic_steps):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((n, self.noise_dim)), training=True)
                between = x + tf.random.uniform((n, 1, 1, 1)) * (fake - x)
                with tf.GradientTape() as inner:
                    inner.watch(between)
                    score = self.critic(between, training=True)
                norm = tf.sqrt(tf.reduce_sum(inner.gradient(score, between) ** 2, axis=(1, 2, 3)))
                wasserstein = tf.reduce_mean(
                    self.critic(x, training=True) - self.critic(fake, training=True)
                )
                loss = self.penalty * tf.reduce_mean((norm - 1.0) ** 2) - wasserstein
            variables = self.critic.trainable_variables
            self.critic_optimizer.apply(tape.gradient(loss, variables), variables)
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((n, self.noise_dim)), training=True)
            loss = -tf.reduce_mean(self.critic(fake, training=True))
        variables = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(loss, variables), variables)
        return {"divergence": wasserstein}

    def sample(self, n, seed):
        noise = np.random.default_rng(seed).standard_normal((n, self.noise_dim)).astype("float32")
        return (self.generator.predict(noise, batch_size=_BATCH, verbose=0) + 1.0) / 2.0


class Clock(keras.callbacks.Callback):
    """Ends training a number of seconds after the first step, which compiles."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.steps, self.began = seconds, 0, None

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.began is None:
            self.began = time.monotonic()
        else:
            self.model.stop_training = time.monotonic() - self.began > self.seconds


def peer():
    model = Peer()
    model.compile()
    return model, model.batch_size


def ours():
    """The recipe's model at its learning rate, without the fall at the end, which is out
    of reach.
    """
    recipe = Recipe.load(RECIPE)
    model = recipe.build()
    model.compile(
        dataclasses.replace(schedule.of(recipe), decay=0.0).optimizer(_NEVER), jit_compile=False
    )
    return model, recipe.data["batch_size"]


def leg(make, images, seconds):
    """Trains for so many seconds: `(samples, steps of the generator, images that its
    critic saw)`.
    """
    keras.utils.set_random_seed(0)
    model, batch_size = make()
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images), seed=0).repeat()
    clock = Clock(seconds)
    model.fit(
        batches.batch(batch_size), epochs=1, steps_per_epoch=_NEVER, callbacks=[clock], verbose=0
    )
    return model.sample(_SAMPLES, seed=0), clock.steps, clock.steps * batch_size


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=900.0, help="that each side trains (default: %(default)s)"
    )
    args = parser.parse_args(argv)
    train, test = (
        np.concatenate([np.asarray(x) for x in data.load(_SET, split, _BATCH)])
        for split in ("train", "test")
    )
    extractor = features.of(zoo.judge(_SET))
    real = Moments.of(extractor.batches(test[:_SAMPLES]))
    print(
        f"{args.seconds:.0f} s each, {_SAMPLES:,} samples against {len(test):,} test examples, "
        f"{extractor.name}\n"
    )
    print(
        "| side | steps of the generator | images in thousands | Fréchet distance |\n| --- | ---: "
        "| ---: | ---: |"
    )
    distances = {}
    for name, make in (("kerasgen", ours), ("keras.io", peer)):
        samples, steps, seen = leg(make, train, args.seconds)
        distances[name] = frechet_distance(Moments.of(extractor.batches(np.asarray(samples))), real)
        print(f"| {name} | {steps:,} | {seen / 1000:,.0f} | {distances[name]:.1f} |", flush=True)
    return distances


if __name__ == "__main__":
    main()
