"""What keras.ops does not cover, resolved for the Keras backend in use.

`tfd` and `mcmc` are TensorFlow Probability's modules: the native ones under TensorFlow, the JAX substrate's under JAX.
They are imported at first use, because that takes longer than to import the rest of the package together.
"""

import importlib

import keras

_PROBABILITY = {
    "tensorflow": "tensorflow_probability",
    "jax": "tensorflow_probability.substrates.jax",
}
_MODULES = {"tfd": "distributions", "mcmc": "mcmc"}


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    backend = keras.backend.backend()
    if backend not in _PROBABILITY:
        raise ImportError(
            f"Expected KERAS_BACKEND to be one of {sorted(_PROBABILITY)}. Received: {backend!r}, "
            "for which TensorFlow Probability has no distributions."
        )
    module = getattr(importlib.import_module(_PROBABILITY[backend]), _MODULES[name])
    globals()[name] = module
    return module


def num_replicas():
    """Number of replicas that share one optimizer step (1 outside a `tf.distribute` strategy and under JAX)."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def next_seed(generator):
    """The next seed of a `keras.random.SeedGenerator`, as `tfd` takes it, different on every replica.

    A generator holds the same state on every replica, which would hand each of them the same noise.
    """
    seed = generator.next()
    if keras.backend.backend() != "tensorflow":
        return seed
    import tensorflow as tf

    seed = tf.cast(seed, "int32")
    context = tf.distribute.get_replica_context()  # None in a strategy's scope, outside its replicas
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    # Not seed + replica: a generator counts up by one, so replica 1 would get what replica 0 gets one step later.
    return tf.random.experimental.stateless_fold_in(seed, context.replica_id_in_sync_group)


def replica_id():
    """Number of the replica that computes, 0 where there is one."""
    if num_replicas() == 1:
        return 0
    import tensorflow as tf

    context = tf.distribute.get_replica_context()  # None in a strategy's scope, outside its replicas
    return 0 if context is None else context.replica_id_in_sync_group


def sum_over_replicas(x):
    """The sum of a tensor's values on all replicas, the same on each of them."""
    if num_replicas() == 1:
        return x
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return x if context is None else context.all_reduce("SUM", x)


def per_replica_results(results):
    """Metric results with an axis of their own over several workers, which Keras' `fit` then takes the mean over."""
    if keras.backend.backend() != "tensorflow":
        return results
    import tensorflow as tf

    multi_worker = isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)
    if not multi_worker or tf.distribute.in_cross_replica_context():
        return results
    return {name: tf.reshape(value, [1]) for name, value in results.items()}


def function(fn):
    """Compiles a function of tensors at its first call under TensorFlow; elsewhere returns it as it is.

    The result is a plain Python function, so that a model may hold it without exporting it.
    """
    if keras.backend.backend() != "tensorflow":
        return fn
    import tensorflow as tf

    compiled = tf.function(fn, autograph=False)  # which rewrites Python branches on tensors: JAX would not
    return lambda *args: compiled(*args)


def input_gradient(fn, x):
    """Gradient of the sum of `fn(x)` with respect to `x`; it can be differentiated again."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            y = fn(x)
        return tape.gradient(y, x)
    import jax

    return jax.grad(lambda x: keras.ops.sum(fn(x)))(x)


def value_and_gradients(fn, variables, scope=None):
    """`fn()`, a pair of a scalar loss and anything else, and the loss's gradients with respect to Keras variables.

    Args:
        scope: under JAX, the `keras.StatelessScope` that is open and holds all variables; what `fn` assigns to them
            stays in it.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss, result = fn()
        return (loss, result), tape.gradient(loss, [variable.value for variable in variables])
    import jax

    def stateless(values):
        with keras.StatelessScope() as inner:
            inner.state_mapping = {**scope.state_mapping, **dict(zip(map(id, variables), values))}
            loss, result = fn()
        return loss, (result, inner.state_mapping)

    values = [scope.get_current_value(variable) for variable in variables]
    (loss, (result, scope.state_mapping)), gradients = jax.value_and_grad(stateless, has_aux=True)(values)
    return (loss, result), gradients


def scan(step, carry, inputs, like):
    """Runs `carry, outputs[j] = step(carry, inputs[j])` over the first axis, as one loop of the compiled program.

    Args:
        step: a function of tensors.
        carry, inputs: nested structures of tensors; of the inputs, all with the same first axis.
        like: tensors of the structure, the shapes and the types that the outputs have together.

    Returns:
        The last carry, and the outputs, stacked.
    """
    if keras.backend.backend() != "tensorflow":
        import jax

        return jax.lax.scan(step, carry, inputs)
    import tensorflow as tf

    length, like_flat = tf.nest.flatten(inputs)[0].shape[0], tf.nest.flatten(like)
    # Lists of tensors, because an update of one large tensor copies the whole of it in every step. Those of a size that
    # is not known, as of a free batch, do not convert to TFLite.
    lists = all(x.shape.is_fully_defined() for x in like_flat)

    def write(array, j, x):
        here = tf.reshape(tf.equal(tf.range(length), j), [length] + [1] * x.shape.rank)
        return array.write(j, x) if lists else tf.where(here, x, array)

    def body(j, carry, arrays):
        here = [array.read(j) if lists else array[j] for array in read]
        carry, outputs = step(carry, tf.nest.pack_sequence_as(inputs, here))
        tf.nest.assert_same_structure(like, outputs)
        return j + 1, carry, [write(array, j, x) for array, x in zip(arrays, tf.nest.flatten(outputs))]

    read = tf.nest.flatten(inputs)
    if lists:
        read = [tf.TensorArray(x.dtype, length, element_shape=x.shape[1:]).unstack(x) for x in read]
    arrays = [tf.TensorArray(x.dtype, length, element_shape=x.shape[1:]) if lists else x for x in like_flat]
    loop = (0, carry, arrays)
    _, carry, arrays = tf.while_loop(lambda j, *_: j < length, body, loop, maximum_iterations=length)
    return carry, tf.nest.pack_sequence_as(like, [array.stack() if lists else array for array in arrays])


def is_concrete(x):
    """Whether `x` has values now, rather than standing for values in a graph that is being traced."""
    if isinstance(x, keras.KerasTensor):
        return False
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return not tf.is_symbolic_tensor(x)
    import jax

    return not isinstance(x, jax.core.Tracer)


def library(name):
    """TensorFlow, or a library that needs it, for the work that cannot be done without.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"Expected {name} to be installed: data sets are read through TensorFlow. Received: an installation "
            "without it. Install it, or write the set to a file elsewhere (kerasgen data export NAME FILE) and pass it."
        ) from None
