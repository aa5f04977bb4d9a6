"""Where the time of training a Gated PixelCNN in bfloat16 goes: by operation, and by form of its
parts.

    python benchmarks/profile_gated_pixelcnn.py [--batch 64] [--threads 1] [--steps 10]

The network of `train_gated_pixelcnn.py`. Three tables: a step by TensorFlow's operations, of its
own profiler; the convolutions alone, beside products of matrices of the same size; the gate alone,
in the forms that it could have.
"""

import argparse
import functools
import statistics
import time

import keras
import profile_recipe
import tensorflow as tf
from legs import EPSILON, LEARNING_RATE, STEPS_PER_EXECUTION, binary_images
from train_gated_pixelcnn import CHANNELS, keras_model

SIDE = 28
CONVOLUTIONS = {  # of a layer: kernel `[rows, columns, inputs, outputs]`
    "vertical, 2x3": (2, 3, CHANNELS, 2 * CHANNELS),
    "link, 1x1": (1, 1, 2 * CHANNELS, 2 * CHANNELS),
    "horizontal, 1x2": (1, 2, CHANNELS, 2 * CHANNELS),
    "output, 1x1": (1, 1, CHANNELS, CHANNELS),
}


def operations(batch, steps):
    """Milliseconds of a training step by kind of operation, `Counter`."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = keras_model()
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE, epsilon=EPSILON),
        jit_compile=False,
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    images = binary_images(batch * steps)
    fit = {"batch_size": batch, "shuffle": False, "verbose": 0}
    return profile_recipe.operations(lambda: model.fit(images, **fit), steps)


def convolutions(batch):
    """GFLOP/s of each convolution and of its product of matrices: forward, gradient in inputs,
    gradient in kernel.
    """
    for name, (rows, columns, inputs, outputs) in CONVOLUTIONS.items():
        x = _normal(batch, SIDE + rows - 1, SIDE + columns - 1, inputs)
        kernel, slope = _normal(rows, columns, inputs, outputs), _normal(batch, SIDE, SIDE, outputs)
        window = rows * columns * inputs
        seen, matrix, flat = (
            _normal(batch * SIDE**2, window),
            _normal(window, outputs),
            _normal(batch * SIDE**2, outputs),
        )
        times = (
            milliseconds(_forward, x, kernel),
            milliseconds(_slope_in_inputs, x, kernel, slope),
            milliseconds(_slope_in_kernel, x, kernel, slope),
            milliseconds(tf.matmul, seen, matrix),
            milliseconds(functools.partial(tf.matmul, transpose_b=True), flat, matrix),
            milliseconds(functools.partial(tf.matmul, transpose_a=True), seen, flat),
        )
        flops = 2 * batch * SIDE**2 * window * outputs
        yield name, *(flops / each / 1e6 for each in times)


_HOW = {"strides": [1, 1, 1, 1], "padding": "VALID"}


def _forward(x, kernel):
    return tf.nn.conv2d(x, kernel, **_HOW)


def _slope_in_inputs(x, kernel, slope):
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=x.shape, filter=kernel, out_backprop=slope, **_HOW
    )


def _slope_in_kernel(x, kernel, slope):
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=kernel.shape, out_backprop=slope, **_HOW
    )


def plain(x):
    """The gate of `networks.GatedPixelCNN`."""
    a, b = (tf.cast(part, tf.float32) for part in tf.split(x, 2, axis=-1))
    return tf.cast(tf.tanh(a) * tf.sigmoid(b), x.dtype)


def in_bfloat16(x):
    a, b = tf.split(x, 2, axis=-1)
    return tf.tanh(a) * tf.sigmoid(b)


def product_in_bfloat16(x):
    a, b = (tf.cast(part, tf.float32) for part in tf.split(x, 2, axis=-1))
    return tf.cast(tf.tanh(a), x.dtype) * tf.cast(tf.sigmoid(b), x.dtype)


def _halves(x):
    """tanh(a) and sigmoid(b) by one hyperbolic tangent, float32."""
    channels = x.shape[-1] // 2
    scale = tf.constant([1.0] * channels + [0.5] * channels)
    a, b = tf.split(tf.tanh(tf.cast(x, tf.float32) * scale), 2, axis=-1)
    return a, 0.5 * b + 0.5


def _slopes(a, b, slope):
    """Gradients in both halves, of t = tanh(a) and s = sigmoid(b)."""
    return slope * b * (1 - a * a), slope * a * b * (1 - b)


@tf.custom_gradient
def by_one_tanh(x):
    a, b = _halves(x)

    def gradient(slope):
        return tf.cast(tf.concat(_slopes(a, b, tf.cast(slope, tf.float32)), -1), x.dtype)

    return tf.cast(a * b, x.dtype), gradient


@tf.custom_gradient
def gradient_in_bfloat16(x):
    a, b = tf.split(x, 2, axis=-1)
    a, b = (
        tf.cast(part, x.dtype)
        for part in (tf.tanh(tf.cast(a, tf.float32)), tf.sigmoid(tf.cast(b, tf.float32)))
    )
    return a * b, lambda slope: tf.concat(_slopes(a, b, slope), -1)


_plain_xla = tf.function(plain, jit_compile=True)


@tf.function(jit_compile=True)
def _slopes_xla(a, b, slope):
    a, b, slope = (tf.cast(each, tf.float32) for each in (a, b, slope))
    return [tf.cast(each, tf.bfloat16) for each in _slopes(tf.tanh(a), tf.sigmoid(b), slope)]


@tf.custom_gradient
def by_xla(x):
    return _plain_xla(x), lambda slope: tf.concat(_slopes_xla(*tf.split(x, 2, axis=-1), slope), -1)


GATES = (plain, in_bfloat16, product_in_bfloat16, by_one_tanh, gradient_in_bfloat16, by_xla)


def with_gradient(gate, x, slope):
    """y `[..., C]` and the gradient in x `[..., 2C]`."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = gate(x)
    return y, tape.gradient(y, x, slope)


def gates(batch):
    """Milliseconds of each form of the gate of one layer, forward and backward."""
    x, slope = _normal(batch, SIDE, SIDE, 2 * CHANNELS), _normal(batch, SIDE, SIDE, CHANNELS)
    for gate in GATES:
        yield gate.__name__, milliseconds(functools.partial(with_gradient, gate), x, slope)


def _normal(*shape):
    return keras.random.normal(shape, dtype="bfloat16", seed=0)


def milliseconds(function, *tensors, repeats=15):
    """The median time of a function of tensors that TensorFlow has compiled."""
    compiled, times = tf.function(function), []
    for _ in range(2 + repeats):
        start = time.perf_counter()
        compiled(*tensors)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times[2:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10, help="that are profiled, a multiple of 10")
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    spent = operations(args.batch, args.steps)
    print("| operation | ms a step |\n| --- | ---: |")
    for kind, each in spent.most_common(16):
        print(f"| {kind} | {each:.1f} |")
    print(f"| all | {sum(spent.values()):.1f} |\n")
    print(
        "| GFLOP/s | forward | in inputs | in kernel | matrices: forward | in inputs | in kernel |"
    )
    print("| --- |" + " ---: |" * 6)
    for name, *rates in convolutions(args.batch):
        print(f"| {name} |", *(f"{rate:.0f} |" for rate in rates))
    print("\n| gate | ms, forward and backward |\n| --- | ---: |")
    for name, each in gates(args.batch):
        print(f"| {name} | {each:.1f} |")


if __name__ == "__main__":
    main()
