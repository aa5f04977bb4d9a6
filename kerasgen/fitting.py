"""Whether the parts of a model fit each other, asked once, when it is constructed."""

from typing import Any

import keras

from kerasgen import checks, endings
from kerasgen.events import Event, Tensor


def settings(policy: Any) -> None:
    """Checks that Keras is set as parts need it.

    Raises:
        ValueError: a dtype policy of other weights than float32; channels first.

    >>> settings(keras.DTypePolicy("mixed_bfloat16"))
    """
    if policy.variable_dtype != "float32":
        raise ValueError(
            "Expected weights in float32, as likelihoods are. "
            f"Received: the dtype policy {policy.name}. Make the model and its parts under "
            "keras.config.set_floatx('float32'), or under the policy mixed_bfloat16."
        )
    if (order := keras.config.image_data_format()) != "channels_last":
        raise ValueError(
            f"Expected images with their channels last. Received: the data format {order}. Make "
            "the model and its parts under keras.config.set_image_data_format('channels_last')."
        )


def freeze(model: keras.Model) -> None:
    """Freezes what is inside of layers that are made with `trainable=False`, which Keras forgets.

    >>> model = keras.Sequential([keras.Sequential([keras.layers.Dense(2)], trainable=False)])
    >>> model.build((None, 3))
    >>> freeze(model)
    >>> model.trainable_weights
    []
    """
    for layer in model._flatten_layers():
        if not layer.trainable:
            layer.trainable = True  # TensorFlow skips what is set to what it was
            layer.trainable = False


def vector(network: Any, event: Event, name: str = "encoder") -> tuple[int, ...]:
    """Shape `(F,)` of what a network makes of one example, which is to be one vector.

    Raises:
        ValueError: those of `features`; features of a grid; probabilities.

    >>> vector(kerasgen.networks.MLP((4,), ()), kerasgen.events.of([8, 8, 1]))
    (4,)
    """
    shape = features(network, event, name)
    if len(shape) != 1:
        raise ValueError(
            f"Expected features [batch, F] of the {name}. Received: {_name(network)}, which gives "
            f"{shape}, a grid. Put a Flatten at its end."
        )
    if said := endings.probabilities(network, event):
        raise ValueError(
            f"Expected features of the {name}, which a linear layer reads. Received: "
            f"{_name(network)}, which gives probabilities: {said}. Drop that activation."
        )
    return shape


def features(network: Any, event: Event, name: str = "encoder") -> tuple[int, ...]:
    """Shape of what an encoder makes of one example.

    Raises:
        ValueError: it takes no such examples, or gives several outputs, no features, or another
            number of them than of examples.

    >>> features(kerasgen.networks.GridEncoder((4, 6), (1, 1)), kerasgen.events.of([8, 8, 1]))
    (2, 2, 6)
    """
    checks.part(name, network, keras.Layer)
    what = (
        f"Expected a network for {name}, of {event!r} to [batch, F] or [batch, height, width, F]."
    )
    try:
        output = network(event.symbolic())
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what} Received: {_name(network)}: {_line(error)}") from error
    if not hasattr(output, "shape"):
        raise ValueError(
            f"{what} Received: {_name(network)}, which gives several outputs. Join them in one."
        )
    batch, *shape = output.shape
    if batch is not None:
        raise ValueError(
            f"{what} Received: {_name(network)}, which gives {batch} for any batch. "
            "Keep the batch axis."
        )
    if len(shape) not in (1, 3) or None in shape:
        raise ValueError(
            f"{what} Received: {_name(network)}, which gives {tuple(shape)}. "
            "Put a Flatten at its end."
        )
    return tuple(shape)


