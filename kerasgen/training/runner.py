"""Runs a recipe under a `tf.distribute` strategy, with checkpoints and exact resume.

A run writes into its own folder:

    recipe.yaml          the recipe as run, overrides included
    checkpoints/         the last epoch's weights, optimizer and seeds; state.json names the file that is whole
    history.csv, logs/   every term by epoch, for reading and for TensorBoard
    kl_by_unit.csv       of a code with a prior, by epoch
    preset/              at the end: a preset folder that `kerasgen.zoo.load` reads; of points, with their density

The order of the data, the noise and the schedules are functions of the recipe and of counters that a checkpoint holds.
A run that was killed and resumed therefore ends with the weights of one that never was, bit for bit on one device.
"""

import contextlib
import dataclasses
import functools
import inspect
import pathlib
import sys
import time

import keras
import numpy as np

from kerasgen import backend, machine, zoo
from kerasgen import data as datasets
from kerasgen.reports import report
from kerasgen.training import schedule as schedules
from kerasgen.training import strategies
from kerasgen.training.callbacks import FiniteLoss, logs
from kerasgen.training.checkpoints import Checkpoints
from kerasgen.zoo.manifest import HISTORY

_MONITORED = 1000  # examples
_ORDER = ("shuffle", "seed", "drop_remainder", "repeat", "start_step")  # of the data, which a run decides by itself


