"""What watches and logs a run."""

import csv
import sys

import keras
import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.metrics import codes
from kerasgen.metrics.units import active_units, kl_by_unit
from kerasgen.training.checkpoints import replace
from kerasgen.zoo.manifest import HISTORY

KL_BY_UNIT = "kl_by_unit.csv"
_SATURATED = 0.999  # of the critic's separation
_COLLAPSED = 0.2  # of the samples' diversity


class FiniteLoss(keras.callbacks.Callback):
    """Ends a run whose loss is no longer finite, before a checkpoint or a log of it is written.

    Args:
        steps: of an epoch.
        read: `functools.partial` of the function that the examples come from, from the `start_step` that it is given.
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
        step, terms, _ = self.model.first_fault.found()
        raise FloatingPointError(
            f"Expected finite losses. Received: {', '.join(terms)} not finite in epoch {self._epoch + 1}, step "
            f"{step + 1}, the first batch of {self._call(self._epoch * self.steps + step)}. The last checkpoint is "
            "kept. Mend that batch or, if there is nothing wrong with it, train anew with a lower learning rate."
        )

    def on_epoch_end(self, epoch, logs=None):
        # The last step may have spoiled the weights without the loss having seen it.
        bad = [weight.path for weight in self.model.weights if not np.all(np.isfinite(ops.convert_to_numpy(weight)))]
        if bad:
            raise FloatingPointError(
                f"Expected finite weights. Received: {bad[0]} and {len(bad) - 1} others not finite after epoch "
                f"{epoch + 1}, whose last step took the first batch of {self._call((epoch + 1) * self.steps - 1)}. The "
                "last checkpoint is kept; a run with another learning rate needs a folder of its own."
            )

    def _call(self, start_step):
        """The Python that reads the examples of a run from its batch `start_step` on."""
        options = {**self.read.keywords, "start_step": start_step}
        given = [f"{name}={value!r}" for name, value in options.items() if value is not None]
        return f"kerasgen.data.{self.read.func.__name__}({', '.join([*map(repr, self.read.args), *given])})"


class ActiveUnits(keras.callbacks.Callback):
    """Adds `active_units` to the logs of every epoch: a code that collapses to its prior is seen while it does.

    Args:
        x, condition: training examples of a model with a code.
    """

    def __init__(self, x, condition=None):
        super().__init__()
        self.examples = x, condition

    def on_epoch_end(self, epoch, logs=None):
        logs["active_units"] = active_units(self.model.encode(*self.examples).mean())


class KLByUnit(keras.callbacks.Callback):
    """Writes `kl_by_unit` after every epoch as a row of a table, a column a unit.

    Args:
        path: of the table.
        x, condition: training examples of a latent-variable model.
        writes: False for workers that only take part in the computation.
    """

    def __init__(self, path, x, condition=None, writes=True):
        super().__init__()
        self.path = path
        self.examples = x, condition
        self.writes = writes

    def on_epoch_end(self, epoch, logs=None):
        kl = kl_by_unit(self.model, *self.examples)
        if not self.writes:
            return
        is_new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            table = csv.writer(file)
            if is_new:
                table.writerow(["epoch", *(f"unit_{unit}" for unit in range(len(kl)))])
            table.writerow([epoch, *kl])


class CodeUsage(keras.callbacks.Callback):
    """Adds `perplexity` and `used_codes` (in percent) of a tokenizer to the logs of every epoch.

    Args:
        x: training examples.
    """

    def __init__(self, x):
        super().__init__()
        self.examples = ops.convert_to_numpy(x)

    def on_epoch_end(self, epoch, logs=None):
        figures = codes.usage(codes.count(self.model, self.examples))
        logs |= {name: figure.value for name, figure in figures.items()}


class CollapseMonitor(keras.callbacks.Callback):
    """Logs once an epoch what shows that an adversarial game is lost, and warns of it in one line on stderr.

    - `critic_separation`: probability that the critic scores a real example above a sample, by all pairs of them, ties
      counted half; 0.5 where it cannot tell them apart. Near 1, generators of divergences with a bound learn little.
    - `sample_diversity`: mean squared distance of two samples, as a share of that of two real examples; near 0 where
      the generator has collapsed to a point.

    Args:
        x, condition: training examples of an adversarial model, at least 2.
    """

    def __init__(self, x, condition=None):
        super().__init__()
        self.real = ops.convert_to_tensor(x)
        self.condition = condition

    def on_epoch_end(self, epoch, logs=None):
        fake = self.model.sample(len(self.real), self.condition, seed=0)
        real_scores, fake_scores = (
            ops.convert_to_numpy(self.model.score(x, self.condition)) for x in (self.real, fake)
        )
        separation = float(0.5 + np.mean(np.sign(real_scores[:, None] - fake_scores)) / 2)
        variances = [np.sum(np.var(ops.convert_to_numpy(x), axis=0)) for x in (self.real, fake)]
        diversity = float(variances[1] / variances[0])
        logs |= {"critic_separation": separation, "sample_diversity": diversity}
        if self.model.divergence.saturates and separation > _SATURATED:
            self._warn(epoch, f"the critic is right about {separation:.1%} of pairs, real and sample; lower its rate")
        if diversity < _COLLAPSED:
            self._warn(epoch, f"samples have {diversity:.0%} of the data's variance: the generator has collapsed")

    def _warn(self, epoch, what):
        print(f"kerasgen: warning: epoch {epoch + 1}: {what}.", file=sys.stderr)


def logs(output, epoch):
    """The CSV log and TensorBoard's, which needs TensorFlow; tables are cut back to what the checkpoint knows of."""
    for path in (output / HISTORY, output / KL_BY_UNIT):
        if not path.exists():
            continue
        with path.open() as file:
            rows = list(csv.reader(file))
        replace(path, "".join(",".join(row) + "\n" for row in rows[:1] + [r for r in rows[1:] if int(r[0]) < epoch]))
    callbacks = [keras.callbacks.CSVLogger(str(output / HISTORY), append=True)]
    if backend.HAS_TENSORBOARD:
        callbacks.append(keras.callbacks.TensorBoard(str(output / "logs")))
    return callbacks
