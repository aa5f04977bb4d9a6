"""Sampling of a Gated PixelCNN: cached against naive, compiled in the same way, and what a pixel
costs by image size.

    python benchmarks/sample_autoregressive.py

The naive sampler makes a full pass for every pixel. All its passes take the same time, so that a
few of them are timed and the time of a batch of images follows by multiplication. Cached and naive
take turns. First both draw small images from the same noise, which must be equal. Two peers, whose
samplers make a full pass for every pixel too, stand beside
them where they are installed: pytorch-generative, with a Gated PixelCNN of the same size, and
TensorFlow Probability's `tfd.PixelCNN`, a PixelCNN++ of as many gated blocks of as many channels,
each of several convolutions, which needs tf_keras.
"""

import argparse
import importlib.util
import os
import statistics
import sys
import time


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64, help="images drawn together")
    parser.add_argument("--side", type=int, default=28, help="height and width of the images")
    parser.add_argument("--layers", type=int, default=8, help="gated layers")
    parser.add_argument("--channels", type=int, default=64, help="of every layer")
    parser.add_argument(
        "--passes", type=int, default=2, help="full passes timed in a turn of the naive sampler"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="turns of each sampler; their median counts"
    )
    parser.add_argument(
        "--sides", type=int, nargs="*", default=[16, 32, 64], help="to show the cost of a pixel at"
    )
    clocks = {"choices": ("wall", "cpu"), "default": "wall"}
    parser.add_argument(
        "--clock", **clocks, help="cpu: seconds of all threads, which a busy machine disturbs less"
    )
    options = parser.parse_args(arguments)
    # TensorFlow leaves oneDNN off on some processors, where it is faster too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(report(options))


