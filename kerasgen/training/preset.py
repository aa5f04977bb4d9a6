"""A preset from a run that has not ended, or that was stopped."""

import json
import pathlib

import keras

from kerasgen import machine, zoo
from kerasgen.recipe import Recipe
from kerasgen.training import held_out
from kerasgen.training import schedule as schedules
from kerasgen.training.checkpoints import Checkpoints
from kerasgen.zoo.manifest import HISTORY


def preset(
    run: str | pathlib.Path,
    folder: str | pathlib.Path | None = None,
    weights: str | pathlib.Path | None = None,
) -> pathlib.Path:
    """Makes a preset of a checkpoint of a run, which may still be going on.

    Args:
        run: folder of the run.
        folder: of the preset; by default the run's own, `preset` in it.
        weights: a `.weights.h5` file of the run's model; by default the best by the run's
            validation split or, without one, the last checkpoint.

    Returns:
        The folder of the preset.

    Raises:
        FileNotFoundError: no run, or no checkpoint of it.
        ValueError: weights of another model.

    >>> preset("runs/without")
    Traceback (most recent call last):
    FileNotFoundError: Expected a folder of `kerasgen train` with a checkpoint. Received: ...
    """
    run = pathlib.Path(run)
    checkpoints = run / "checkpoints"
    if not (run / "recipe.yaml").is_file() or not (
        weights or (checkpoints / "state.json").exists()
    ):
        raise FileNotFoundError(
            f"Expected a folder of `kerasgen train` with a checkpoint. Received: {run}, without."
        )
    recipe = Recipe.load(run / "recipe.yaml")
    schedule = schedules.of(recipe)
    model = recipe.build()
    model.compile(schedule.optimizer(1))
    model.optimizer.build(model.trainable_variables)
    last = Checkpoints(checkpoints, recipe, writes=False)
    if file := weights or held_out.weights(checkpoints):
        model.load_weights(file)
    else:
        last.restore(model)
    if isinstance(model.optimizer, keras.optimizers.Optimizer):
        model.optimizer.finalize_variable_values(model.trainable_variables)
    seconds = 0.0
    if (state := checkpoints / "state.json").exists():
        seconds = json.loads(state.read_text())["seconds"]
    metrics = {"machine": machine.describe(), "training_time_seconds": seconds, "figures": {}}
    history = run / HISTORY
    folder = pathlib.Path(folder or run / "preset")
    return zoo.save(model, folder, recipe, metrics, history=history if history.exists() else None)
