"""Runs a recipe under a `tf.distribute` strategy, with checkpoints and exact resume.

A run writes into its own folder:

    recipe.yaml          the recipe as run, overrides included
    checkpoints/         the last epoch's weights, optimizer and seeds; state.json names the file that is whole
    history.csv, logs/   every term by epoch, for reading and for TensorBoard
    preset/              at the end: a preset folder that `kerasgen.zoo.load` reads

The order of the data, the noise and the schedules are functions of the recipe and of counters that a checkpoint holds.
A run that was killed and resumed therefore ends with the weights of one that never was, bit for bit on one device.
"""

import contextlib
import csv
import dataclasses
import json
import math
import os
import pathlib
import platform
import sys
import tempfile
import time

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks, zoo
from kerasgen import data as datasets
from kerasgen.recipe import Recipe


@keras.saving.register_keras_serializable(package="kerasgen.training")
class WarmupStableDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise from 0, a plateau, and a linear fall to 0 (Hu and others 2024, arXiv 2404.06395).

    Args:
        learning_rate: of the plateau.
        warmup_steps: steps of the rise.
        decay_start, total_steps: the steps at which the fall begins and ends.
    """

    def __init__(self, learning_rate, warmup_steps, decay_start, total_steps):
        self.learning_rate = learning_rate
        self.warmup_steps = warmup_steps
        self.decay_start = decay_start
        self.total_steps = total_steps

    def __call__(self, step):
        step = ops.cast(step, "float32")
        rise = (step + 1) / max(self.warmup_steps, 1)
        fall = (self.total_steps - step) / max(self.total_steps - self.decay_start, 1)
        return self.learning_rate * ops.clip(ops.minimum(rise, fall), 0.0, 1.0)

    def get_config(self):
        return dict(vars(self))


@dataclasses.dataclass
class Schedule:
    """A recipe's `training` section.

    Attributes:
        epochs: passes over the training set.
        learning_rate: of Adam, on the plateau between warm-up and decay.
        warmup_steps: steps over which the learning rate rises.
        decay: share of all steps, at the end, over which it falls to 0.
        ema: momentum of the moving average of the weights that the run ends with, or None for the last weights.
        precision: Keras dtype policy of the networks, "float32" or "mixed_bfloat16"; likelihoods stay in float32.
        jit_compile: compile the step with XLA. Pays on GPUs and on CPUs without bfloat16 units.
        steps_per_execution: steps between two returns to Python.
    """

    epochs: int
    learning_rate: float
    warmup_steps: int = 0
    decay: float = 0.0
    ema: float | None = None
    precision: str = "float32"
    jit_compile: bool = False
    steps_per_execution: int = 10

    def __post_init__(self):
        for name, low, high in (("learning_rate", 0, math.inf), ("decay", -1e-9, 1 + 1e-9), ("ema", 0, 1)):
            value = getattr(self, name)
            if value is None:
                continue
            with contextlib.suppress(ValueError, TypeError):
                value = float(value)  # YAML reads 1e-3, without a point, as text
            if not isinstance(value, float) or not low < value < high:
                raise ValueError(f"Expected training.{name} between {round(low)} and {high:.0f}. Received: {value!r}")
            setattr(self, name, value)
        for name in ("epochs", "steps_per_execution"):
            checks.positive(f"training.{name}", getattr(self, name))

    def optimizer(self, steps):
        """Adam over `steps` steps."""
        rate = WarmupStableDecay(self.learning_rate, self.warmup_steps, round(steps * (1 - self.decay)), steps)
        return keras.optimizers.Adam(rate, use_ema=self.ema is not None, ema_momentum=self.ema or 0.99)


def run(recipe, output, strategy="none", devices=None, resume=False, data=None):
    """Trains a recipe's model and returns it, on the weights that `output/preset` holds.

    Args:
        recipe: a `Recipe`.
        output: folder of the run.
        strategy: "none"; "mirrored": all visible GPUs, or `devices` logical CPU devices; "multiworker": as the
            environment's TF_CONFIG says, every worker with the same `output`.
        devices: number of devices of "mirrored"; None for all GPUs.
        resume: go on from the last checkpoint in `output`, if there is one.
        data: a file written by `kerasgen.data.save_npz`, read instead of TFDS (the way without TensorFlow).

    Raises:
        ValueError: unknown schedule keys; a batch size that the replicas cannot share evenly; `output` holds a run and
            `resume` is not set, or one of a different recipe.
        FloatingPointError: the loss is no longer finite; the last good checkpoint is kept.
    """
    output = pathlib.Path(output)
    if "em" in recipe.training:
        if strategy != "none" or resume or len(recipe.training) > 1:
            raise ValueError(
                f"Expected a recipe that says em to say nothing else, and to run in one piece on one device. Received: "
                f"training={recipe.training}, strategy={strategy!r}, resume={resume}."
            )
        return _fit_em(recipe, output, data)
    schedule = _schedule(recipe)
    scope, is_chief = _scope(strategy, devices)
    checkpoints = Checkpoints(output / "checkpoints", recipe, writes=is_chief)
    if checkpoints.exist() and not resume:
        raise ValueError(
            f"Expected a folder without a run. Received: {output}, which holds one. Resume it, or name another."
        )
    steps, steps_per_execution = _epoch_steps(recipe, schedule, data)
    with scope, _precision(schedule.precision):
        replicas = backend.num_replicas()
        if recipe.data["batch_size"] % replicas:
            raise ValueError(
                f"Expected a batch_size that {replicas} replicas share evenly. "
                f"Received: {recipe.data['batch_size']}. Change data.batch_size, or the number of devices."
            )
        model = recipe.build()
        model.compile(
            schedule.optimizer(schedule.epochs * steps),
            # Without compilation JAX runs operator by operator; TensorFlow still has its graph.
            jit_compile=schedule.jit_compile or keras.backend.backend() == "jax",
            # Replicas inside Keras' loop over steps fail in TensorFlow: a merge of gradients cannot leave a while loop.
            steps_per_execution=steps_per_execution if strategy == "none" else 1,
        )
        model.optimizer.build(model.trainable_variables)
        checkpoints.restore(model)
        examples = _examples(
            recipe,
            data,
            shuffle=True,
            seed=recipe.seed,
            drop_remainder=True,
            repeat=True,
            start_step=checkpoints.epoch * steps,
        )
        if is_chief:
            output.mkdir(parents=True, exist_ok=True)
            recipe.save(output / "recipe.yaml")
        model.fit(
            examples,
            initial_epoch=checkpoints.epoch,
            epochs=schedule.epochs,
            steps_per_epoch=steps,
            callbacks=[FiniteLoss(steps), *(_logs(output, checkpoints.epoch) if is_chief else ()), checkpoints],
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    if is_chief:
        _save_preset(model, recipe, output, checkpoints.seconds)
    return model


def _fit_em(recipe, output, data):
    """Fits a mixture on the whole set at once: `training: {em: {arguments of Mixture.fit_em}}`."""
    began = time.monotonic()
    examples = np.concatenate([np.asarray(x) for x in _examples(recipe, data)])
    model = recipe.build()
    print(model.fit_em(examples, **{"seed": recipe.seed, **recipe.training["em"]}))
    _save_preset(model, recipe, output, time.monotonic() - began)
    return model


def _examples(recipe, npz, **order):
    """The recipe's training set, read from TFDS or from a file."""
    elsewhere = {"name", "data_dir", "download"} if npz else {"name"}
    options = {key: value for key, value in recipe.data.items() if key not in elsewhere}
    load, source = (datasets.from_npz, npz) if npz else (datasets.load, recipe.data["name"])
    return load(source, **options, **order)


