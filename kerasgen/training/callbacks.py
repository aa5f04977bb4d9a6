"""What watches and logs a run."""

import csv
import pathlib

import keras
import numpy as np
from keras import ops

from kerasgen import backend, durable
from kerasgen.reports.monitors import KL_BY_UNIT
from kerasgen.zoo.manifest import HISTORY


class FiniteLoss(keras.callbacks.Callback):
    """Ends a run whose loss is no longer finite, before a checkpoint or a log of it is written.

    Args:
        steps: of an epoch.
        read: `functools.partial` of the function that the examples come from, from the `start_step`
            that it is given.

    >>> monitor = FiniteLoss(steps=10, read=None)
    >>> monitor.on_train_batch_end(3, {"loss": 0.5})  # and nothing happens
    """

    def __init__(self, steps, read):
        super().__init__()
        self.steps = steps
        self.read = read

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if all(np.all(np.isfinite(ops.convert_to_numpy(value))) for value in logs.values()):
            return
        backend.sync_variables(self.model)
        step, faults, in_data = self.model.first_fault.found()
        batch = self._call(self._epoch * self.steps + step)
        where = f"in epoch {self._epoch + 1}, step {step + 1}, the first batch of {batch}"
        kept = "The last checkpoint is kept."
        if in_data:
            raise ValueError(
                f"Expected data that {type(self.model).__name__} takes. Received: "
                f"{', '.join(faults)} {where}. {kept} Mend that batch."
            )
        raise FloatingPointError(
            f"Expected finite losses. Received: {', '.join(faults)} not finite {where}. {kept} "
            "Mend that batch or, if there is nothing wrong with it, train anew with a lower "
            "learning rate."
        )

    def on_epoch_end(self, epoch, logs=None):
        # The last step may have spoiled the weights without the loss having seen it.
        bad = [
            weight.path
            for weight in self.model.weights
            if not np.all(np.isfinite(ops.convert_to_numpy(weight)))
        ]
        if bad:
            raise FloatingPointError(
                f"Expected finite weights. Received: {bad[0]} and {len(bad) - 1} others not finite "
                f"after epoch {epoch + 1}, whose last step took the first batch of "
                f"{self._call((epoch + 1) * self.steps - 1)}. The last checkpoint is kept; a run "
                "with another learning rate needs a folder of its own."
            )

    def _call(self, start_step):
        """The Python that reads the examples of a run from its batch `start_step` on."""
        options = {**self.read.keywords, "start_step": start_step}
        given = [f"{name}={value!r}" for name, value in options.items() if value is not None]
        arguments = ", ".join([*map(repr, self.read.args), *given])
        return f"kerasgen.data.{self.read.func.__name__}({arguments})"


def logs(output, epoch):
    """The CSV log and TensorBoard's, which needs TensorFlow; tables are cut back to what the
    checkpoint knows of.

    >>> [type(each).__name__ for each in logs(pathlib.Path("run"), epoch=0)]
    ['CSVLogger', 'TensorBoard']
    """
    for path in (output / HISTORY, output / KL_BY_UNIT):
        if path.exists():
            rows = [",".join(row) + "\r\n" for row in _rows(path, epoch)]  # as csv ends them
            durable.write_text(path, "".join(rows))
    callbacks = [keras.callbacks.CSVLogger(str(output / HISTORY), append=True)]
    if backend.HAS_TENSORBOARD:
        callbacks.append(keras.callbacks.TensorBoard(str(output / "logs")))
    return callbacks


def _rows(path: pathlib.Path, epoch: int):
    """The head of a table and its rows up to an epoch, each once, less what is damaged."""
    text = path.read_text(encoding="utf-8", errors="replace").replace("\0", "")
    head, *rows = [row for row in csv.reader(text.splitlines()) if row] or [[]]
    by_epoch = {int(row[0]): row for row in rows if len(row) == len(head) and row[0].isdigit()}
    kept = [row for number, row in sorted(by_epoch.items()) if number < epoch]
    return [head, *kept] if head[:1] == ["epoch"] else []