def run(recipe, output, strategy="none", devices=None, resume=False, data=None, data_dir=None, download=False):
    """Trains a recipe's model and returns it, on the weights that `output/preset` holds.

    Args:
        recipe: a `Recipe`.
        output: folder of the run.
        strategy: "none"; "mirrored": all visible GPUs, or `devices` logical CPU devices; "multiworker": as the
            environment's TF_CONFIG says, every worker with the same `output`.
        devices: number of devices of "mirrored"; None for all GPUs.
        resume: go on from the last checkpoint in `output`, if there is one.
        data: a file written by `kerasgen.data.save_npz`, read instead of TFDS (the way without TensorFlow).
        data_dir, download: of `kerasgen.data.load`, where the recipe's data are to be had here; no part of the run.

    Raises:
        ValueError: unknown schedule keys; a batch size that the replicas cannot share evenly; `output` holds a run and
            `resume` is not set, or one of a different recipe.
        FloatingPointError: the loss is no longer finite; the last good checkpoint is kept.
    """
    output = pathlib.Path(output)
    # Where data lie does not tell one run from another, and a preset should not name folders of this machine.
    here = {
        "data_dir": data_dir or recipe.data.get("data_dir"),
        "download": download or recipe.data.get("download", False),
    }
    recipe = dataclasses.replace(recipe, data={key: recipe.data[key] for key in recipe.data if key not in here})
    place = data, here
    known = [key for key in inspect.signature(datasets.load).parameters if key not in _ORDER]
    if unknown := sorted(recipe.data.keys() - set(known)):
        raise ValueError(f"Expected keys of data in {known}. Received: {unknown}.")
    if "em" in recipe.training:
        if strategy != "none" or resume or len(recipe.training) > 1:
            raise ValueError(
                f"Expected a recipe that says em to say nothing else, and to run in one piece on one device. Received: "
                f"training={recipe.training}, strategy={strategy!r}, resume={resume}."
            )
        if (output / "preset").exists():
            raise ValueError(f"Expected a folder without a run. Received: {output}, which holds one. Name another.")
        return _fit_em(recipe, output, place)
    schedule = schedules.of(recipe)
    scope, is_chief = strategies.scope(strategy, devices)
    checkpoints = Checkpoints(output / "checkpoints", recipe, writes=is_chief)
    if checkpoints.exist() and not resume:
        raise ValueError(
            f"Expected a folder without a run. Received: {output}, which holds one. Resume it, or name another."
        )
    steps, steps_per_execution = _epoch_steps(recipe, schedule, place)
    with scope, _precision(schedule.precision):
        replicas = backend.num_replicas()
        if recipe.data["batch_size"] % replicas:
            raise ValueError(
                f"Expected a batch_size that {replicas} replicas share evenly. "
                f"Received: {recipe.data['batch_size']}. Change data.batch_size, or the number of devices."
            )
        model = recipe.build()
        if schedule.ema and (why := report(model).follows_newest_weights):
            raise ValueError(
                f"Expected no training.ema beside {why} and not an averaged one. Received: "
                f"training.ema={schedule.ema}. Drop it."
            )
        if not checkpoints.exist():
            _start(model, schedule.start_from)
        model.compile(
            schedule.optimizer(schedule.epochs * steps),
            # Without compilation JAX runs operator by operator; TensorFlow still has its graph. XLA cannot compile what
            # replicas exchange.
            jit_compile=schedule.jit_compile and strategy == "none" or backend.NEEDS_XLA,
            # Replicas inside Keras' loop over steps fail in TensorFlow: a merge of gradients cannot leave a while loop.
            steps_per_execution=steps_per_execution if strategy == "none" else 1,
        )
        model.optimizer.build(model.trainable_variables)
        checkpoints.restore(model)
        order = {"shuffle": True, "seed": recipe.seed, "drop_remainder": True, "repeat": True}
        read = functools.partial(_reader(recipe, place), **order)
        if is_chief:
            output.mkdir(parents=True, exist_ok=True)
            recipe.save(output / "recipe.yaml")
        model.fit(
            read(start_step=checkpoints.epoch * steps),
            initial_epoch=checkpoints.epoch,
            epochs=schedule.epochs,
            steps_per_epoch=steps,
            callbacks=[
                FiniteLoss(steps, read),
                *_monitors(model, recipe, place, output, is_chief),
                *(logs(output, checkpoints.epoch) if is_chief else ()),
                checkpoints,
            ],
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    if is_chief:
        _save_preset(model, recipe, output, place, checkpoints.seconds, output / HISTORY)
    return model


def _start(model, presets):
    """Gives a new model, or the parts of it that are named, the weights of presets."""
    if isinstance(presets, dict):
        for place, preset in presets.items():
            _start_part(model, place, preset)
    elif presets:
        print(f"Started from {presets}: {len(zoo.warm_start(model, presets))} arrays fit.")


def _start_part(model, place, preset):
    """Gives a part that is a model a whole preset, and a layer what fits of a preset's part, `NAME:part`."""
    part = functools.reduce(lambda owner, name: getattr(owner, name, None), place.split("."), model)
    name, _, source = str(preset).rpartition(":")
    if isinstance(part, keras.Model):
        zoo.load_into(part, preset)
    elif isinstance(part, keras.Layer) and name:
        fitting = zoo.warm_start_layer(part, name, source)
        print(f"Started {place} from {preset}: {len(fitting)} arrays fit.")
    else:
        raise ValueError(
            f"Expected training.start_from to name a preset for a part of {type(model).__name__} that is a model, or "
            f"a preset's part, NAME:part, for one that is a layer. Received: {place}: {preset}."
        )


def _monitors(model, recipe, place, output, is_chief):
    """Callbacks that add to the logs what the model's report watches."""
    first = next(iter(_examples(recipe, place, batch_size=_MONITORED)))
    first = first if recipe.data.get("labels") else (first, None)
    return report(model).monitors(*first, output, is_chief)


def _fit_em(recipe, output, place):
    """Fits a mixture on the whole set at once: `training: {em: {arguments of Mixture.fit_em}}`."""
    began = time.monotonic()
    model = recipe.build()
    print(model.fit_em(_whole(recipe, place), **{"seed": recipe.seed, **recipe.training["em"]}))
    _save_preset(model, recipe, output, place, time.monotonic() - began)
    return model


def _examples(recipe, place, **order):
    """The recipe's training set, in an order of its own."""
    return _reader(recipe, place)(**order)


def _reader(recipe, place):
    """What reads the recipe's training set: from a file or, where that is None, as `kerasgen.data.load` is told."""
    npz, here = place
    options = {key: value for key, value in recipe.data.items() if key != "name"}
    if npz:
        return functools.partial(datasets.from_npz, str(npz), name=recipe.data["name"], **options)
    return functools.partial(datasets.load, recipe.data["name"], **options, **here)


def _whole(recipe, place):
    """The recipe's training set as one array."""
    return np.concatenate([np.asarray(x) for x in _examples(recipe, place)])


def _save_preset(model, recipe, output, place, seconds, history=None):
    metrics = {"machine": machine.describe(), "training_time_seconds": seconds, "figures": {}}
    if place[0]:
        metrics["data_file"] = pathlib.Path(place[0]).name
    points = _whole(recipe, place) if model.event_shape == (2,) else None
    zoo.save(model, output / "preset", recipe, metrics, points, history=history)


def _epoch_steps(recipe, schedule, place):
    """Steps of an epoch, a whole number of executions, and steps of an execution."""
    (npz, here), split = place, recipe.data.get("split", "train")
    size = datasets.from_npz(npz, split).num_examples if npz else datasets.size(recipe.data["name"], split, **here)
    steps = size // recipe.data["batch_size"]
    if steps < 1:
        raise ValueError(f"Expected a batch_size of at most {size} examples. Received: {recipe.data['batch_size']}.")
    per_execution = min(schedule.steps_per_execution, steps)
    return steps // per_execution * per_execution, per_execution


@contextlib.contextmanager
def _precision(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