def _save_preset(model, recipe, output, seconds):
    metrics = {"machine": machine(), "training_time_seconds": seconds, "figures": {}}
    zoo.save(model, output / "preset", recipe, metrics)


class FiniteLoss(keras.callbacks.Callback):
    """Ends a run whose loss is no longer finite, before a checkpoint or a log of it is written.

    Args:
        steps: of an epoch.
    """

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        self._done = 0  # steps of the epoch whose loss was finite

    def on_train_batch_end(self, batch, logs=None):
        bad = [name for name, value in logs.items() if not np.all(np.isfinite(ops.convert_to_numpy(value)))]
        if bad:
            start = self._epoch * self.steps + self._done
            raise FloatingPointError(
                f"Expected finite losses. Received: {', '.join(bad)} not finite in epoch {self._epoch + 1}, steps "
                f"{self._done + 1} to {batch + 1}; kerasgen.data.load gives the offending batches with the recipe's "
                f"data, shuffle=True, seed, repeat=True and start_step={start}. The last checkpoint is kept. Look at "
                "those batches, or train anew with a lower learning rate."
            )
        self._done = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        # The last step may have spoiled the weights without the loss having seen it.
        bad = [weight.path for weight in self.model.weights if not np.all(np.isfinite(ops.convert_to_numpy(weight)))]
        if bad:
            raise FloatingPointError(
                f"Expected finite weights. Received: {bad[0]} and {len(bad) - 1} others not finite after epoch "
                f"{epoch + 1}. The last checkpoint is kept; a run with another learning rate needs a folder of its own."
            )


