"""How networks end: what holds their outputs in bounds where a linear end is needed."""

import keras
import numpy as np
from keras import ops

_SIGMOIDS = ("sigmoid", "hard_sigmoid", "sparse_sigmoid")
_PROBABILITIES = (*_SIGMOIDS, "log_sigmoid", "softmax", "log_softmax", "sparsemax")
_BOUNDED = (
    *_PROBABILITIES,
    *("tanh", "hard_tanh", "softsign", "relu", "relu6", "elu", "selu", "celu", "gelu", "silu"),
    *("hard_silu", "mish", "softplus", "squareplus", "sparse_plus", "exponential"),
)
_KEEPING = ("Reshape", "Flatten", "Dropout", "Identity")  # layers that leave values as they are
_SEVERAL = 16  # outputs: of fewer, all weights of a linear end may have one sign


def bounds(network: keras.Layer, input_shape: tuple[int, ...]) -> str | None:
    """What holds a network's outputs within an interval or on one side of 0, in words, or None.

    An activation of Keras is known by its name, and where it hides, by what large noise
    `[*input_shape]` leads to. The networks of kerasgen end as they say, which their tests hold them
    to.

    >>> bounds(keras.layers.Dense(64, "softplus"), (2,)), bounds(keras.layers.Dense(64), (2,))
    ("the activation 'softplus'", None)
    """
    if _is_ours(network):
        return None
    if (name := _activation(network)) in _BOUNDED:
        return f"the activation {name!r}"
    x = _outputs(network, 1e4 * np.random.default_rng(0).standard_normal((8, *input_shape)))
    low, high = x.min(), x.max()
    is_several = x.shape[1] >= _SEVERAL
    if low >= 0 and high <= 1 and (high > 0.99 or (is_several and np.ptp(x) > 0.01)):
        return "outputs within [0, 1], as of a sigmoid"
    if -1 <= low < -0.99 and 0.99 < high <= 1:
        return "outputs within [-1, 1], as of tanh"
    less, more = sorted([max(-low, 0.0), max(high, 0.0)])
    at_bound = np.mean(np.abs(x) < 0.01 * more)  # of a bias alone, or beside normalized ones, none
    if is_several and less < 0.001 * more and 0.05 < at_bound < 0.95:
        return f"outputs {'above' if high == more else 'below'} 0, as of a relu or its like"
    return None


def within_one(said: str | None) -> bool:
    """Whether bounds, in words, are those of [0, 1].

    >>> within_one("the activation 'sigmoid'"), within_one("the activation 'relu'")
    (True, False)
    """
    return said is not None and ("[0, 1]" in said or any(f"'{name}'" in said for name in _SIGMOIDS))


def probabilities(network: keras.Layer, event) -> str | None:
    """What makes features probabilities, which no linear layer should read, in words, or None.

    Args:
        network: examples to features `[B, F]`.
        event: of the examples.

    >>> encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
    >>> probabilities(encoder, kerasgen.events.of([4, 4, 1]))
    "the activation 'softmax'"
    """
    if _is_ours(network):
        return None
    name = _activation(network)
    if name in _PROBABILITIES and name not in _SIGMOIDS:
        return f"the activation {name!r}"
    x = _outputs(network, event.example(8, 0))
    if x.shape[1] == 1:  # several may be features, of which each is on or off
        is_real = isinstance(event.shape, tuple) and event.dtype == "float32"
        said = bounds(network, event.shape) if is_real or name in _SIGMOIDS else None
        return said if within_one(said) else None
    sums = x.sum(axis=1)
    return "outputs that sum to 1" if x.min() >= 0 and np.allclose(sums, 1, atol=1e-3) else None


def _activation(network):
    """Name of the activation at the end of a network of Keras' own layers, or None."""
    if not type(network).__module__.startswith("keras."):
        return None  # the order of layers there, and what is called an activation, say nothing
    layers = getattr(network, "layers", ())
    ends = [each for each in layers if type(each).__name__ not in _KEEPING]
    if ends:
        return _activation(ends[-1])
    return getattr(getattr(network, "activation", None), "__name__", type(network).__name__.lower())


def _is_ours(network):
    return type(network).__module__.startswith("kerasgen.")


def _outputs(network, x):
    """What a network makes of examples, `[8, F]`, numbers all."""
    x = keras.tree.map_structure(ops.convert_to_tensor, x)
    made = keras.tree.flatten(network(x, training=False))
    rows = [np.reshape(ops.convert_to_numpy(ops.cast(each, "float32")), (8, -1)) for each in made]
    return np.nan_to_num(np.concatenate(rows, axis=1))
