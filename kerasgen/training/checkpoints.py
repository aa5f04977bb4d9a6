"""What a run writes once an epoch, and what it needs to go on exactly."""

import hashlib
import json
import pathlib
import sys
import tempfile
import time

import keras
from keras import ops

from kerasgen import durable
from kerasgen.recipe import Recipe

STATE, BEFORE = "state.json", "before.json"  # of the newest checkpoint, and of the one before


class Checkpoints(keras.callbacks.Callback):
    """Writes everything that a run needs to go on, once an epoch.

    It comes last of the callbacks: a log may be cut back, not filled in. The weights file is
    written under a name of its own and synced to the disk, then state.json is replaced in one step
    to name it, with its checksum: whenever the process dies, state.json names a file that is whole.
    The checkpoint before is kept, for a disk that damages the newest one.

    >>> checkpoints = Checkpoints("checkpoints", kerasgen.zoo.recipe("gmm_ring"))
    >>> checkpoints.exist(), checkpoints.newest()
    (False, '')
    """

    def __init__(self, folder, recipe, writes=True):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.recipe = recipe
        self.writes = writes
        self.epoch = 0
        self.seconds = 0.0
        self._last = None

    def exist(self):
        return any((self.folder / name).exists() for name in (STATE, BEFORE))

    def newest(self):
        """What the folder says of its newest checkpoint, or nothing."""
        path = self.folder / STATE
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def restore(self, model):
        """Brings the model and its optimizer to the last whole checkpoint, where there is one.

        Raises:
            ValueError: of another recipe; or none is whole.
        """
        if not self.exist():
            return
        state = self._whole()
        different = self.recipe.differences(Recipe.from_dict(state["recipe"], self.folder / STATE))
        mine, its = different.get("training.epochs", (0, 0))
        if mine > its:  # a longer run: its schedule goes on from where this one was
            del different["training.epochs"]
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
        self.epoch, self.seconds, self._last = state["epoch"], state["seconds"], state
        if self.writes:
            _remove_others(self.folder, self.epoch)

    def _whole(self):
        """The state of the newest checkpoint that is as it was written."""
        damage = []
        for name in (STATE, BEFORE):
            try:
                state = read(self.folder / name)
            except ValueError as error:
                damage.append(str(error))
                continue
            if damage and self.writes:
                print(
                    f"kerasgen: warning: {damage[0]}. The run goes on from the checkpoint before, "
                    f"after epoch {state['epoch']}.",
                    file=sys.stderr,
                )
            return state
        raise ValueError(
            f"Expected a whole checkpoint in {self.folder}. Received: {'; '.join(damage)}. Copy "
            "the folder again, or train anew in another one."
        )

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.epoch = epoch + 1
        self.seconds += time.monotonic() - self._began
        # Reading variables takes all workers, and only one of them may write the folder.
        if not self.writes:
            with tempfile.TemporaryDirectory() as scratch:
                self._save(pathlib.Path(scratch))
            return
        for table in self.folder.parent.glob("*.csv"):
            durable.sync(table)
        self._save(self.folder)

    def _save(self, folder):
        file = _file(self.epoch)
        with durable.placed(folder / file) as new:
            self.model.save_weights(new)
        seeds = [ops.convert_to_numpy(variable).tolist() for variable in _seed_states(self.model)]
        state = {"epoch": self.epoch, "seconds": self.seconds, "file": file, "seeds": seeds}
        state = seal({**state, "recipe": self.recipe.to_dict()}, folder)
        if self._last:
            durable.write_text(folder / BEFORE, json.dumps(self._last, indent=2))
        durable.write_text(folder / STATE, json.dumps(state, indent=2))
        _remove_others(folder, self.epoch)
        self._last = state


def _file(epoch):
    return f"epoch-{epoch}.weights.h5"


def _remove_others(folder, epoch):
    """Removes the weights of other epochs than this one and the one before."""
    for path in folder.glob(_file("*")):
        if path.name not in (_file(epoch), _file(epoch - 1)):
            path.unlink()


def _seed_states(model):
    """The seed generators' variables, which Keras leaves out of weights files."""
    return [variable for variable in model.variables if variable.name == "seed_generator_state"]


def seal(state, folder):
    """A state with the checksums of the weights file that it names, and of what it says.

    >>> folder = pathlib.Path()
    >>> written = (folder / "epoch-1.weights.h5").write_bytes(b"weights")
    >>> sorted(seal({"file": "epoch-1.weights.h5"}, folder))
    ['checksum', 'file', 'sha256']
    """
    state = {**state, "sha256": _digest((folder / state["file"]).read_bytes())}
    return {**state, "checksum": _checksum(state)}


def read(path):
    """A state as it was sealed.

    Raises:
        ValueError: it, or its weights, are not there or not as they were written.

    >>> read(pathlib.Path("state.json"))
    Traceback (most recent call last):
    ValueError: state.json cannot be read: No such file or directory
    """
    try:
        state = json.loads(path.read_bytes())
        weights = path.parent / state["file"]
        is_whole = state.get("checksum", _checksum(state)) == _checksum(state)
        # Earlier versions wrote no checksums.
        is_whole &= state.get("sha256", _digest(weights.read_bytes())) == _digest(
            weights.read_bytes()
        )
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path} is damaged") from None
    if not is_whole:
        raise ValueError(f"{path} and {weights.name} are not as they were written")
    return state


def _checksum(state):
    """Of all that a state says but its checksum."""
    said = {key: value for key, value in state.items() if key != "checksum"}
    return _digest(json.dumps(said, sort_keys=True).encode())


def _digest(data):
    return hashlib.sha256(data).hexdigest()
