"""Runs a recipe under a `tf.distribute` strategy, with checkpoints and exact resume.

A run writes into its own folder:

    recipe.yaml          the recipe as run, overrides included
    checkpoints/         weights, optimizer and seeds of the last two epochs, with their checksums:
                         state.json names the file of the last, before.json that of the one before;
                         with a validation split best.json names the best weights
    history.csv, logs/   every term by epoch, for reading and for TensorBoard, there with samples
    kl_by_unit.csv       of a code with a prior, by epoch
    preset/              at the end: a preset folder that `kerasgen.zoo.load` reads; of points, with
                         their density
    .lock                held by the process that trains there

The order of the data, the noise and the schedules are functions of the recipe and of counters that
a checkpoint holds. A run that was killed and resumed therefore ends with the weights of one that
never was, bit for bit on one device.
"""

import contextlib
import dataclasses
import json
import pathlib
import shlex
import sys
import time

import keras

from kerasgen import backend, durable, machine, zoo
from kerasgen.abilities import methods
from kerasgen.data.importing import as_npz
from kerasgen.recipe import Recipe, modules
from kerasgen.reports import report
from kerasgen.training import held_out, start, strategies, workers
from kerasgen.training import schedule as schedules
from kerasgen.training import source as sources
from kerasgen.training.callbacks import FiniteLoss, logs
from kerasgen.training.checkpoints import Checkpoints
from kerasgen.training.pictures import SamplePictures
from kerasgen.watch import Watch
from kerasgen.zoo.manifest import HISTORY
from kerasgen.zoo.rounding import EXAMPLES

_MONITORED, _NUMBERS = 1000, 2**26  # examples that are watched, and of how many numbers at most


def run(
    recipe: Recipe,
    output: str | pathlib.Path,
    strategy: str = "none",
    devices: int | None = None,
    resume: bool = False,
    data: str | pathlib.Path | None = None,
    data_dir: str | pathlib.Path | None = None,
    download: bool = False,
) -> keras.Model:
    """Trains a recipe's model and returns it, on the weights that `output/preset` holds.

    Args:
        recipe: a `Recipe`.
        output: folder of the run.
        strategy: "none"; "mirrored": all visible GPUs, or `devices` logical CPU devices;
            "multiworker": as the environment's TF_CONFIG says, every worker with the same `output`.
        devices: of "mirrored"; None for all GPUs.
        resume: go on from the last checkpoint in `output`, if there is one.
        data: a file of `kerasgen.data.save_npz` to read, or what `data.folder` and `table` take.
        data_dir, download: of `kerasgen.data.load`; no part of the run.

    Raises:
        ValueError: a schedule that does not fit the model or the replicas; `output` holds a run
            and `resume` is not set, or another recipe's; a process trains there; no whole
            checkpoint; workers disagree; words of other numbers.
        RuntimeError: a worker stopped.
        FloatingPointError: the loss is no longer finite; the last good checkpoint is kept.

    >>> recipe = kerasgen.zoo.recipe("gmm_ring")
    >>> recipe.data["split"] = "train[:1000]"
    >>> model = kerasgen.training.run(recipe, "runs/gmm_ring")
    {'nll': 0.5..., 'iterations': ..., 'converged': True}
    """
    output = pathlib.Path(output)
    recipe, source = _with_source(recipe, data, data_dir, download)
    if "em" in recipe.training:
        return _fit_at_once(recipe, output, source, strategy, resume)
    schedule = schedules.of(recipe)
    scope, is_chief = strategies.scope(strategy, devices)
    is_shared, nothing = strategy == "multiworker", contextlib.nullcontext()
    watched = workers.watched(_resuming(output, source)) if is_shared else nothing
    with durable.alone(output) if is_chief else nothing, watched:
        checkpoints = Checkpoints(output / "checkpoints", recipe, writes=is_chief)
        _check_folder(output, checkpoints.exist(), resume)
        steps, per_execution = source.epoch_steps(schedule.steps_per_execution, schedule.passes)
        with scope, _precision(schedule.precision):
            if is_shared:
                workers.agree(_facts(recipe, source, checkpoints))
            model = start.build(recipe, schedule, is_new=not checkpoints.exist())
            source.check_vocabulary(model.event)
            _compile(model, schedule, steps, per_execution, is_one_device=strategy == "none")
            start.warn_of_short(model, schedule, steps)
            checkpoints.restore(model)
            if is_chief:
                recipe.save(output / "recipe.yaml")
            _fit(model, recipe, source, output, checkpoints, schedule, steps)
        if is_chief:
            _save(model, recipe, output, source, checkpoints.seconds, output / HISTORY)
    return model


def _with_source(recipe, data, data_dir, download):
    """The recipe as a run records it, and what the run reads."""
    data = data or recipe.data.get("file")
    data = data and as_npz(data, recipe.data["name"], recipe.event())
    source = sources.of(recipe.data, data, data_dir, download)
    imports = modules(recipe.model) or recipe.imports
    return dataclasses.replace(recipe, data=source.options, imports=imports), source


