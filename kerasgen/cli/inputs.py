"""What commands read: recipes, models and examples."""

import argparse
import difflib
import functools
import itertools
import os
import pathlib
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import kerasgen
from kerasgen import checks
from kerasgen.zoo import hub, loader
from kerasgen.zoo.known import Known, of, shipped

if TYPE_CHECKING:
    from kerasgen.recipe import Recipe

_CALIBRATION = 100  # examples


def load_keras() -> None:
    """Imports Keras, its backend and kerasgen's classes, without TensorFlow's lines on stderr.

    They are kept where `TF_CPP_MIN_LOG_LEVEL` asks for them.

    >>> load_keras()
    """
    if "tensorflow" in sys.modules or os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        kerasgen.register()
        return
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)  # some of the lines come before any level is read
        kerasgen.register()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def recipe(name: str) -> "Recipe":
    """The recipe in a file, or that of a preset.

    >>> recipe("gmm_ring").data["name"]
    'ring'
    """
    from kerasgen.recipe import Recipe

    path = pathlib.Path(name)
    if os.path.isfile(name) and path.suffix not in (".keras", ".zip"):
        return Recipe.load(name)
    if path.suffix in (".yaml", ".yml"):
        raise FileNotFoundError(
            f"Expected a recipe file or a preset. Received: {name}, which is not there."
            f"{near_files(path)}"
        )
    if loader.is_keras_file(path):
        return _recipe_of(path, path.stat().st_mtime_ns)
    return kerasgen.zoo.recipe(name)


@functools.cache
def _recipe_of(path, changed):
    """What is known of the model in a .keras file; parts that no recipe can name, by their class.

    Such a recipe tells what the model is of, and builds none.
    """
    load_keras()
    from kerasgen.recipe import Recipe

    model = kerasgen.zoo.load(path)
    return Recipe.of(model, path.stem, foreign=lambda part: {"class_name": type(part).__name__})


def stem(name: str) -> str:
    """What files that are made from a preset are called by default.

    >>> stem("gmm_ring"), stem("hf://me/mine")
    ('gmm_ring', 'mine')
    """
    if hub.is_handle(name):
        return hub.name(name)
    is_file = os.path.isfile(name)  # of any name, one too long for the system, too
    return pathlib.Path(name).stem if is_file else kerasgen.zoo.folder(name).name


def own_folder(name: str) -> pathlib.Path:
    """The folder of a preset, for a command that writes into it.

    Raises:
        ValueError: a file or a handle, whose folder ends with the command.

    >>> own_folder("hf://me/mine")
    Traceback (most recent call last):
    ValueError: Expected the folder of a preset, to write into. Received: 'hf://me/mine'. Make ...
    """
    if hub.is_handle(name) or os.path.isfile(name):
        out = stem(name)
        raise ValueError(
            f"Expected the folder of a preset, to write into. Received: {name!r}. Make one by "
            f"`{shlex.join(['kerasgen', 'preset', name, '--out', out])}`, and name {out}."
        )
    return kerasgen.zoo.folder(name)


def near_files(path: pathlib.Path) -> str:
    """What lies where a path leads and has a name near to its own, as a sentence; or nothing.

    >>> pathlib.Path("mine.yaml").touch()
    >>> near_files(pathlib.Path("mien.yml"))
    ' Near names: mine.yaml.'
    """
    there = [file.name for file in path.parent.glob("*")]
    near = difflib.get_close_matches(path.name, there, n=3, cutoff=0.5)
    return f" Near names: {', '.join(near)}." if near else ""


def is_conditional(name: str) -> bool:
    """Whether the recipe of a preset names a condition, which is known without Keras.

    >>> is_conditional("cvae_mnist"), is_conditional("vae_mnist")
    (True, False)
    """
    (arguments,) = recipe(name).model.values()
    return not arguments.keys().isdisjoint(("condition", "num_classes"))


def told(known: Known, args: argparse.Namespace) -> Any:
    """The number of the class that `--label` names, the sentence of `--prompt`, or None.

    Raises:
        ValueError: the preset `args.name`, of which `known` is known, takes none.

    >>> args = argparse.Namespace(name="cvae_mnist", label="7", prompt=None)
    >>> told(shipped()["cvae_mnist"], args)
    7
    """
    if args.prompt is not None:
        if not known.reads:
            raise ValueError(
                f"Expected a preset that reads sentences. Received: --prompt for {args.name!r}. "
                "Drop it."
            )
        return args.prompt
    if args.label is None:
        return None
    if not known.classes:
        raise ValueError(
            f"Expected a preset of classes. Received: --label for {args.name!r}. Drop it."
        )
    return known.number(args.label)


