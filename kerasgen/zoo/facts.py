"""What the card of a preset says, from its recipe, its figures and its model.

The prose is in `kerasgen/templates/card.md.j2`. Nothing in a card is written by hand.
"""

import dataclasses
import textwrap
from collections.abc import Mapping
from typing import Any

from keras import tree

from kerasgen import checks
from kerasgen.data import catalog
from kerasgen.documents import write_yaml
from kerasgen.recipe import UNKNOWN, Recipe
from kerasgen.reports import report

LICENCE = "Apache-2.0"  # of the weights of presets
_LONG = 200  # characters
_LOADED = ("batch_size", "binarize", "labels")  # what fine-tuning reads as training did
_BINARIZED = {
    None: "values as they are",
    "dynamic": "pixels re-sampled as Bernoulli(intensity) at every visit",
    "fixed": "every image binarized once",
}


def facts(
    recipe: Recipe,
    metrics: Mapping[str, Any],
    model: Any,
    weight_bytes: int,
    pictures: Mapping[str, str],
) -> dict[str, Any]:
    """What the template of cards names.

    Args:
        recipe: of the preset, a `Recipe`.
        metrics: the content of its metrics.json.
        model: the preset's.
        weight_bytes: size of model.weights.h5.
        pictures: captions by file name.

    >>> from kerasgen import zoo
    >>> told = facts(zoo.recipe("gmm_ring"), zoo.metrics("gmm_ring"), zoo.load("gmm_ring"), 1, {})
    >>> told["kind"], told["split"]
    ('Mixture', 'train')
    """
    known = report(model)
    return {
        "name": recipe.name,
        "title": recipe.title or recipe.name,
        "lesson": recipe.lesson,
        "structure": write_yaml(_shown(recipe.model), width=100, default_flow_style=None).rstrip(),
        "parameters": model.count_params(),
        "weight_bytes": weight_bytes,
        "multiply_adds": known.multiply_adds,
        "pictures": pictures,
        "notes": metrics.get("notes", ()),
        **_figures(metrics["figures"]),
        **_model(model, known, recipe),
        **_training(recipe, metrics, known.fixed_settings),
        **_data(recipe, metrics),
    }


def _shown(model):
    """A recipe's model, of whose long texts, such as vocabularies, only the start is shown."""
    return tree.map_structure(
        lambda each: textwrap.shorten(each, _LONG) if isinstance(each, str) else each, model
    )


def _figures(figures):
    floors = {name.replace("_floor", ""): figures[name] for name in figures if "_floor" in name}
    shown = [
        {"name": name, "published": (), **figure}
        for name, figure in figures.items()
        if "_floor" not in name
    ]
    ways = {}
    for figure in shown:
        ways.setdefault((figure["protocol"], figure["command"]), []).append(figure["name"])
    return {"figures": shown, "floors": floors, "ways": list(ways.items())}


def _model(model, known, recipe):
    event = model.event
    labels = ", labels" if recipe.data.get("labels") else ""
    values = f" in {event.values}" if event.is_picture else ""
    binary = ", every pixel 0 or 1" if event.is_picture and catalog.is_binary(recipe.data) else ""
    return {
        "kind": type(model).__name__,
        "article": checks.kind(model).partition(" ")[0].capitalize(),
        "scores": model.likelihood_kind is not None,
        "takes_int8": known.needs_precision is None,
        "examples": f"{event.meaning}{labels}: {event.meaning} {event.dtype}{values}{binary}",
    }


def _training(recipe, metrics, fixed_settings):
    training = recipe.training
    if "em" in training:
        schedule = "expectation maximization on the whole set at once, " + _settings(training["em"])
    elif training:
        schedule = f"{_settings(training)}; batches of {recipe.data['batch_size']}"
    else:
        schedule = "Keras' `fit`"
    momenta = (f"{key}={training[key]}" for key in fixed_settings if key in training)
    return {
        "schedule": schedule,
        "goes_on": "runs/" in str(training.get("start_from")),  # from weights of another run
        "seed": recipe.seed,
        "duration": _duration(metrics["training_time_seconds"]),
        "machine": metrics["machine"],
        "adam": ", ".join(["1e-4", *momenta]),
    }


def _data(recipe, metrics):
    name, binarize = recipe.data["name"], recipe.data.get("binarize")
    entry = catalog.entry(name)
    # Of a set that is to be had nowhere else, the file that training read.
    file = None if name in catalog.names() else metrics.get("data_file")
    if name == UNKNOWN:
        entry = dataclasses.replace(entry, title="data that it does not know by name")
        file = "mine.npz"
    # Others are computed, come with a library or are fetched by hand.
    is_downloaded = not file and entry.reader is None and not entry.by_hand
    options = [f"{key}={_quoted(recipe.data[key])}" for key in _LOADED if key in recipe.data]
    options += ["shuffle=True", *(["download=True"] if is_downloaded else [])]
    function = "from_npz" if file else "load"
    return {
        "data": entry,
        "split": recipe.data.get("split", "train"),
        "binarized": _BINARIZED.get(binarize, binarize),
        "licence": LICENCE,
        "is_computed": entry.licence == catalog.COMPUTED,
        "load": f"{function}({', '.join([_quoted(file or name), *options])})",
        "source_flag": f" --data {file}" if file else " --download" if is_downloaded else "",
    }


def _duration(seconds):
    if seconds is None:
        return None
    amounts = ((3600, "hours", 1), (60, "minutes", 0), (1, "seconds", 0))
    size, unit, digits = next(a for a in amounts if seconds >= 1.5 * a[0] or a[0] == 1)
    return f"{seconds / size:.{digits}f} {unit}"


def _quoted(value):
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _settings(values):
    return ", ".join(f"{key} {value}" for key, value in values.items())
