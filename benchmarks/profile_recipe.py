"""Where the time of a recipe's training step goes, by TensorFlow's operations, and what share of
the processor's best matrix product its own products reach.

    python benchmarks/profile_recipe.py examples/recipes/fsq_cifar10.yaml [--steps 10] [--set
        training.precision=mixed_bfloat16]

Examples are random, as time does not depend on them. Products in loops are not counted.
"""

import argparse
import collections
import math
import pathlib
import tempfile
import time

import keras
import tensorflow as tf

from kerasgen import training
from kerasgen.recipe import Recipe

_SIDE = 2048  # of the matrices whose product is the best there is


def operations(fit, steps):
    """Milliseconds of each of `steps` training steps by kind of operation, `Counter`.

    Args:
        fit: makes the steps; it is called twice, the first time to compile.
    """
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    fit()
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            fit()
        (path,) = pathlib.Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    spent = collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                # Operations are named "name:Kind", what TensorFlow itself does "Class::Method" or
                # "what: function".
                name, _, kind = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if name and not name.endswith(":") and not kind.startswith(" "):
                    spent[kind] += event.duration_ps / 1e9 / steps
    return spent


def multiply_adds(function, *tensors):
    """Of all convolutions and products of matrices in a function of tensors, gradients included."""
    graph = tf.function(function).get_concrete_function(*tensors).graph
    # TensorFlow drops what no result needs, such as the first layer's gradient in the examples.
    needed, found = {x.op for x in graph.outputs} | set(graph.control_outputs), set()
    while needed:
        found |= needed
        needed = {
            op for each in needed for op in (*(x.op for x in each.inputs), *each.control_inputs)
        }
        needed -= found
    return sum(_multiply_adds(op) for op in found)


def _multiply_adds(op):
    shapes = [x.shape for x in (*op.inputs, *op.outputs)]
    if op.type == "Conv2D":  # image, kernel, result
        return math.prod(shapes[1]) * math.prod(shapes[2][:3])
    if op.type == "Conv2DBackpropInput":  # sizes, kernel, slope, result
        return math.prod(shapes[1]) * math.prod(shapes[2][:3])
    if op.type == "Conv2DBackpropFilter":  # image, sizes, slope, result
        return math.prod(shapes[3]) * math.prod(shapes[2][:3])
    if op.type in ("MatMul", "BatchMatMulV2"):  # two matrices, result
        transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return math.prod(shapes[2]) * shapes[0][-2 if transposed else -1]
    return 0


def best_product(dtype):
    """Billions of multiply-adds a second of a product of large matrices."""
    x = tf.cast(tf.random.normal((_SIDE, _SIDE)), dtype)
    product, times = tf.function(tf.matmul), []
    for _ in range(6):
        start = time.perf_counter()
        product(x, x)
        times.append(time.perf_counter() - start)
    return _SIDE**3 / min(times[1:]) / 1e9


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=10, help="that are profiled")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args(argv)
    recipe = Recipe.load(args.recipe).override(args.set)
    schedule = training.TrainingConfig(**recipe.training)
    keras.config.set_dtype_policy(schedule.precision)
    dtype = keras.config.dtype_policy().compute_dtype
    model, batch = recipe.build(), recipe.data["batch_size"]
    optimizer = schedule.optimizer(args.steps)
    model.compile(optimizer, jit_compile=False, steps_per_execution=args.steps)
    data = (model.event.example(batch, 0), model.condition.example(batch, 0))
    repeated = tf.data.Dataset.from_tensors(data if data[1] is not None else data[0]).repeat()
    fit = {"steps_per_epoch": args.steps, "shuffle": False, "verbose": 0}
    spent = operations(lambda: model.fit(repeated, **fit), args.steps)
    model.fit(repeated, **fit)
    start = time.perf_counter()
    model.fit(repeated, **fit)
    seconds = (time.perf_counter() - start) / args.steps
    products = multiply_adds(lambda: model.train_step(data))
    print("| operation | ms a step |\n| --- | ---: |")
    for kind, each in spent.most_common(16):
        print(f"| {kind} | {each:.1f} |")
    print(f"| all | {sum(spent.values()):.1f} |\n")
    rate, best = products / seconds / 1e9, best_product(dtype)
    print(
        f"{1e3 * seconds:.0f} ms a step of {batch}: {products / batch / 1e6:,.1f} million ", end=""
    )
    print(
        f"multiply-adds an example, {rate:.1f} billion a second, {rate / best:.0%} of the ", end=""
    )
    print(f"{best:.0f} billion of the best product of matrices in {dtype}.")


if __name__ == "__main__":
    main()
