"""What goes wrong in training and evaluation, seen where it happens: inside the compiled step."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks


class Logged:
    """A mixin of models that have a `first_fault`, and maybe a `bottleneck`: what they log.

    >>> kerasgen.families.Mixture([2], num_components=3).log_units["nll"]
    'nats'
    """

    first_fault: "FirstFault"
    bottleneck: Any = None

    @property
    def log_units(self) -> dict[str, str]:
        """Units of what training logs, in words, by name."""
        declared = {} if self.bottleneck is None else self.bottleneck.term_units
        return dict.fromkeys(self.first_fault.names, "nats") | declared


class FirstFault(keras.metrics.Metric):
    """Counts the steps up to the first with a fault, and keeps which faults those were.

    A fault is a loss term that is not finite, or data that the model's events refuse. Such a step
    spoils the weights, and with them every later term: logs of several steps show no more than
    that.
    A metric without a result: `fit` carries metrics through its loops, replicas and epochs, and
    shows what they give.

    Args:
        terms: names of the loss terms.
        data: names of what can be wrong with the data, as events give them.

    >>> fault = FirstFault(("kl", "loss"))
    >>> fault.update_state({"kl": ops.array([1.0])}, {"loss": ops.array(float("nan"))})
    >>> fault.found()[:2]
    (0, ['loss'])
    """

    def __init__(self, terms, data=(), name="first_fault"):
        super().__init__(name=name)
        self.names = (*data, *terms)
        self.num_data = len(data)
        self.steps = self.add_variable((), "zeros", name="steps")
        self.faults = self.add_variable((len(self.names),), "zeros", name="faults")

    def update_state(self, *groups: dict[str, Any], data: dict[str, Any] | None = None):
        """Adds a step.

        Args:
            groups: terms by name, as many groups as there are updates that later terms depend on.
            data: Boolean scalars by name.
        """
        first = ops.convert_to_tensor(self.faults)
        wrong = data or {}
        for terms in groups:
            bad = [
                wrong[name] if name in wrong else _is_spoiled(terms.get(name, 0.0))
                for name in self.names
            ]
            found = ops.cast(ops.stack([ops.cast(each, "float32") for each in bad]), first.dtype)
            first = ops.where(ops.any(first > 0), first, found)
        self.faults.assign(first)
        self.steps.assign_add(1 - ops.max(first))

    def found(self) -> tuple[int, list[str], bool]:
        """`(step, names, whether the data are to blame)`; the step counts from 0 at the epoch's
        start.
        """
        steps, faults = (ops.convert_to_numpy(variable) for variable in (self.steps, self.faults))
        # Read outside replicas, both are sums over them, which count alike up to the first fault.
        wrong = np.flatnonzero(faults)
        in_data = bool(wrong.size) and wrong[0] < self.num_data
        if in_data:
            wrong = wrong[wrong < self.num_data]
        return int(steps // backend.num_replicas()), [self.names[i] for i in wrong], in_data

    def result(self):
        return {}


def _is_spoiled(term):
    return ops.logical_not(ops.all(ops.isfinite(term)))


class Watch(keras.callbacks.Callback):
    """Ends `fit` or `evaluate` where the model's `FirstFault` has found one: at the first batch,
    and at the end of an epoch at the latest, because looking at every step would slow it down.

    Raises:
        ValueError: data that the model's events refuse, or no data.
        FloatingPointError: a loss that is not finite.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> _ = model.compile("adam")
    >>> history = model.fit(np.zeros((8, 2)), verbose=0, callbacks=[Watch()])
    >>> len(history.epoch)
    1
    """

    def __init__(self):
        super().__init__()
        self._epoch = None
        self._looked = self._testing = False

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        self._looked = False

    def on_test_begin(self, logs=None):
        if self._epoch is not None:
            self._end()  # the metrics of the epoch are reset now
        self._testing = True
        self._looked = False

    def on_train_batch_end(self, batch, logs=None):
        self._look_once()

    def on_test_batch_end(self, batch, logs=None):
        self._look_once()

    def on_epoch_end(self, epoch, logs=None):
        self._end()
        self._epoch = None

    def on_test_end(self, logs=None):
        self._end()
        self._testing = False

    def _end(self):
        if not self._looked:
            raise ValueError(
                "Expected at least 1 batch. Received: none. What gives its batches once, such as a "
                "generator, is read only once."
            )
        self._look()

    def _look_once(self):
        if not self._looked:
            self._looked = True
            self._look()

    def _look(self):
        held_out = "validation " if self._testing and self._epoch is not None else ""
        epoch = "" if self._epoch is None else f"epoch {self._epoch + 1}, "
        raise_fault(self.model, f"{epoch}{held_out}step {{step}}")


def watched(callbacks: Any) -> list[Any]:
    """Callbacks as Keras takes them, one, several or None, and a `Watch` behind them.

    >>> len(watched(None)), len(watched(keras.callbacks.TerminateOnNaN()))
    (1, 2)
    """
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks] * bool(callbacks)
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                f"Expected callbacks of keras.callbacks. Received: {checks.short(callback)}. "
                "Derive a class from keras.callbacks.Callback."
            )
    return [*callbacks, Watch()]


def raise_fault(model: keras.Model, when: str) -> None:
    """Tells the first fault that the model's `FirstFault` has seen.

    Args:
        when: where that was, with `{step}` for the step, which counts from 1.

    Raises:
        ValueError: data that the model's events refuse.
        FloatingPointError: a loss that is not finite.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> raise_fault(model, "this batch")  # nothing is wrong
    """
    backend.sync_variables(model)
    step, names, in_data = model.first_fault.found()
    if not names:
        return
    when = when.format(step=step + 1)
    if in_data:
        condition = f", condition {model.condition!r}" if model.condition.tensors() else ""
        raise ValueError(
            f"Expected data that {type(model).__name__} takes: {model.event!r}{condition}. "
            f"Received: {', '.join(names)} in {when}. Mend that batch."
        )
    spoiled = "The weights are spoiled. Load earlier ones, and train with a lower learning rate."
    remedy = spoiled if model.spoiled_weights() else "The weights are finite: look at that batch."
    raise FloatingPointError(
        f"Expected finite losses. Received: {', '.join(names)} not finite in {when}. {remedy}"
    )
