"""SavedModel folders."""

import inspect

import keras

from kerasgen import abilities, checks, durable, machine
from kerasgen.export import signatures as _signatures
from kerasgen.export.verification import Report, bound_of, milliseconds, verify


def saved_model(model, folder, signatures=None, bound=None, batch_size=None):
    """Writes a SavedModel that TensorFlow alone can load.

    It is `tf.saved_model.load(folder).encode(images)`, or `.signatures["encode"](images=images)`
    with names; so is what `tensorflow_hub.load` gives, of the folder or of a .tar.gz of its content
    behind an address. `keras.layers.TFSMLayer(folder, call_endpoint="elbo")` is called on the first
    input, with the others by name: `layer(images, noise=noise)`. A folder whose name is a number,
    as `vae_mnist/1`, is what TensorFlow Serving reads. What answers a request without a name,
    `serving_default`, is the first of the model's methods that is a signature: `sample`, of
    classifiers `classify`, of autoencoders `encode`. Labels and tokens that are out of range end
    a call with an error.

    Args:
        model: a model that lists `export_signatures()`, on the TensorFlow backend.
        folder: to write, with its parents; a SavedModel that is there is replaced once the new one
            is verified.
        signatures: names of those to export; all by default.
        bound: largest error against Keras to accept, for every element; by default
            `BOUNDS["saved_model"]`, which also bounds the mean.
        batch_size: examples of every call; None leaves it free.

    Returns:
        A `Report`.

    Raises:
        RuntimeError: another backend than TensorFlow.
        ValueError: a model that cannot be exported, a folder with other content, or an error above
            the bound; `folder` is then as it was.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> saved_model(model, "mixture").path.name
    'mixture'
    """
    _signatures.check_batch(batch_size)
    chosen = _signatures.of(model, signatures)
    folder, bound = checks.path("folder", folder), bound_of("saved_model", bound)
    replaceable = folder.is_dir() and (
        (folder / "saved_model.pb").is_file() or not any(folder.iterdir())
    )
    if folder.exists() and not replaceable:
        raise ValueError(
            f"Expected a new folder or a SavedModel to replace. Received: {folder}. Name another."
        )
    with durable.placed(folder) as temporary:
        archive(_default_first(model, chosen), temporary, batch_size, _in_range)
        run = _loaded(temporary)
        errors = verify(model, chosen, run, bound, batch_size)
        size = sum(file.stat().st_size for file in temporary.rglob("*") if file.is_file())
        times = milliseconds(model, chosen, run, batch_size)
    del run
    machine.give_back()
    return Report(folder, size, "saved_model", *errors, bound, times)


def _loaded(folder):
    """What runs a signature of a SavedModel, given its name and its inputs by theirs."""
    import tensorflow as tf

    signatures = tf.saved_model.load(str(folder)).signatures

    def run(name, inputs):
        outputs = signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})
        return {key: value.numpy() for key, value in outputs.items()}

    return run


def _default_first(model, signatures):
    """The signatures; what comes first, Keras makes the default for serving."""
    default = next((name for name in abilities.methods(model) if name in signatures), None)
    return {name: signatures[name] for name in dict.fromkeys([default, *signatures]) if name}


def _in_range(name, tensor, value):
    """A whole number of an input, where it is in range; an error in the graph otherwise."""
    import tensorflow as tf

    if "range" not in tensor.details or not value.dtype.is_integer:
        return value
    low, high = tensor.details["range"]
    right = tf.reduce_all(tf.logical_and(value >= low, value <= high))
    received = ["Received:", tf.reduce_min(value), "to", tf.reduce_max(value)]
    with tf.control_dependencies(
        [tf.debugging.Assert(right, [f"Expected {name} in {low}..{high}.", *received])]
    ):
        return tf.identity(value)


def archive(signatures, folder, batch_size=None, checked=lambda name, tensor, value: value):
    """Writes the signatures, of a batch size or a free one, as a SavedModel with the variables that
    they use; `checked(name, tensor, value)` is what they make of each input.

    >>> import pathlib
    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> archive(_signatures.of(model, ["sample"]), "signatures", batch_size=4)
    >>> (pathlib.Path("signatures") / "saved_model.pb").exists()
    True
    """
    import tensorflow as tf

    export = keras.export.ExportArchive()
    for name, signature in signatures.items():
        specs = [
            tf.TensorSpec(
                () if each is _signatures.COUNT else (batch_size, *each.shape), each.dtype, name=key
            )
            for key, each in signature.inputs.items()
        ]
        export.add_endpoint(name, _named(signature, checked), specs)
    export.write_out(str(folder), verbose=False)


def _named(signature, checked):
    """The signature's function with its inputs as parameters, from which TensorFlow takes names."""
    names = list(signature.inputs)

    def function(*args, **kwargs):
        given = dict(zip(names, args)) | kwargs
        inputs = signature.inputs
        return signature.function(**{n: checked(n, inputs[n], given[n]) for n in given})

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    function.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return function
