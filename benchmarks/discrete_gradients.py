"""Bias and spread of three gradients through a discrete code, against the exact one, as a table and
as a picture.

    python benchmarks/discrete_gradients.py [--epochs 40] [--draws 500] [--out
    docs/discrete_gradients.png]

A small discrete VAE of 8x8 digits has 2 words of 8, so that the ELBO and its gradient follow from
all 64 codes. It is trained by Gumbel-softmax, by straight-through Gumbel-softmax and by REINFORCE
with a leave-one-out baseline, each from the same weights. Then, at the weights that REINFORCE leads
to, each way estimates the gradient of the encoder's last layer `draws` times on the same images:

    bias    |mean of the estimates - exact| / |exact|; what is left of an unbiased one is noise,
    spread / sqrt(draws) spread  sqrt of the mean of |estimate - mean of the estimates|^2, / |exact|

Every way decodes 4 codes an image.
"""

import argparse
import itertools
import pathlib

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerasgen import backend, bottlenecks, data, families, likelihoods, networks, objectives
from kerasgen.plot.figure import write

PICTURE = pathlib.Path(__file__).parents[1] / "docs" / "discrete_gradients.png"
SAMPLES = 4
VOCABULARY, POSITIONS = 8, 2
TEMPERATURES = (2.0, 1.0, 0.5, 0.25, 0.125, 0.0625)


def build(objective, temperature=1.0, straight_through=False, seed=0):
    """A model of 8x8 images; the same weights whatever the arguments but the seed."""
    keras.utils.set_random_seed(seed)
    temperatures = (temperature, temperature)
    bottleneck = bottlenecks.GumbelSoftmax(
        VOCABULARY, 16, temperatures=temperatures, straight_through=straight_through, seed=seed
    )
    encoder, decoder = networks.MLP((POSITIONS, 1, 32), (64,)), networks.MLP((8, 8, 1), (64,))
    return families.DiscreteAutoencoder(
        (8, 8, 1), encoder, bottleneck, decoder, likelihoods.Bernoulli(), objective
    )


def models():
    """`{way: a fresh model that is trained by it}`."""
    return {
        "Gumbel-softmax": build(objectives.ELBO(num_samples=SAMPLES)),
        "straight-through": build(objectives.ELBO(num_samples=SAMPLES), straight_through=True),
        "REINFORCE": build(objectives.REINFORCE(SAMPLES)),
    }


def exact_elbo(model, images):
    """E_q[log p(x | ids)] - KL(q || p) by enumeration of all ids, `[B]` in nats, differentiable."""
    codes = itertools.product(range(model.vocab_size), repeat=int(np.prod(model.grid_shape)))
    ids = np.array(list(codes), "int32").reshape(-1, 1, *model.grid_shape)  # [codes, 1, h, w]
    posterior = model.encode(images)
    z = model.bottleneck.embed(np.repeat(ids, images.shape[0], axis=1))
    log_likelihood = model.decode(z).log_prob(images)  # [codes, B]
    expected = ops.sum(ops.exp(posterior.log_prob(ids)) * log_likelihood, axis=0)
    return expected - posterior.kl_divergence(model.bottleneck.prior())


def exact_gradient(model, images):
    """Of the negative ELBO, mean over the images, with respect to the encoder's last layer, as one
    vector.
    """
    return _gradient(model, lambda: -ops.mean(exact_elbo(model, images)))()


def estimates(model, images, draws):
    """`draws` of what training takes the same gradient for, `[draws, size]`."""
    gradient = tf.function(_gradient(model, lambda: model.compute_loss(images)))
    return np.stack([gradient().numpy() for _ in range(draws)])


def _gradient(model, loss):
    variables = [variable.value for variable in model.bottleneck.projection.trainable_variables]

    def gradient():
        with tf.GradientTape() as tape:
            value = loss()
        return tf.concat(
            [tf.reshape(each, [-1]) for each in tape.gradient(value, variables)], axis=0
        )

    return gradient


def measure(model, images, exact, draws):
    """`(bias, spread)` relative to the exact gradient's length."""
    found = estimates(model, images, draws)
    mean, length = found.mean(axis=0), np.linalg.norm(exact)
    spread = np.sqrt(np.mean(np.sum((found - mean) ** 2, axis=1)))
    return float(np.linalg.norm(mean - exact) / length), float(spread / length)


def train(images, epochs):
    """`({way: exact ELBO after every epoch, mean over the images}, the model that REINFORCE
    trained)`.
    """
    curves, trained = {}, None
    for way, trained in models().items():
        trained.compile(keras.optimizers.Adam(3e-3))
        elbo = backend.function(lambda x, model=trained: ops.mean(exact_elbo(model, x)))
        curves[way] = [float(elbo(ops.convert_to_tensor(images)))]
        for _ in range(epochs):
            trained.fit(images, batch_size=64, verbose=0)
            curves[way].append(float(elbo(ops.convert_to_tensor(images))))
        print(f"{way:17} ELBO after {epochs} epochs: {curves[way][-1]:.2f} nats", flush=True)
    return curves, trained


def compare(trained, images, draws):
    """`{way: {temperature: (bias, spread)}}` at the weights of a trained model; REINFORCE at
    temperature None.
    """
    exact = np.asarray(exact_gradient(trained, images))
    results = {"Gumbel-softmax": {}, "straight-through": {}}
    for way, temperature in itertools.product(results, TEMPERATURES):
        model = build(objectives.ELBO(num_samples=SAMPLES), temperature, way == "straight-through")
        results[way][temperature] = _at(trained, model, images, exact, draws)
    results["REINFORCE"] = {
        None: _at(trained, build(objectives.REINFORCE(SAMPLES)), images, exact, draws)
    }
    for way, values in results.items():
        for temperature, (bias, spread) in values.items():
            setting = "" if temperature is None else f"temperature {temperature:g}"
            print(f"| {way} | {setting} | {bias:.3f} | {spread:.3f} |", flush=True)
    return results


def _at(trained, model, images, exact, draws):
    model.set_weights(trained.get_weights())
    return measure(model, images, exact, draws)


def draw(curves, results, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    training, bias, spread = figure.subplots(1, 3)
    for way, curve in curves.items():
        training.plot(curve, label=way)
    training.set(xlabel="epochs", ylabel="exact ELBO, nats")
    training.legend()
    for part, (axes, what) in enumerate(((bias, "bias"), (spread, "spread"))):
        for way, values in results.items():
            if None in values:
                axes.axhline(values[None][part], color="C2", label=way)
            else:
                axes.plot(
                    list(values),
                    [value[part] for value in values.values()],
                    marker="o",
                    markersize=4,
                    label=way,
                )
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="temperature",
            ylabel=f"{what} / length of the exact gradient",
        )
        axes.grid(alpha=0.3)
    write(figure, path)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--out", type=pathlib.Path, default=PICTURE)
    args = parser.parse_args(argv)
    images = np.concatenate(
        [np.asarray(x) for x in data.load("digits", "train", 500, binarize="fixed")]
    )
    curves, trained = train(images, args.epochs)
    results = compare(trained, images[:32], args.draws)
    draw(curves, results, args.out)
    return curves, results


if __name__ == "__main__":
    main()