def model(
    name: str, does: str | None = None, check: Callable[[Known], object] | None = None
) -> Any:
    """The model of a preset, which must have a method of `kerasgen.abilities`, or do the task of a
    command, where one is named.

    Args:
        name: of the preset.
        does: a method, or a command.
        check: raises what the command has against a model of which this is known.

    Raises:
        ValueError: a preset that ships and does not, or has something against it, before Keras is
            imported; another as soon as it is loaded. Whether another does a task is for the task
            to say.

    >>> model("gmm_ring", "sample").event_shape
    (2,)
    >>> model("gmm_ring", "denoise")
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task denoise` names. ...
    """
    known = None
    if not loader.is_keras_file(name):
        folder = kerasgen.zoo.folder(name)  # an error of the name does not wait for Keras
        known = shipped().get(folder.name) if name == folder.name else None
    if does is not None and known is not None and does not in known.does:
        raise ValueError(
            f"Expected a preset that `kerasgen list --task {does}` names. Received: {name!r}, "
            f"which does {', '.join(known.does)}. Name one of those."
        )
    if check and known:
        check(known)
    load_keras()
    loaded = kerasgen.zoo.load(name)
    from kerasgen import abilities

    if does in {ability.method for ability in abilities.ALL}:
        needs(loaded, does, name)
    if check and not known:
        check(of(loaded))
    return loaded


def needs(model: Any, method: str, name: str) -> None:
    """Refuses the model of preset `name` where it lacks a method of an ability.

    >>> needs(kerasgen.families.Mixture([2], num_components=3), "encode", "mine")
    Traceback (most recent call last):
    ValueError: Expected a preset whose model has 'encode'. Received: 'mine', ...
    """
    from kerasgen import abilities

    methods = abilities.methods(model)
    if method not in methods:
        raise ValueError(
            f"Expected a preset whose model has {method!r}. Received: {name!r}, whose model "
            f"is {checks.kind(model)}, which has {', '.join(methods)}. Name another."
        )


def pictures(model: Any, args: argparse.Namespace) -> Any:
    """The pictures that a command is given, `[N, *event_shape]`, or test images in their place.

    >>> where = {"data": None, "data_dir": None, "download": False}
    >>> args = argparse.Namespace(name="gmm_ring", pictures=[], n=2, **where)
    >>> pictures(kerasgen.zoo.load("gmm_ring"), args).shape
    (2, 2)
    """
    if not args.pictures:
        return examples(recipe(args.name), "test", args, count=args.n)[0]
    from kerasgen.data.picture_files import read

    return read(args.pictures, model.event_shape)[0]


def examples(
    recipe: "Recipe",
    split: str,
    args: argparse.Namespace,
    labels: bool = False,
    count: int | None = None,
) -> tuple[Any, Any]:
    """The first `count` of a split of the recipe's data set, or all, as `(x, labels or None)`.

    Pixels are drawn once if training draws them at every visit.

    >>> args = argparse.Namespace(data=None, data_dir=None, download=False)
    >>> x, labels = examples(recipe("gmm_ring"), "test", args, count=5)
    >>> x.shape, labels is None
    ((5, 2), True)
    """
    from kerasgen.recipe import UNKNOWN

    name, path = recipe.data["name"], args.data or recipe.data.get("file")
    if name == UNKNOWN and not path:
        raise ValueError(
            f"Expected --data, a file of examples. Received: {recipe.name!r}, which does not know "
            "what it was trained on. Name one."
        )
    load_keras()
    import numpy as np
    from keras import tree

    from kerasgen.data.importing import as_npz

    options = {
        "batch_size": 1000,
        "binarize": recipe.data.get("binarize") and "fixed",
        "labels": bool(labels),
    }
    if path:
        path = as_npz(path, name, recipe.event())
        name = None if name == UNKNOWN else name
        batches = kerasgen.data.from_npz(path, split, name, **options)
    else:
        where = {"data_dir": args.data_dir, "download": args.download}
        batches = kerasgen.data.load(name, split, **options, **where)
    batches = list(itertools.islice(batches, count and -(-count // options["batch_size"])))
    join = functools.partial(tree.map_structure, lambda *parts: np.concatenate(parts)[:count])
    if not labels:
        return join(*batches), None
    x, y = zip(*batches)
    return join(*x), join(*y)


def calibration(recipe: "Recipe", model: Any, args: argparse.Namespace) -> tuple[Any, Any] | None:
    """Training examples that a full-integer file measures its ranges on, of a model that does not
    sample, as `(x, labels or None)`; None where it does, or where they are not on this machine.

    >>> args = argparse.Namespace(data=None, data_dir=None, download=False)
    >>> calibration(recipe("gmm_ring"), model("gmm_ring"), args) is None
    True
    """
    from kerasgen import abilities

    if "sample" in abilities.methods(model):
        return None
    try:
        return examples(recipe, "train", args, recipe.data.get("labels", False), _CALIBRATION)
    except (FileNotFoundError, RuntimeError, ValueError) as error:
        print(f"Ranges are measured on noise, which may lose much. {error}", file=sys.stderr)
        return None
