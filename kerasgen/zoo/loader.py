"""Finds presets and loads them: all of a model, or an error."""

import difflib
import functools
import pathlib
import tempfile

import h5py

from kerasgen.zoo import manifest
from kerasgen.zoo.manifest import PresetError

# In an installed wheel the presets lie beside this file, in a checkout in zoo/ at its top. The first that exists is
# taken: beside an installed package, a folder called zoo would be somebody else's.
_PLACES = (pathlib.Path(__file__).parent / "presets", pathlib.Path(__file__).parents[2] / "zoo")


def names():
    """Names of the presets that ship with the package."""
    return sorted(path.parent.name for path in _presets().glob(f"*/{manifest.NAME}"))


def folder(name_or_path):
    """The folder of a preset: one that ships, by name, or any other, by path.

    Args:
        name_or_path: a name of `names()`, or the path of a folder that `kerasgen.zoo.save` wrote. A string that is both
            is a name; write "./name" for the folder.

    Raises:
        PresetError: neither a preset's name (near names are listed) nor a folder.
    """
    shipped = _presets() / str(name_or_path)
    is_name = isinstance(name_or_path, str) and pathlib.PurePath(name_or_path).parts == (name_or_path,)
    if is_name and name_or_path != ".." and shipped.is_dir():
        return shipped
    path = pathlib.Path(name_or_path)
    if path.is_dir():
        return path
    near = difflib.get_close_matches(path.name, names(), n=3, cutoff=0.5)
    raise PresetError(
        f"Expected the name of a preset or the path of a preset folder. Received: {str(name_or_path)!r}. "
        + (f"Near names: {', '.join(near)}." if near else f"Presets: {', '.join(names()) or 'none'}.")
    )


def card(name_or_path):
    """The preset's card, as Markdown text.

    Raises:
        PresetError: as `load`.
    """
    path = folder(name_or_path)
    manifest.verify(path)
    return (path / "card.md").read_text(encoding="utf-8")


def load(name_or_path):
    """A trained model, ready to sample, score, compile and fit.

    Every file is checked against the preset's manifest before any is parsed; the recipe can name kerasgen's own classes
    only, and the weights must be exactly those that the recipe's model has.

    Args:
        name_or_path: as `folder`.

    Returns:
        The model, built and not compiled: a `kerasgen.GenerativeModel`, or a `kerasgen.families.Classifier`.

    Raises:
        PresetError: unknown preset, missing, damaged or malformed files, weights of another architecture.
    """
    import keras

    from kerasgen import recipe as recipes

    path = folder(name_or_path)
    manifest.verify(path)
    # Not Recipe.build, which seeds Python's, numpy's and Keras' global generators: every random number that the caller
    # draws after loading would be the same in every process.
    model = recipes.build(recipes.Recipe.load(path / "recipe.yaml").model)
    if not isinstance(model, keras.Model):
        raise PresetError(f"Expected {path / 'recipe.yaml'} to describe a model. Received: {type(model).__name__}.")
    load_weights(model, path / "model.weights.h5")
    return model


def load_weights(model, path):
    """Loads a `.weights.h5` file that holds exactly the weights of `model`.

    Keras alone leaves variables as they are, without an error, where a file has extra ones or misses whole layers.

    Raises:
        PresetError: the file is not HDF5, or weights are missing, left over or of other shapes. The model is unchanged.
    """
    with tempfile.TemporaryDirectory() as scratch:
        own = pathlib.Path(scratch) / "own.weights.h5"
        model.save_weights(own)
        expected = {name: shape for name, shape in _shapes(own).items() if not name.startswith("optimizer/")}
    try:
        received = _shapes(path)
    except OSError:
        raise PresetError(f"Expected an HDF5 file of weights. Received: {path}, which is none.") from None
    if received != expected:
        raise PresetError(_mismatch(path, expected, received))
    model.load_weights(path)


def load_into(model, name_or_path):
    """Gives `model`, which may be a part of another, the weights of a preset of exactly its architecture.

    Raises:
        PresetError: as `load`; the model is then unchanged.
    """
    path = folder(name_or_path)
    manifest.verify(path)
    load_weights(model, path / "model.weights.h5")


def warm_start(model, name_or_path):
    """Gives `model` the weights of a preset wherever a layer of the same place and shapes has some.

    For training on from a preset with other parts, as a prior of two layers in the place of one. Counters of steps
    stay where they are: the model has made none.

    Args:
        model: built.
        name_or_path: as `folder`.

    Returns:
        Paths of the preset's floating-point arrays whose place and shape `model` has, sorted.

    Raises:
        PresetError: as `load`; or nothing in the preset fits.
    """
    path = folder(name_or_path)
    manifest.verify(path)
    fitting = _take_what_fits(model, path / "model.weights.h5")
    if not fitting:
        raise PresetError(f"Expected a preset with layers of this model to start from. Received: {path}, with none.")
    return fitting


def warm_start_layer(layer, name_or_path, part):
    """As `warm_start`, of one layer by one of a preset, as a transformer's stem by a network that was trained alone.

    Args:
        layer: built.
        name_or_path: as `folder`.
        part: the preset's layer, by dotted attribute: "network".
    """
    import keras

    other = functools.reduce(lambda owner, name: getattr(owner, name, None), part.split("."), load(name_or_path))
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "part.weights.h5"
        if isinstance(other, keras.Layer):
            _alone(other).save_weights(file)
        fitting = _take_what_fits(_alone(layer), file) if file.exists() else []
    if not fitting:
        raise PresetError(
            f"Expected a layer of {name_or_path} that is like a {type(layer).__name__}. Received: {part!r}, a "
            f"{type(other).__name__}."
        )
    return fitting


def _alone(layer):
    """A model of one layer, so that its weights can be saved by their paths within it."""
    import keras

    model = keras.Model()
    model.part = layer
    model.built = True
    return model


def _take_what_fits(model, file):
    """Gives `model` the floating-point arrays of an HDF5 file that have a place and a shape of its own: their paths."""
    with tempfile.TemporaryDirectory() as scratch:
        own = pathlib.Path(scratch) / "own.weights.h5"
        model.save_weights(own)
        same = sorted(name for name, _ in _shapes(own).items() & _shapes(file).items())
        with h5py.File(own, "r+") as to, h5py.File(file) as source:
            fitting = [name for name in same if source[name].dtype.kind == "f"]  # not counters, which many models have
            for name in fitting:
                to[name][...] = source[name]
        if fitting:
            model.load_weights(own)
    return fitting


def _presets():
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])


def _shapes(path):
    """Shapes of the arrays in an HDF5 file, by path. Links, which may lead out of the file, are not followed."""
    shapes = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            shapes[name] = item.shape

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return shapes


def _mismatch(path, expected, received):
    differing = [name for name in expected if name in received and expected[name] != received[name]]
    if differing:
        name = differing[0]
        first = f"{name} of shape {expected[name]} where the file has {received[name]}"
    else:
        missing, extra = (sorted(a.keys() - b.keys()) for a, b in ((expected, received), (received, expected)))
        name, shape = (missing[0], expected[missing[0]]) if missing else (extra[0], received[extra[0]])
        first = f"{name} of shape {shape}, which {'the file lacks' if missing else 'only the file has'}"
    return (
        f"Expected {path} to hold the {len(expected)} weights of the recipe's model. Received: {len(received)} weights "
        f"of another architecture; the first difference is {first}. Use the recipe that the weights were trained with."
    )