def predicts(network, input_shape: tuple[int, ...], likelihood) -> None:
    """Builds a network that reads `[B, *input_shape]` and predicts a likelihood's parameters.

    One of `kerasgen.networks` is told how many these are.

    Raises:
        ValueError: it gives another number of parameters.

    >>> likelihood = kerasgen.likelihoods.Bernoulli().build_for(kerasgen.events.of([8, 8, 1]))
    >>> decoder = kerasgen.networks.MLP(hidden=())
    >>> predicts(decoder, (2,), likelihood)
    >>> decoder.output_size
    (8, 8, 1)
    """
    expected = likelihood.output_shape
    _set_output(network, expected)
    try:
        params = network(keras.KerasTensor((None, *input_shape)))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"Expected a decoder of codes {input_shape}. Received: {_name(network)}: {_line(error)}"
        ) from error
    found = keras.tree.map_structure(lambda p: tuple(p.shape[1:]), params)
    if found != expected:
        raise ValueError(
            f"Expected the decoder's output shape to be {expected}, which is what "
            f"{_name(likelihood)} needs for {likelihood.event!r}. Received: {found}. Set the "
            "decoder's output_shape."
        )
    if bounds := endings.bounds(network, input_shape):
        raise ValueError(
            f"Expected a decoder that is linear at its end, as {_name(likelihood)} takes logits or "
            f"real parameters. Received: {bounds}. Drop that activation."
        )


def predicts_pixels(network, grid: Event, condition: Event, likelihood) -> None:
    """Builds a causal network over a grid of pixels, and compares what it gives.

    Raises:
        ValueError: it gives another number of parameters than the likelihood needs.

    >>> event, nothing = kerasgen.events.of([4, 4, 1]), kerasgen.events.Nothing()
    >>> likelihood = kerasgen.likelihoods.Categorical(levels=16).build_for(event)
    >>> network = kerasgen.networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> predicts_pixels(network, event, nothing, likelihood)
    >>> network.output_size
    16
    """
    *_, channels = likelihood.output_shape
    if not hasattr(network, "init_cache"):
        raise ValueError(
            "Expected a causal network of kerasgen.networks, such as GatedPixelCNN, whose pixels "
            f"see those before them only. Received: {_name(network)}."
        )
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

    >>> generator = kerasgen.networks.MLP(hidden=())
    >>> generates(generator, 3, kerasgen.events.of([8, 8, 1]))
    >>> generator.output_size
    (8, 8, 1)
    """
    checks.part("generator", generator, keras.Layer)
    _set_output(generator, event.shape)
    made = generator(keras.KerasTensor((None, noise_size)))
    if tuple(made.shape[1:]) != event.shape:
        raise ValueError(
            f"Expected the generator's output shape to be {event.shape}, one example. "
            f"Received: {tuple(made.shape[1:])}. Leave the generator's output_shape out."
        )
    bounds = endings.bounds(generator, (noise_size,)) if event.values == "[0, 1]" else None
    if bounds and not endings.within_one(bounds):
        raise ValueError(
            f"Expected a generator of pixels in [0, 1]. Received: {bounds}. End it in a sigmoid."
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
    """A latent code in exported files.

    >>> code_tensor((40,)).shape
    (40,)
    """
    return Tensor(shape, "float32", "real, standard normal a priori", "latent code")


def mask_tensor(shape: tuple[int, ...]) -> Tensor:
    """What is known of an image, in exported files.

    >>> mask_tensor((8, 8)).shape
    (8, 8)
    """
    meaning = "1 where a pixel is kept, 0 where it is drawn"
    return Tensor(shape, "float32", "0 or 1", meaning, {"range": [0, 1], "levels": 2})


def noise_tensor(shape: tuple[int, ...]) -> Tensor:
    """Noise in exported files.

    >>> noise_tensor((40,)).dtype
    'float32'
    """
    meaning = "all the randomness there is: equal noise, equal result"
    return Tensor(shape, "float32", "standard normal", meaning, {"draw": "standard normal"})


def _set_output(network, shape):
    if isinstance(shape, dict):
        for name, part in getattr(network, "networks", {}).items():
            _set_output(part, shape[name])
    elif hasattr(network, "set_output"):
        network.set_output(shape)


def _name(part):
    return type(part).__name__


def _line(error):
    return " ".join(str(error).split())[:200]
