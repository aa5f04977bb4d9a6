"""Finds presets and loads them: all of a model, or an error."""

import contextlib
import difflib
import functools
import os
import pathlib
import tempfile

from kerasgen import checks, durable
from kerasgen import recipe as recipes
from kerasgen.zoo import archive, figures, hub, manifest, signing
from kerasgen.zoo.manifest import PresetError

# In a wheel presets lie beside this file, in a checkout in zoo/ at its top. The first place that
# exists is taken: beside an installed package, a folder called zoo would be somebody else's.
_PLACES = (pathlib.Path(__file__).parent / "presets", pathlib.Path(__file__).parents[2] / "zoo")


def names():
    """Names of the presets that ship with the package.

    >>> "vae_mnist" in names()
    True
    """
    return sorted(path.parent.name for path in _presets().glob(f"[!.]*/{manifest.NAME}"))


def folder(name_or_path):
    """The folder of a preset: one that ships, by name, or any other, by path or handle.

    Archives, and presets of hubs, are copied into a folder that lasts as long as this process.

    Args:
        name_or_path: a name of `names()`; the path of a folder that `kerasgen.zoo.save` wrote, or
            of a `.zip` file of one; a `.keras` file of Keras' `model.save`; a handle, as
            `kerasgen.zoo.publish` takes it. A string that is a name and a path is a name; write
            "./name" for the path.

    Raises:
        PresetError: nothing of the kind (near names are listed); an archive or a hub that fails.

    >>> folder("gmm_ring").name
    'gmm_ring'
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise PresetError(
            "Expected the name of a preset, or a path. "
            f"Received: {name_or_path!r}, {checks.kind(name_or_path)}."
        )
    text, path = str(name_or_path), pathlib.Path(name_or_path)
    is_name = isinstance(name_or_path, str) and path.parts == (text,) and text != ".."
    if not text.strip():
        raise PresetError(
            "Expected the name of a preset, or a path. Received: an empty text. Write . for the "
            "folder that you are in."
        )
    for place in [*([_presets() / text] if is_name else []), path]:
        with contextlib.suppress(OSError, ValueError):  # no path at all: too long, a NUL in it
            if not place.is_dir():
                durable.recover(place)
            if place.is_dir():
                return place
    if hub.is_handle(text):
        hub.download(text, target := _scratch(hub.name(text)))
        return target
    if is_keras_file(path):
        return _from_keras_file(path.absolute(), path.stat().st_mtime_ns)
    if path.suffix == ".zip" and os.path.isfile(path):
        archive.unpack(path, target := _scratch(path.stem))
        return target
    near = difflib.get_close_matches(path.name, names(), n=3, cutoff=0.5)
    if near:
        known = f"Near names: {', '.join(near)}"
    elif len(path.parts) > 1:
        known = "It is not there"
    else:
        known = f"Presets: {', '.join(names() or ['none'])}"
    raise PresetError(
        "Expected the name of a preset, or the path of a preset's folder or .zip file. "
        f"Received: {text!r}. {known}."
    )


def is_keras_file(name_or_path):
    """Whether a path is a file of Keras' `model.save`: a model, and no preset.

    >>> is_keras_file("vae_mnist")
    False
    """
    path = pathlib.Path(str(name_or_path))
    return path.suffix == ".keras" and os.path.isfile(path)  # of any name, one too long, too


def _scratch(name):
    """A new, empty folder of that name, which is gone when this process ends."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=_scratch_root().name), name)
    folder.mkdir()
    return folder


@functools.cache
def _scratch_root():
    return tempfile.TemporaryDirectory(prefix="kerasgen-")


def card(name_or_path):
    """The preset's card, as Markdown text.

    Raises:
        PresetError: as `load`.

    >>> card("gmm_ring").startswith("#")
    True
    """
    with verified(name_or_path, manifest.CARD) as (_, content):
        return content.decode("utf-8")


def recipe(name_or_path):
    """The preset's `Recipe`, for which no Keras is needed.

    Raises:
        PresetError: as `load`.

    >>> recipe("gmm_ring").data["name"]
    'ring'
    """
    with verified(name_or_path, manifest.RECIPE) as (path, content):
        return recipes.Recipe.parse(content, path)


