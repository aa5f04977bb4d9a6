"""Training that starts from the weights of a preset, of the whole model or of a part."""

import functools

from kerasgen import checks
from kerasgen.zoo import manifest
from kerasgen.zoo.loader import load, verified
from kerasgen.zoo.manifest import PresetError


def load_into(model, name_or_path):
    """Gives `model`, which may be part of another, the weights of a preset of its architecture.

    Raises:
        PresetError: as `load`; the model is then unchanged.

    >>> model = kerasgen.zoo.recipe("gmm_ring").build()
    >>> load_into(model, "gmm_ring")
    >>> bool(np.all(model.sample(3, seed=0) == load("gmm_ring").sample(3, seed=0)))
    True
    """
    from kerasgen.zoo import weights

    with verified(name_or_path, manifest.WEIGHTS) as (path, content):
        weights.load(model, path, content)


def warm_start(model, name_or_path):
    """Gives `model` the weights of a preset wherever a layer of the same place and shapes has some.

    For training on from a preset with other parts, as a prior of two layers in the place of one.
    Counters of steps stay where they are: the model has made none.

    Args:
        model: built.
        name_or_path: as `folder`.

    Returns:
        Paths of the preset's floating-point arrays whose place and shape `model` has, sorted.

    Raises:
        PresetError: as `load`; or nothing in the preset fits.

    >>> warm_start(kerasgen.zoo.recipe("gmm_ring").build(), "gmm_ring")
    ['vars/0', 'vars/1', 'vars/2']
    """
    from kerasgen.zoo import stored, weights

    with (
        verified(name_or_path, manifest.WEIGHTS) as (path, content),
        stored.opened(path, content) as arrays,
    ):
        taken = weights.take(model, arrays)
    if not taken:
        raise PresetError(
            "Expected a preset with layers of this model to start from. "
            f"Received: {path.parent}, with none."
        )
    return taken


def warm_start_layer(layer, name_or_path, part):
    """As `warm_start`, of one layer by one of a preset: a transformer's stem by a whole network.

    Args:
        layer: built.
        name_or_path: as `folder`.
        part: the preset's layer, by dotted attribute: "network".

    >>> decoder = kerasgen.zoo.recipe("vae_mnist_2d").build().decoder
    >>> len(warm_start_layer(decoder, "vae_mnist_2d", "decoder")) == len(decoder.weights)
    True
    """
    import keras

    from kerasgen.zoo import weights

    other = functools.reduce(
        lambda owner, name: getattr(owner, name, None), part.split("."), load(name_or_path)
    )
    found = weights.variables(other) if isinstance(other, keras.Layer) else {}
    taken = weights.take(
        layer, {name: keras.ops.convert_to_numpy(variable) for name, variable in found.items()}
    )
    if not taken:
        raise PresetError(
            f"Expected a layer of {name_or_path} that is like {checks.kind(layer)}. "
            f"Received: {part!r}, {checks.kind(other)}."
        )
    return taken