class Checkpoints(keras.callbacks.Callback):
    """Writes everything that a run needs to go on, once an epoch. Comes last: a log may be cut back, not filled in.

    The weights file is written under a name of its own, then state.json is replaced in one step to name it: whenever
    the process dies, state.json names a file that is whole.
    """

    def __init__(self, folder, recipe, writes=True):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.recipe = recipe
        self.writes = writes
        self.epoch = 0
        self.seconds = 0.0

    @property
    def _state(self):
        return self.folder / "state.json"

    def exist(self):
        return self._state.exists()

    def restore(self, model):
        """Brings the model and its optimizer to the last checkpoint, where there is one."""
        if not self.exist():
            return
        state = json.loads(self._state.read_text())
        different = self.recipe.differences(Recipe.from_dict(state["recipe"], self._state))
        if different:
            changes = "; ".join(f"{key} is {its!r} there, {mine!r} here" for key, (mine, its) in different.items())
            raise ValueError(f"Expected a checkpoint of this recipe in {self.folder}. Received: {changes}.")
        model.load_weights(self.folder / state["file"])
        for variable, value in zip(_seed_states(model), state["seeds"], strict=True):
            variable.assign(value)
        self.epoch, self.seconds = state["epoch"], state["seconds"]

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.epoch = epoch + 1
        self.seconds += time.monotonic() - self._began
        file = f"epoch-{self.epoch}.weights.h5"
        if not self.writes:  # reading variables takes all workers, and only one of them may write the folder
            with tempfile.TemporaryDirectory() as scratch:
                self._save(pathlib.Path(scratch), file)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._save(self.folder, file)
        for old in self.folder.glob("epoch-*.weights.h5"):
            if old.name != file:
                old.unlink()

    def _save(self, folder, file):
        self.model.save_weights(folder / file)
        seeds = [ops.convert_to_numpy(variable).tolist() for variable in _seed_states(self.model)]
        state = {"epoch": self.epoch, "seconds": self.seconds, "file": file, "seeds": seeds}
        _replace(folder / "state.json", json.dumps({**state, "recipe": self.recipe.to_dict()}, indent=2))


def _seed_states(model):
    """The seed generators' variables, which Keras leaves out of weights files."""
    return [variable for variable in model.variables if variable.name == "seed_generator_state"]


def _replace(path, text):
    """Writes a file so that it is either the old one or the new one, never a part."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(text)
    os.replace(aside, path)


def _logs(output, epoch):
    """The CSV log, cut back to the epochs that the checkpoint knows of, and TensorBoard's, which needs TensorFlow."""
    path = output / "history.csv"
    if path.exists():
        with path.open() as file:
            rows = list(csv.reader(file))
        _replace(path, "".join(",".join(row) + "\n" for row in rows[:1] + [r for r in rows[1:] if int(r[0]) < epoch]))
    logs = [keras.callbacks.CSVLogger(str(path), append=True)]
    if keras.backend.backend() == "tensorflow":
        logs.append(keras.callbacks.TensorBoard(str(output / "logs")))
    return logs


def _schedule(recipe):
    try:
        return Schedule(**recipe.training)
    except TypeError as error:
        known = [field.name for field in dataclasses.fields(Schedule)]
        raise ValueError(f"Expected training keys in {known}. Received: {sorted(recipe.training)}: {error}") from None


def _epoch_steps(recipe, schedule, npz):
    """Steps of an epoch, a whole number of executions, and steps of an execution."""
    split = recipe.data.get("split", "train")
    if npz:
        size = datasets.from_npz(npz, split).num_examples
    else:
        where = {key: recipe.data[key] for key in ("data_dir", "download") if key in recipe.data}
        size = datasets.size(recipe.data["name"], split, **where)
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


def _scope(strategy, devices):
    """The strategy's scope, and whether this process writes files."""
    if devices is not None and strategy != "mirrored":
        raise ValueError(f"Expected devices with strategy='mirrored' only. Received: devices={devices}, {strategy!r}.")
    if strategy == "none":
        return contextlib.nullcontext(), True
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"Expected strategy='none' under the {keras.backend.backend()} backend; others need TensorFlow. "
            f"Received: strategy={strategy!r}."
        )
    import tensorflow as tf

    if strategy == "mirrored":
        return tf.distribute.MirroredStrategy(_devices(tf, devices)).scope(), True
    if strategy == "multiworker":
        workers = tf.distribute.MultiWorkerMirroredStrategy()
        resolver = workers.cluster_resolver
        chief = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
        return workers.scope(), resolver.task_type in (None, chief) and resolver.task_id in (None, 0)
    raise ValueError(f"Expected strategy to be 'none', 'mirrored' or 'multiworker'. Received: {strategy!r}.")


def _devices(tf, count):
    """Names of `count` GPUs, or of `count` logical CPUs where there is no GPU; None for all GPUs."""
    gpus = tf.config.list_physical_devices("GPU")  # listing logical devices would fix them
    if count is None or gpus:
        if count is not None and count > len(gpus):
            raise ValueError(f"Expected at most {len(gpus)} devices: that many GPUs are visible. Received: {count}.")
        return None if count is None else [f"GPU:{i}" for i in range(count)]
    cpus = tf.config.list_physical_devices("CPU")
    with contextlib.suppress(RuntimeError):  # raised where TensorFlow was in use before
        tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * count)
    names = [cpu.name for cpu in tf.config.list_logical_devices("CPU")]
    if len(names) < count:
        raise ValueError(
            f"Expected {count} logical CPUs. Received: {len(names)}, as TensorFlow was in use before. Start anew."
        )
    return names[:count]


def machine():
    """What this machine is, in words, for cards and tables."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return f"{model}, {os.cpu_count()} cores"