def metrics(name_or_path):
    """What the preset's metrics.json holds, for which no Keras is needed.

    Raises:
        PresetError: as `load`.

    >>> sorted(metrics("gmm_ring"))
    ['figures', 'machine', 'notes', 'training_time_seconds']
    """
    with verified(name_or_path, manifest.METRICS) as (path, content):
        return figures.read(path, content)


def load(name_or_path, trust=None):
    """A trained model, ready to sample, score, compile and fit.

    Every file is checked against the preset's manifest before any is parsed; the recipe can name
    kerasgen's own classes only, and the weights must be exactly those of the recipe's model. They
    are compared with it before memory is taken for it.

    Args:
        name_or_path: as `folder`.
        trust: public keys, one of which must have signed the preset, as `kerasgen.zoo.signing`
            takes them; None: of anybody.

    Returns:
        The model, built and not compiled: a `kerasgen.GenerativeModel`, or a
        `kerasgen.families.Classifier`.

    Raises:
        PresetError: unknown preset, missing, damaged or malformed files, weights of another
            architecture or that are not finite, no signature by a trusted key. The message is one
            line.

    >>> load("gmm_ring").sample(3, seed=0).shape
    TensorShape([3, 2])
    """
    import keras

    from kerasgen.zoo import building, stored, weights

    if is_keras_file(name_or_path):
        if trust is not None:
            raise PresetError(
                f"Expected a signed preset. Received: {name_or_path}, a .keras file, which nobody "
                "can sign."
            )
        return _keras_file(name_or_path)
    path = folder(name_or_path)
    with _told(path):
        contents = manifest.verify(path, manifest.NAME, manifest.RECIPE, manifest.WEIGHTS)
    if trust is not None:
        signing.check(path, contents[manifest.NAME], trust)
    with _told(path):
        known = recipes.Recipe.parse(contents[manifest.RECIPE], path / manifest.RECIPE)
        file = path / manifest.WEIGHTS
        with stored.opened(file, contents[manifest.WEIGHTS]) as arrays:
            # Not Recipe.build, which seeds Python's, numpy's and Keras' global generators: every
            # random number that the caller draws after loading would be the same in every process.
            with building.without_values(len(arrays)) as waiting:
                model = recipes.build(known.model, known.imports)
            if not isinstance(model, keras.Model):
                raise PresetError(
                    f"Expected {path / manifest.RECIPE} to describe a model. "
                    f"Received: {type(model).__name__}."
                )
            targets = weights.variables(model)
            values = weights.read(file, arrays, targets)
        building.give_values(waiting, targets, values)
        if hasattr(model, "preset"):  # not of a model of Keras' own
            model.preset, model.preset_folder = known.name, path
        return model


@functools.cache
def _from_keras_file(path, changed):
    """A preset of the model that Keras saved, in a folder that lasts as long as this process."""
    from kerasgen.zoo.writer import save  # imports Keras, which listing presets does without

    return save(_keras_file(path), _scratch(path.stem), dtype="float32")


def _keras_file(path):
    """The model that Keras saved, in its safe mode, which runs no code of the file's."""
    import keras

    from kerasgen.model import EventModel

    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras has many kinds for one file that it cannot read
        raise PresetError(
            f"Expected a .keras file of a kerasgen model. Received: {path}: {error}"
        ) from None
    if not isinstance(model, EventModel):
        raise PresetError(
            f"Expected a .keras file of a kerasgen model. Received: {checks.kind(model)}."
        )
    return model


@contextlib.contextmanager
def verified(name_or_path, file):
    """The path of one of a preset's files and its bytes, which are those of the manifest.

    >>> with verified("gmm_ring", manifest.CARD) as (path, content):
    ...     path.name, content[:10]
    ('card.md', b'# gmm_ring')
    """
    path = folder(name_or_path)
    with _told(path):
        yield path / file, manifest.verify(path, file)[file]


@contextlib.contextmanager
def _told(path):
    """Whatever a stranger's files provoke is a `PresetError`; what this machine lacks is not."""
    try:
        yield
    except (PresetError, ImportError):
        raise
    except Exception as error:
        text = str(error)
        if not text.startswith("Expected"):
            text = f"Expected files of a preset. Received: {type(error).__name__}: {text[:300]}."
        raise PresetError(f"{text} In the preset {path}.") from None


def _presets():
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])
