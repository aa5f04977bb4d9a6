"""Writes presets: everything that `load` reads, whole or not at all."""

import dataclasses
import json
import os
import pathlib
import shutil
import tempfile
import warnings

from kerasgen import checks, durable
from kerasgen import recipe as recipes
from kerasgen.data import catalog
from kerasgen.rendering import render
from kerasgen.reports import Shown, report
from kerasgen.zoo import figures, manifest, rounding, weights
from kerasgen.zoo.facts import facts
from kerasgen.zoo.manifest import PresetError


def save(
    model,
    folder,
    recipe=None,
    metrics=None,
    images=None,
    training=None,
    history=None,
    labels=None,
    judged=None,
    dtype="float16",
):
    """Writes a preset folder: recipe, weights, figures, card, pictures and, last, the manifest.

    It is made beside `folder`, and takes its place when it is whole, by `kerasgen.durable`.

    Args:
        model: trained from `recipe`.
        folder: path of the preset. An earlier preset of the same name, or its recipe, is replaced.
        recipe: of the model. None of one that was trained by `fit`: then one of its parts alone.
        metrics: None, or what metrics.json will hold: `machine`, `training_time_seconds`,
            `figures` by name, each with `value`, `unit`, `protocol` and `command`, where known
            `standard_error` and `published` (a list of `model`, `value`, `source`), and `notes`,
            sentences that say where the preset falls short.
        images: `[n, *event_shape]` held-out examples, or None: images are shown above their
            reconstructions, points of the plane beside the model's density.
        training: `[N, *event_shape]` that the model was trained on, or None. Samples of one without
            a likelihood are shown above the nearest of them.
        history: path of the training run's CSV file, or None: that of earlier weights like these.
        labels: `[n]` of the held-out examples, of a conditional model, or None.
        judged: examples and their condition by which rounding is judged, if not the held-out ones.
        dtype: "float16": rounded where that moves no figure, as `kerasgen.zoo.rounding` finds on
            those examples or on samples; "float32": as they are. A preset loads as float32.

    Returns:
        The folder, a `pathlib.Path`.

    Raises:
        PresetError: `folder` holds something else, or `model` is not of the recipe's architecture.
        ValueError: metrics lack something, or another dtype.

    >>> save(kerasgen.families.Mixture([2], num_components=3), "mine").name
    'mine'
    """
    if dtype not in ("float16", "float32"):
        raise ValueError(f"Expected dtype to be 'float16' or 'float32'. Received: dtype={dtype!r}.")
    folder = pathlib.Path(os.path.abspath(checks.path("folder", folder)))
    durable.recover(folder)
    recipe = recipe or recipes.Recipe.of(model, folder.name)
    recipe = dataclasses.replace(recipe, imports=recipes.modules(recipe.model))
    metrics = metrics or {"machine": None, "training_time_seconds": None, "figures": {}}
    figures.check(metrics)
    _check_replaceable(folder, recipe)
    copy = _fresh_copy(model, recipe)
    if dtype == "float16" and not _is_written(copy, folder):
        rounding.round_weights(copy, *(judged or (images, labels)))
    with durable.placed(folder) as new:
        new.mkdir()
        _write(copy, new, folder, recipe, metrics, images, training, history, labels)
    return folder


def _write(model, folder, target, recipe, metrics, images, training, history, labels):
    written = target / "recipe.yaml"
    if written.exists() and not recipe.differences(recipes.Recipe.load(written)):
        shutil.copyfile(written, folder / "recipe.yaml")  # with the author's comments and layout
    else:
        recipe.save(folder / "recipe.yaml")
    weights.save(model, folder / manifest.WEIGHTS)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    earlier, ours = (place / manifest.WEIGHTS for place in (target, folder))
    is_same = weights.same(earlier, ours)
    if is_same:  # a file of one content is kept in one way
        shutil.copyfile(earlier, ours)
    if history is None and is_same and (target / manifest.HISTORY).exists():
        history = target / manifest.HISTORY
    if history is not None:
        shutil.copyfile(history, folder / manifest.HISTORY)
    if is_same and (target / manifest.DETECTOR).exists():
        shutil.copyfile(target / manifest.DETECTOR, folder / manifest.DETECTOR)
    sounds = catalog.entry(recipe.data["name"]).sounds
    given = Shown(images, labels, training, history, sounds)
    with warnings.catch_warnings(record=True) as left_out:
        warnings.simplefilter("always")
        captions = report(model).pictures(folder, given)
    known = facts(recipe, metrics, model, ours.stat().st_size, captions)
    text = render("card.md.j2", **known)
    (folder / "card.md").write_text(text, encoding="utf-8")
    manifest.write(folder)
    for each in left_out:  # now that the rest is there: a full disk is told in one line
        warnings.warn(each.message, stacklevel=3)


def _fresh_copy(model, recipe):
    """The model that `load` will build, in float32, with the weights of `model` alone."""
    copy = recipes.build(recipe.model)
    ours, theirs = ([tuple(weight.shape) for weight in m.weights] for m in (copy, model))
    if ours != theirs:
        differing = next(
            (pair for pair in zip(ours, theirs) if pair[0] != pair[1]), (len(ours), len(theirs))
        )
        raise PresetError(
            f"Expected the model to have the {len(ours)} weights of recipe {recipe.name!r}. "
            f"Received: {len(theirs)} weights, the first difference {differing[1]} for "
            f"{differing[0]}. Pass the recipe that built the model."
        )
    copy.set_weights(model.get_weights())
    return copy


def _is_written(model, folder):
    """Whether a preset already holds these weights, rounded as they are."""
    with tempfile.TemporaryDirectory() as scratch:
        ours, theirs = (pathlib.Path(place, manifest.WEIGHTS) for place in (scratch, folder))
        weights.save(model, ours)
        return weights.same(ours, theirs)


def _check_replaceable(folder, recipe):
    if not folder.exists():
        return
    remedy = "Name another folder, or move that one away."
    if not folder.is_dir():
        raise PresetError(f"Expected a folder for the preset. Received: {folder}, a file. {remedy}")
    held = {path.name for path in folder.iterdir()}
    drawn = {name for name in held if name.endswith((".png", ".gif", ".wav"))}
    known = {manifest.NAME, manifest.HISTORY, manifest.SIGNATURE, manifest.DETECTOR}
    foreign = sorted(held - manifest.REQUIRED - drawn - known)
    if foreign:
        raise PresetError(
            f"Expected {folder} to hold a preset or nothing. Received: {foreign[:5]} in it. "
            f"{remedy}"
        )
    if held:
        name = recipes.Recipe.load(folder / "recipe.yaml").name if "recipe.yaml" in held else None
        if name != recipe.name:
            raise PresetError(
                f"Expected {folder} to hold the preset {recipe.name!r}. Received: {name!r}. "
                f"{remedy}"
            )