def _facts(recipe, source, checkpoints):
    """What workers of one run have in common, by name."""
    recipe = json.dumps(recipe.to_dict(), sort_keys=True)
    return {"recipe": recipe, "data": source.digest(), "checkpoint": checkpoints.newest()}


def _resuming(output, source):
    """The command by which a run of several workers goes on."""
    words = ["kerasgen", "train", output / "recipe.yaml", "--out", output]
    words += ["--data", source.npz] if source.npz else []
    return shlex.join([*map(str, words), "--strategy", "multiworker", "--resume"])


def _check_folder(output, holds_run, resume):
    if holds_run and not resume:
        raise ValueError(
            f"Expected a folder without a run. Received: {output}, which holds one. Resume it, or "
            "name another."
        )


def _fit_at_once(recipe, output, source, strategy, resume):
    """Fits a mixture on the whole set: `training: {em: {arguments of Mixture.fit_em}}`."""
    if strategy != "none" or resume or len(recipe.training) > 1:
        raise ValueError(
            "Expected a recipe that says em to say nothing else, and to run in one piece on one "
            f"device. Received: training={recipe.training}, strategy={strategy!r}, resume={resume}."
        )
    with durable.alone(output):
        _check_folder(output, (output / "preset").exists(), resume)
        began = time.monotonic()
        model = recipe.build()
        print(model.fit_em(source.whole()[0], **{"seed": recipe.seed, **recipe.training["em"]}))
        _save(model, recipe, output, source, time.monotonic() - began)
    return model


def _compile(model, schedule, steps, steps_per_execution, is_one_device):
    model.compile(
        schedule.optimizer(schedule.epochs * steps),
        # Without compilation JAX runs operator by operator; TensorFlow still has its graph. XLA
        # cannot compile what replicas exchange.
        jit_compile=schedule.jit_compile and is_one_device or backend.NEEDS_XLA,
        # Replicas inside Keras' loop over steps fail in TensorFlow: a merge of gradients cannot
        # leave a while loop.
        steps_per_execution=steps_per_execution if is_one_device else 1,
    )
    model.optimizer.build(model.trainable_variables)


def _fit(model, recipe, source, output, checkpoints, schedule, steps):
    order = {"shuffle": True, "seed": recipe.seed, "drop_remainder": True, "repeat": True}
    is_chief = checkpoints.writes
    best = _best(model, source, checkpoints, schedule, steps)
    stops = best is not None and best.is_over(checkpoints.epoch)
    if checkpoints.epoch < schedule.epochs and not stops:
        model.fit(
            source.for_fit(**order, start_step=checkpoints.epoch * steps),
            initial_epoch=checkpoints.epoch,
            epochs=schedule.epochs,
            steps_per_epoch=steps,
            callbacks=[
                FiniteLoss(steps, source.call(**order)),
                # The evaluation begins anew what the model has seen of the epoch.
                *([Watch(), best] if best else ()),
                *_monitors(model, source, output, is_chief),
                *(logs(output, checkpoints.epoch) if is_chief else ()),
                *_pictures(model, output, schedule),
                checkpoints,
            ],
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    if file := held_out.weights(checkpoints.folder) if best else None:
        model.load_weights(file)


def _best(model, source, checkpoints, schedule, steps):
    """What keeps the best weights of a run with a validation split, or None."""
    if schedule.validation is None:
        return None
    if report(model).only_samples:
        raise ValueError(
            f"Expected no training.validation: the loss of {type(model).__name__} does not fall as "
            f"its samples improve. Received: {schedule.validation!r}. Drop it."
        )
    batches = source.held_out(schedule.validation)
    settled = -(-report(model).annealing_steps // steps)
    folder, writes = checkpoints.folder, checkpoints.writes
    return held_out.Best(folder, batches, schedule.patience, settled, writes)


def _pictures(model, output, schedule):
    """Samples for TensorBoard, of a model on one device."""
    can_show = "sample" in methods(model) and backend.HAS_TENSORBOARD
    if not can_show or backend.num_replicas() > 1:
        return []
    return [SamplePictures(output / "logs", schedule.epochs)]


def _monitors(model, source, output, is_chief):
    """Callbacks that add to the logs what the model's report watches."""
    count = max(2, min(_MONITORED, _NUMBERS // source.opened.event.size))
    examples, condition = source.first(count)
    return report(model).monitors(examples, condition, output, is_chief)


def _save(model, recipe, output, source, seconds, history=None):
    metrics = {"machine": machine.describe(), "training_time_seconds": seconds, "figures": {}}
    if source.npz:
        metrics["data_file"] = source.npz.name
    is_table = model.event.columns is not None
    points, labels = source.whole() if is_table else (None, None)
    judged = source.first(EXAMPLES, recipe.training.get("validation"))
    shown = {"history": history, "labels": labels, "judged": judged}
    zoo.save(model, output / "preset", recipe, metrics, points, **shown)


@contextlib.contextmanager
def _precision(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