def report(options):
    """The tables, in Markdown."""
    from kerasgen import machine

    check(options)
    model = gated_pixelcnn(options.side, options)
    pixels = options.side**2
    seconds = {}
    samplers = {f"cached{xla}": cached(model, options.batch, bool(xla)) for xla in ("", " xla")}
    samplers |= {
        f"naive{xla}": naive(model, options.batch, options.passes, bool(xla))
        for xla in ("", " xla")
    }
    if importlib.util.find_spec("pytorch_generative"):
        samplers["pytorch-generative"] = pytorch_generative(options)
    if importlib.util.find_spec("tf_keras"):
        samplers["tfd.PixelCNN"] = tfd_pixelcnn(options)
    for _ in range(options.rounds):
        for name, sampler in samplers.items():
            scale = 1 if name.startswith("cached") else pixels / options.passes
            seconds.setdefault(name, []).append(scale * timed(sampler, options))
            print(f"{name}: {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    gigaflop = 2e-9 * model.network.multiply_adds() * options.batch
    lines = [
        f"- machine: {machine.describe()}; threads: {len(os.sched_getaffinity(0))}; seconds of "
        f"{options.clock} time",
        f"- {options.layers} gated layers of {options.channels} channels, {model.count_params():,} "
        "parameters, "
        f"{model.network.multiply_adds() / 1e6:.0f} million multiply-adds an image",
        f"- {options.batch} images of {options.side}x{options.side}; of the naive sampler's "
        f"{pixels} passes, "
        f"{options.passes} were timed in each of {options.rounds} turns",
        "",
        "| sampler | seconds, median | min | max | us a pixel and image | GFLOP/s | times as slow "
        "as cached |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, values in seconds.items():
        passes = 1 if name.startswith("cached") else pixels
        cached_by_same_compiler = medians["cached xla" if name.endswith("xla") else "cached"]
        each = 1e6 * medians[name] / pixels / options.batch
        speed = (
            "-" if name == "tfd.PixelCNN" else f"{passes * gigaflop / medians[name]:.0f}"
        )  # another network's
        lines.append(
            f"| {name} | {medians[name]:.2f} | {min(values):.2f} | {max(values):.2f} | {each:.2f} "
            "| "
            f"{speed} | {medians[name] / cached_by_same_compiler:.0f} |"
        )
    lines += ["", "| side | us a pixel and image, cached | with XLA |", "| --- | ---: | ---: |"]
    for side in options.sides:
        model = gated_pixelcnn(side, options)
        found = [
            1e6
            * min(timed(sampler, options) for _ in range(options.rounds))
            / side**2
            / options.batch
            for sampler in (cached(model, options.batch, xla) for xla in (False, True))
        ]
        lines.append(f"| {side} | {found[0]:.2f} | {found[1]:.2f} |")
    return "\n".join(lines)


def timed(run, options):
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[options.clock]
    start = clock()
    run()
    return clock() - start


def gated_pixelcnn(side, options):
    """A Gated PixelCNN of binary images with random weights."""
    import keras

    from kerasgen import families, likelihoods, networks

    keras.utils.set_random_seed(0)
    network = networks.GatedPixelCNN(1, options.channels, options.layers)
    return families.AutoregressiveModel((side, side, 1), network, likelihoods.Bernoulli())


def uniform_of(model, batch):
    import keras

    return keras.random.uniform((batch, *model._uniform_shape), seed=0)


def cached(model, batch, xla):
    """A function that draws a batch and waits for it, compiled by its first call, which is made
    here.
    """
    import tensorflow as tf

    draw = tf.function(
        lambda uniform: model._draw(uniform, None, 1.0, ()), autograph=False, jit_compile=xla
    )
    uniform = uniform_of(model, batch)

    def run():
        return draw(uniform).numpy()

    run()
    return run


def naive(model, batch, passes, xla):
    """The same of a full pass for each of the first `passes` pixels."""
    import tensorflow as tf
    from keras import ops

    height, width, _ = model.event_shape
    positions = ops.reshape(ops.arange(height * width), (height, width, 1))

    @tf.function(autograph=False, jit_compile=xla)
    def draw(uniform):
        def body(i, x):
            row, column = i // width, i % width
            params = model.network(2 * x - 1)[:, row, column]
            pixel = model.likelihood.draw(params, uniform[:, row, column])
            return i + 1, ops.where(ops.equal(positions, i), pixel[:, None, None], x)

        return ops.while_loop(
            lambda i, _: i < passes, body, (0, ops.zeros((batch, *model.event_shape)))
        )[1]

    uniform = uniform_of(model, batch)

    def run():
        return draw(uniform).numpy()

    run()
    return run


def check(options):
    """Raises unless both samplers draw the same images from the same noise."""
    import numpy as np

    model = gated_pixelcnn(6, options)
    np.testing.assert_array_equal(cached(model, 16, False)(), naive(model, 16, 36, False)())


def pytorch_generative(options):
    """Full passes of the Gated PixelCNN of pytorch-generative, which its sampler makes for every
    pixel.
    """
    import torch
    from pytorch_generative import models

    sizes = {"n_gated": options.layers, "gated_channels": options.channels, "head_channels": 64}
    model = models.GatedPixelCNN(in_channels=1, out_channels=1, **sizes).eval()
    x = torch.zeros(options.batch, 1, options.side, options.side)

    def run():
        with torch.no_grad():
            for _ in range(options.passes):
                model(x)

    run()
    return run


def tfd_pixelcnn(options):
    """Full passes of the network of TensorFlow Probability's PixelCNN++, which its sampler makes
    for every pixel.
    """
    import tensorflow as tf
    import tensorflow_probability as tfp

    shape = (options.side, options.side, 1)
    sizes = {
        "num_hierarchies": 1,
        "num_resnet": options.layers // 2,
        "num_filters": options.channels,
    }
    peer = tfp.distributions.PixelCNN(shape, **sizes, num_logistic_mix=1, high=1)
    run_network = tf.function(lambda x: peer.network(x, training=False), autograph=False)
    x = tf.zeros((options.batch, *shape))

    def run():
        for _ in range(options.passes):
            run_network(x)[0].numpy()

    run()
    return run


if __name__ == "__main__":
    main()
