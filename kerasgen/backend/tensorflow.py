"""TensorFlow's part of what keras.ops does not cover."""

import functools

import keras
import tensorflow as tf

PROBABILITY = "tensorflow_probability"
HAS_STRATEGIES = True  # `tf.distribute`
HAS_TENSORBOARD = True
CAN_EXPORT = True
NEEDS_XLA = False  # a training step runs as a graph without

_GRAPHS = 32  # kept of one function


def num_replicas():
    """Number of replicas that share one optimizer step, 1 outside a `tf.distribute` strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def next_seed(generator):
    """The next seed of a `keras.random.SeedGenerator`, for `tfd`, different on every replica.

    A generator holds the same state on every replica, which would hand each of them the same noise.
    """
    seed = tf.cast(generator.next(), "int32")
    context = tf.distribute.get_replica_context()  # None in a strategy's scope, outside replicas
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    # Not seed + replica: a generator counts up by one, so replica 1 would get what replica 0 gets
    # one step later.
    return tf.random.experimental.stateless_fold_in(seed, context.replica_id_in_sync_group)


def replica_id():
    """Number of the replica that computes, 0 where there is one."""
    context = tf.distribute.get_replica_context()  # None in a strategy's scope, outside replicas
    return 0 if context is None or num_replicas() == 1 else context.replica_id_in_sync_group


def sum_over_replicas(x):
    """The sum of a tensor's values on all replicas, the same on each of them."""
    context = tf.distribute.get_replica_context()
    return x if context is None or num_replicas() == 1 else context.all_reduce("SUM", x)


def outside_replicas(fn, *args):
    """`fn(*args)` where nothing is summed over replicas, unless a strategy has some.

    Keras' optimizers sum gradients over one replica too, by an operation with a gradient of its
    own. TensorFlow's registry of gradients holds the graph of such an operation, and with it the
    weights, for as long as the process lives: 85 MiB of every `fit` of `vae_mnist`.
    """
    context = tf.distribute.get_replica_context()
    if context is None or tf.distribute.has_strategy():
        return fn(*args)
    return context.merge_call(lambda _, *given: fn(*given), args)


def per_replica_results(results):
    """Metric results with an axis of their own over several workers, whose mean Keras'
    `fit` takes.
    """
    workers = isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)
    if not workers or tf.distribute.in_cross_replica_context():
        return results
    return {name: tf.reshape(value, [1]) for name, value in results.items()}


def function(fn, owner=None):
    """Compiles a function at its first call, and again for other shapes and other Python arguments.

    The result is a plain Python function, so that a model may hold it without exporting it.

    Args:
        fn: a function of tensors, nested structures of them, and Python values.
        owner: the layer whose variables `fn` reads; by default the one that `fn` is a method of.
            Used under JAX only.
    """
    return _programs(fn)


def _programs(fn, **options):
    """`fn` compiled, one `tf.function` for all calls of one kind, the oldest kinds forgotten.

    One for all kinds would keep all graphs, and warn of being traced for the few sizes that
    `batches` leaves. TensorFlow counts its traces by the code of the Python function, which a
    partial one does not show: models of a family would be counted together.
    """

    @functools.lru_cache(_GRAPHS)
    def program(kind):
        # AutoGraph rewrites branches on tensors; JAX does not.
        return tf.function(functools.partial(fn), autograph=False, **options)

    def kind(x):
        return (tuple(x.shape), x.dtype) if hasattr(x, "shape") else x

    def call(*args):
        leaves = keras.tree.flatten_with_path(args)
        return program(tuple((path, kind(x)) for path, x in leaves))(*args)

    return call


