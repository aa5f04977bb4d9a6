"""Whether the parts of a model fit each other, asked once, when it is constructed."""

from typing import Any

import keras

from kerasgen.events import Event, Tensor


def features(encoder, event: Event) -> tuple[int, ...]:
    """Shape of what an encoder makes of one example.

    Raises:
        ValueError: it takes no such examples, or gives several outputs or no features.
    """
    what = f"Expected an encoder of {event!r} to features [batch, F] or [batch, height, width, F]."
    try:
        output = encoder(event.symbolic())
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what} Received: {_name(encoder)}: {_line(error)}") from error
    if not hasattr(output, "shape"):
        raise ValueError(f"{what} Received: {_name(encoder)}, which gives several outputs.")
    shape = tuple(output.shape[1:])
    if len(shape) not in (1, 3) or None in shape:
        raise ValueError(
            f"{what} Received: {_name(encoder)}, which gives {shape}. Put a Flatten at its end."
        )
    return shape


def predicts(network, input_shape: tuple[int, ...], likelihood) -> None:
    """Builds a network that reads `[B, *input_shape]` and predicts a likelihood's parameters.

    One of `kerasgen.networks` is told how many these are.

    Raises:
        ValueError: it gives another number of parameters.
    """
    expected = likelihood.output_shape
    _set_output(network, expected)
    params = network(keras.KerasTensor((None, *input_shape)))
    found = keras.tree.map_structure(lambda p: tuple(p.shape[1:]), params)
    if found != expected:
        raise ValueError(
            f"Expected the decoder's output shape to be {expected}, which is what "
            f"{_name(likelihood)} needs for {likelihood.event!r}. Received: {found}. Set the "
            "decoder's output_shape."
        )
    if activation := _squashing(network):
        raise ValueError(
            f"Expected a decoder that is linear at its end, as {_name(likelihood)} takes logits or "
            f"real parameters. Received: the activation {activation!r}. Drop it."
        )


def predicts_pixels(network, grid: Event, condition: Event, likelihood) -> None:
    """Builds a causal network over a grid of pixels, and compares what it gives.

    Raises:
        ValueError: it gives another number of parameters than the likelihood needs.
    """
    *_, channels = likelihood.output_shape
    if hasattr(network, "set_output"):
        network.set_output(channels)
    vector = keras.KerasTensor((None, condition.encoded_size)) if condition.encoded_size else None
    params = network(keras.KerasTensor((None, *grid.shape)), vector)
    if params.shape[-1] != channels:
        raise ValueError(
            f"Expected the network's output_channels to be {channels}, which is what "
            f"{_name(likelihood)} needs for pixels of shape {grid.shape}. "
            f"Received: {params.shape[-1]}. Leave output_channels out."
        )


def generates(generator, noise_size: int, event: Event) -> None:
    """Builds a generator of examples from noise `[B, noise_size]`.

    Raises:
        ValueError: it gives something else than examples.
    """
    _set_output(generator, event.shape)
    made = generator(keras.KerasTensor((None, noise_size)))
    if tuple(made.shape[1:]) != event.shape:
        raise ValueError(
            f"Expected the generator's output shape to be {event.shape}, one example. "
            f"Received: {tuple(made.shape[1:])}. Leave the generator's output_shape out."
        )


def check_code(z: Any, latent_shape: tuple[int, ...]) -> None:
    """Refuses codes that are not `[..., batch, *latent_shape]`, as far as their shape is known.

    >>> check_code(np.zeros((5, 3)), (2,))
    Traceback (most recent call last):
    ValueError: Expected codes of shape [..., batch, 2]. Received: shape (5, 3). Encode some.
    """
    shape = tuple(z.shape)
    tail = shape[len(shape) - len(latent_shape) :]
    differs = (isinstance(have, int) and have != want for have, want in zip(tail, latent_shape))
    if len(shape) <= len(latent_shape) or any(differs):
        expected = ", ".join(["...", "batch", *map(str, latent_shape)])
        raise ValueError(
            f"Expected codes of shape [{expected}]. Received: shape {shape}. Encode some."
        )


def code_tensor(shape: tuple[int, ...]) -> Tensor:
    """A latent code in exported files."""
    return Tensor(shape, "float32", "real, standard normal a priori", "latent code")


def noise_tensor(shape: tuple[int, ...]) -> Tensor:
    """Noise in exported files."""
    meaning = "all the randomness there is: equal noise, equal result"
    return Tensor(shape, "float32", "standard normal", meaning)


def _set_output(network, shape):
    if isinstance(shape, dict):
        for name, part in getattr(network, "networks", {}).items():
            _set_output(part, shape[name])
    elif hasattr(network, "set_output"):
        network.set_output(shape)


def _squashing(network):
    """Name of a bounded activation at the end of a Keras model, or None."""
    layers = getattr(network, "layers", None)
    activation = getattr(layers[-1] if layers else network, "activation", None)
    name = getattr(activation, "__name__", None)
    return name if name in ("sigmoid", "softmax", "tanh", "hard_sigmoid", "relu") else None


def _name(part):
    return type(part).__name__


def _line(error):
    return " ".join(str(error).split())[:200]
