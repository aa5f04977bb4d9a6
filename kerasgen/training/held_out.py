"""Held-out examples while a run lasts: the best weights are kept, and it ends without better ones.

Measured are the weights that the run would end with, the averaged ones where it averages.
"""

import contextlib
import json
import pathlib
import sys

import keras
from keras import ops

from kerasgen import backend, durable
from kerasgen.training.checkpoints import read, seal

_STATE = "best.json"


class Best(keras.callbacks.Callback):
    """Adds `val_loss` and the terms of held-out examples to the logs, and keeps the best weights.

    The best loss is sought after the loss has settled: while a weight of it still rises, it is
    lower for that alone.

    Args:
        folder: of the checkpoints.
        batches: of held-out examples.
        patience: epochs without a better loss after which the run ends.
        settled: the first epoch, counted from 0, whose loss counts.
        writes: False for workers that only take part in the computation.

    >>> Best("checkpoints", batches=None, patience=3).is_over(epochs=9)
    False
    """

    def __init__(self, folder, batches, patience, settled=0, writes=True):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.batches = batches
        self.patience = patience
        self.settled = settled
        self.writes = writes
        self.best = _read(self.folder)

    def is_over(self, epochs):
        """Whether a run of so many epochs has ended for want of a better one."""
        return self.best is not None and epochs - self.best["epoch"] >= self.patience

    def on_epoch_end(self, epoch, logs=None):
        backend.sync_variables(self.model)
        with averaged(self.model):
            loss = self.model.evaluate(self.batches, verbose=0, return_dict=True)
            lowest = self.best["loss"] if self.best else float("inf")
            if epoch >= self.settled and loss["loss"] < lowest:
                self._keep(epoch + 1, loss["loss"])
        logs.update({f"val_{name}": value for name, value in loss.items()})
        if self.is_over(epoch + 1):
            self.model.stop_training = True
            print(f"Ends after epoch {epoch + 1}: the best was epoch {self.best['epoch']}.")

    def _keep(self, epoch, loss):
        before, self.best = self.best, {"epoch": epoch, "loss": loss}
        if not self.writes:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.best["file"] = f"best-{epoch}.weights.h5"
        with durable.placed(self.folder / self.best["file"]) as new:
            self.model.save_weights(new)
        self.best = seal(self.best, self.folder)
        durable.write_text(self.folder / _STATE, json.dumps(self.best, indent=2))
        if before and before["file"] != self.best["file"]:
            (self.folder / before["file"]).unlink(missing_ok=True)


def weights(folder):
    """The best weights of a run, or None.

    >>> weights("runs/without") is None
    True
    """
    best = _read(pathlib.Path(folder))
    return pathlib.Path(folder, best["file"]) if best else None


def _read(folder):
    """What is known of the best weights; of damaged ones nothing, which is said."""
    try:
        return read(folder / _STATE) if (folder / _STATE).exists() else None
    except ValueError as error:
        print(f"kerasgen: warning: {error}. The best weights are sought anew.", file=sys.stderr)
        return None


@contextlib.contextmanager
def averaged(model):
    """A model on the averaged weights that it would end with; on its own ones again afterwards.

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.Adam(use_ema=True))
    >>> model.optimizer.build(model.trainable_variables)
    >>> before = model.get_weights()
    >>> with averaged(model):
    ...     pass
    >>> all(np.array_equal(*pair) for pair in zip(before, model.get_weights()))
    True
    """
    if not getattr(model.optimizer, "use_ema", False):
        yield
        return
    newest = [ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, newest):
            variable.assign(value)