def by_examples(fn, examples):
    """A long loop of small steps, for so many examples of a batch at a time.

    XLA makes a program of it, whose data fit a processor's cache, and parts of the batch go through
    it on several cores at once. It is to be called within a compiled function. A batch of a size
    that is not known, as in exported files, and one under a strategy stay with TensorFlow.

    Args:
        fn: a function of tensors whose first axis is the batch, of scalars and of Python values, to
            tensors whose first axis is the batch.
        examples: their number; None leaves all to TensorFlow.
    """
    if examples is None:
        return fn
    program = _programs(fn, jit_compile=True)

    def of_batch(x):
        return tf.is_tensor(x) and x.shape.rank != 0

    def call(*args):
        batch = next(x.shape[0] for x in tf.nest.flatten(args) if of_batch(x))
        if tf.distribute.has_strategy() or batch is None:
            return fn(*args)
        if batch <= examples or tf.config.list_logical_devices("GPU"):
            return program(*args)
        # The last part overlaps with the one before, to be as long as the others: one program.
        starts = [min(start, batch - examples) for start in range(0, batch, examples)]
        lengths = [end - start for start, end in zip(starts, [*starts[1:], batch])]

        def part(start, length):
            rows = slice(start, start + examples)
            given = tf.nest.map_structure(lambda x: x[rows] if of_batch(x) else x, args)
            return tf.nest.map_structure(lambda x: x[:length], program(*given))

        parts = [part(*each) for each in zip(starts, lengths)]
        return tf.nest.map_structure(lambda *each: tf.concat(each, 0), *parts)

    return call


def build_optimizer(model):
    """Makes the state of a compiled model's optimizer before its step is traced.

    TensorFlow traces a function twice that makes variables: a first `fit` took twice as long.
    """
    if model.built and model.compiled and model.trainable_variables and not model.optimizer.built:
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)


def train_step(model, step, data):
    """A Keras `train_step(data)` that calls `step(data, None)`, which assigns to variables."""
    outside_replicas(step, data, None)
    return model.get_metrics_result()


def sync_variables(model):
    """Makes variables hold the values of the last training step: they do."""


def input_gradient(fn, x):
    """Gradient of the sum of `fn(x)` with respect to `x`; it can be differentiated again."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = fn(x)
    return tape.gradient(y, x)


def value_and_gradients(fn, variables, scope=None):
    """`fn()`, a scalar loss and anything else, and the loss's gradients for Keras variables.

    Args:
        scope: what `train_step` passes on to its step: under JAX the `keras.StatelessScope` that is
            open.
    """
    with tf.GradientTape() as tape:
        loss, result = fn()
    return (loss, result), tape.gradient(loss, [variable.value for variable in variables])


_LISTS = True  # of tensors, in loops; files for LiteRT are traced without


def scan(step, carry, inputs, like):
    """Runs `carry, outputs[j] = step(carry, inputs[j])` over the first axis, as one compiled loop.

    Args:
        step: a function of tensors.
        carry, inputs: nested structures of tensors; of the inputs, all with the same first axis.
        like: tensors of the structure, the shapes and the types that the outputs have together.

    Returns:
        The last carry, and the outputs, stacked.
    """
    length, like_flat = tf.nest.flatten(inputs)[0].shape[0], tf.nest.flatten(like)
    # Lists of tensors, because TensorFlow copies a large tensor when a part of it is updated.
    # Lists of sizes that are not known, as of a free batch, do not convert to TFLite.
    lists = _LISTS and all(x.shape.is_fully_defined() for x in like_flat)

    def write(array, j, x):
        if lists:
            return array.write(j, x)
        here = tf.reshape(tf.equal(tf.range(length), j), [length] + [1] * x.shape.rank)
        return tf.where(here, x, array)  # an update of a slice would have no gradient

    def array_like(x):
        return tf.TensorArray(x.dtype, length, element_shape=x.shape[1:])

    def body(j, carry, arrays):
        here = [array.read(j) if lists else array[j] for array in read]
        carry, outputs = step(carry, tf.nest.pack_sequence_as(inputs, here))
        tf.nest.assert_same_structure(like, outputs)
        outputs = tf.nest.flatten(outputs)
        return j + 1, carry, [write(array, j, x) for array, x in zip(arrays, outputs)]

    read, arrays = tf.nest.flatten(inputs), like_flat
    if lists:
        read = [array_like(x).unstack(x) for x in read]
        arrays = [array_like(x) for x in arrays]
    loop = (0, carry, arrays)
    _, carry, arrays = tf.while_loop(
        lambda j, *_: j < length, body, loop, maximum_iterations=length
    )
    outputs = [array.stack() if lists else array for array in arrays]
    return carry, tf.nest.pack_sequence_as(like, outputs)


def is_concrete(x):
    """Whether `x` has values now, rather than standing for values in a graph that is traced."""
    return not isinstance(x, keras.KerasTensor) and not tf.is_symbolic_tensor(x)
