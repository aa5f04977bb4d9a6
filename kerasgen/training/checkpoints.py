"""What a run writes once an epoch, and what it needs to go on exactly."""

import json
import os
import pathlib
import tempfile
import time

import keras
from keras import ops

from kerasgen.recipe import Recipe


class Checkpoints(keras.callbacks.Callback):
    """Writes everything that a run needs to go on, once an epoch.

    It comes last of the callbacks: a log may be cut back, not filled in. The weights file is
    written under a name of its own, then state.json is replaced in one step to name it: whenever
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
            changes = "; ".join(
                f"{key} is {its!r} there, {mine!r} here" for key, (mine, its) in different.items()
            )
            raise ValueError(
                f"Expected a checkpoint of this recipe in {self.folder}. Received: {changes}."
            )
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
        # Reading variables takes all workers, and only one of them may write the folder.
        if not self.writes:
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
        state["recipe"] = self.recipe.to_dict()
        replace(folder / "state.json", json.dumps(state, indent=2))


def _seed_states(model):
    """The seed generators' variables, which Keras leaves out of weights files."""
    return [variable for variable in model.variables if variable.name == "seed_generator_state"]


def replace(path, text):
    """Writes a file so that it is either the old one or the new one, never a part."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(text)
    os.replace(aside, path)
