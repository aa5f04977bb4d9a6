"""JAX's part of what keras.ops does not cover; `tensorflow.py` says what each name means."""

import jax
import keras
import numpy as np

PROBABILITY = "tensorflow_probability.substrates.jax"
HAS_STRATEGIES = False
HAS_TENSORBOARD = False  # Keras' callback writes through TensorFlow
CAN_EXPORT = False
NEEDS_XLA = True  # without, a training step runs operator by operator


def num_replicas():
    return 1


def next_seed(generator):
    return generator.next()


def replica_id():
    return 0


def sum_over_replicas(x):
    return x


def outside_replicas(fn, *args):
    """`fn(*args)`, as nothing is summed over replicas."""
    return fn(*args)


def per_replica_results(results):
    return results


def function(fn, owner=None):
    """Compiles a function of tensors and of the variables of `owner`; without one returns `fn`.

    A compiled function would keep the values that variables had at its first call. So they are
    arguments, and those that `fn` assigns to are results, assigned afterwards.
    """
    owner = getattr(fn, "__self__", None) if owner is None else owner
    if not isinstance(owner, keras.Layer):
        return fn

    def pure(values, tensors, structure, constants):
        variables, leaves = owner.variables, zip(tensors, constants)
        leaves = [constant if tensor is None else tensor for tensor, constant in leaves]
        with keras.StatelessScope(list(zip(variables, values))) as scope:
            before = [scope.get_current_value(variable) for variable in variables]
            result = fn(*jax.tree.unflatten(structure, leaves))
        after = [scope.get_current_value(variable) for variable in variables]
        pairs = enumerate(zip(before, after))
        return result, {i: new for i, (old, new) in pairs if new is not old}

    compiled = jax.jit(pure, static_argnums=(2, 3))

    def call(*args):
        variables = owner.variables
        leaves, structure = jax.tree.flatten(args)
        is_tensor = [isinstance(leaf, (jax.Array, np.ndarray, np.generic)) for leaf in leaves]
        tensors = [leaf if tensor else None for leaf, tensor in zip(leaves, is_tensor)]
        constants = tuple(None if tensor else leaf for leaf, tensor in zip(leaves, is_tensor))
        values = [variable.value for variable in variables]
        result, assigned = compiled(values, tensors, structure, constants)
        for i, value in assigned.items():
            variables[i].assign(value)
        return result

    return call


def by_examples(fn, examples):
    return fn  # XLA's already; JAX has no cores to share a compiled program out to


def build_optimizer(model):
    """Nothing: Keras makes the optimizer's state before it compiles the step."""


def train_step(model, step, state, data):
    """A Keras `train_step(state, data)` that calls `step(data, scope)`, which assigns to
    variables.
    """
    owners = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    mapping = [pair for variables, values in zip(owners, state) for pair in zip(variables, values)]
    with keras.StatelessScope(mapping) as scope:
        step(data, scope)
        logs = model.get_metrics_result()
    state = ([scope.get_current_value(variable) for variable in owned] for owned in owners)
    return logs, tuple(state)


def sync_variables(model):
    model.jax_state_sync()


def input_gradient(fn, x):
    return jax.grad(lambda x: keras.ops.sum(fn(x)))(x)


def value_and_gradients(fn, variables, scope):
    """See `tensorflow.py`; `scope` holds all variables, and what `fn` assigns to them
    stays in it.
    """

    def stateless(values):
        with keras.StatelessScope() as inner:
            inner.state_mapping = {**scope.state_mapping, **dict(zip(map(id, variables), values))}
            loss, result = fn()
        return loss, (result, inner.state_mapping)

    values = [scope.get_current_value(variable) for variable in variables]
    gradients_of = jax.value_and_grad(stateless, has_aux=True)
    (loss, (result, scope.state_mapping)), gradients = gradients_of(values)
    return (loss, result), gradients


def scan(step, carry, inputs, like):
    return jax.lax.scan(step, carry, inputs)


def is_concrete(x):
    return not isinstance(x, (keras.KerasTensor, jax.core.Tracer))
