"""The contract that every family meets: an event, a condition, a loss of named terms."""

from typing import Any, NamedTuple

import keras
from keras import ops

from kerasgen import abilities, backend, batches, describing, events
from kerasgen.registration import from_config, get_config
from kerasgen.watch import FirstFault, Watch


class Loss(NamedTuple):
    """What a model minimises.

    Attributes:
        terms: named terms, each `[B]`, unweighted, in nats where they are divergences.
        weights: by name; a term that is not named weighs 1.
    """

    terms: dict[str, Any]
    weights: dict[str, Any] = {}

    def total(self):
        """The weighted sum of the terms, `[B]`."""
        return sum(self.weights.get(name, 1.0) * term for name, term in self.terms.items())


class EventModel(keras.Model):
    """A model that knows what one example is, and watches the data and the loss while it trains.

    Arrays are checked before `fit` and `evaluate` begin; what comes in batches, inside the compiled
    step. A fault ends `fit` at the first batch, at the end of the epoch at the latest.

    Args:
        event: what one example is, of `kerasgen.events`; a list stands for an image or a vector.
        condition: what it is conditional on, an event too; a number stands for as many classes.
        terms: names of the loss terms.
    """

    preset: str | None = None  # whose weights it was loaded with
    likelihood_kind: str | None = None  # of models that score, see `abilities.Scores`
    autoregressive_signatures: tuple[str, ...] = ()  # exported, in which an element decides others

    def __init__(self, event, condition=None, terms=(), **kwargs):
        backend.check_process()
        super().__init__(**kwargs)
        self.event = events.of(event)
        self.condition = events.condition_of(condition)
        self.first_fault = FirstFault((*terms, "loss"), self._data_faults())

    def __repr__(self):
        return describing.line(self)

    def _repr_html_(self):
        return describing.card(self)

    def summary(self, *args, print_fn=print, **kwargs):
        """Keras' `summary`, with a dash at parts that give no single tensor."""
        marked = lambda text: print_fn(text.replace("│ ?", "│ -").rstrip())  # noqa: E731
        super().summary(*args, print_fn=marked, **kwargs)

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.event.shape

    @property
    def num_classes(self) -> int | None:
        """Number of classes of the condition, or None where it is something else or nothing."""
        return self.condition.count

    def check(self, x, condition=None):
        """Examples and condition as tensors of their events' types.

        Raises:
            ValueError: what one of the events refuses, or as many of one as of the other.
        """
        x, condition = self.event.check(x), self.condition.check(condition)
        self._same_count(x, condition)
        return x, condition

    def validate(self, x, condition=None) -> None:
        """The errors of `check`, without a copy of the data."""
        self.event.validate(x)
        self.condition.validate(condition)
        self._same_count(x, condition)

    def _same_count(self, x, condition):
        if condition is None:
            return
        counts = batches.count(x), batches.count(condition)
        if all(isinstance(n, int) for n in counts) and counts[0] != counts[1]:
            raise ValueError(
                f"Expected one condition for each of {counts[0]} examples. Received: {counts[1]}."
            )

    def unpacked(self, tensors: dict[str, Any]):
        """Examples and condition that named tensors of an exported file stand for."""
        return self.event.pack(tensors), self.condition.pack(tensors)

    def faults(self, x, condition=None) -> dict[str, Any]:
        """What can be wrong with the values of a batch, a Boolean scalar for each fault."""
        found = self.event.faults(x)
        if condition is not None:
            found |= self.condition.faults(condition)
        return found

    def _data_faults(self):
        """Names of all data faults there are."""
        examples = [event.example(1, 0) for event in (self.event, self.condition)]
        return tuple(self.faults(*(_tensors(each) for each in examples)))

    def fit(self, x=None, y=None, *args, callbacks=None, **kwargs):
        """Keras' `fit`; arrays are checked before, and every batch in the step."""
        if x is None:
            self.event.validate(x)
        self._validate_arrays(x, y)
        held_out = kwargs.get("validation_data")
        self._validate_arrays(
            *(held_out[:2] if isinstance(held_out, (list, tuple)) else (held_out,))
        )
        try:
            return super().fit(x, y, *args, callbacks=_watched(callbacks), **kwargs)
        except Exception:
            self.train_function = None  # may be half traced, for data that were refused
            raise

    def evaluate(self, x=None, y=None, *args, callbacks=None, **kwargs):
        """Keras' `evaluate`; arrays are checked before, and every batch in the step."""
        if not isinstance(callbacks, keras.callbacks.CallbackList):  # not within `fit`
            if x is None:
                self.event.validate(x)
            self._validate_arrays(x, y)
            callbacks = _watched(callbacks)
        return super().evaluate(x, y, *args, callbacks=callbacks, **kwargs)

    def _validate_arrays(self, x, y=None):
        if all(hasattr(leaf, "shape") for leaf in keras.tree.flatten(x)) and x is not None:
            self.validate(x, y)

    def get_metrics_result(self):
        return backend.per_replica_results(super().get_metrics_result())

    def compile_from_config(self, config):
        # Keras skips this for a model with a `compile` of its own.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    get_config = get_config
    from_config = classmethod(from_config)


class GenerativeModel(EventModel):
    """A model of p(x), or of p(x | condition), trained by the unmodified Keras `fit`.

    A family implements `loss_terms(x, condition, training) -> Loss`, and one block of every ability
    in `kerasgen.abilities` that it declares. `fit(x)` trains an unconditional model, `fit(x, y)` a
    conditional one; both take a `tf.data.Dataset` of the same. `fit` logs the mean of every term
    under its name, beside the loss. The model is built when it is constructed.

    Args:
        event: what one example is: `[height, width, channels]` of images with values in [0, 1],
            `[size]` of vectors of finite values, or any of `kerasgen.events`.
        condition: None; a number of classes; or any of `kerasgen.events`.
        terms: names of the loss terms.
    """

    def __init__(self, event, condition=None, terms=(), **kwargs):
        super().__init__(event, condition, terms, **kwargs)
        self.term_means = {name: keras.metrics.Mean(name=name) for name in terms}

    def compile(self, optimizer="rmsprop", loss=None, **kwargs):
        """Keras' `compile`, without a loss: the model has its own, the sum of its terms.

        Raises:
            ValueError: a loss, which would be ignored.
        """
        if loss is not None:
            raise ValueError(
                f"Expected no loss: {type(self).__name__} trains by its own. Received: "
                f"loss={loss!r}."
            )
        super().compile(optimizer, **kwargs)

    def predict(self, *args, **kwargs):
        """Refused: what Keras calls a prediction is, of a generative model, one of several things.

        Raises:
            TypeError: always.
        """
        methods = ", ".join(abilities.methods(self))
        raise TypeError(
            f"Expected one of the methods of {type(self).__name__}: {methods}. Received: predict."
        )

    def call(self, x):
        # `fit` calls the model on the data before it asks for the loss. The loss also depends on
        # the condition, which `call` does not see, so the data pass through and `compute_loss`
        # works.
        return x

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the terms, mean over the batch, in nats, and layers' penalties."""
        x, y, faults = self.received(x, y)
        loss = self.loss_terms(x, y, training)
        for name, term in loss.terms.items():
            self.term_means[name].update_state(term)
        total = loss.total()
        if sample_weight is not None:
            total = total * sample_weight
        total = ops.mean(total) + penalties(self)
        self.first_fault.update_state(loss.terms, {"loss": total}, data=faults)
        # Keras optimizers sum gradients over replicas: each contributes its share of the mean.
        return total / backend.num_replicas()

    def received(self, x, y):
        """A batch of `fit` as tensors of their events' types, and what is wrong with its values."""
        faults = self.faults(x, y)
        x, y = self.check(x, y)
        # A token out of range would end the step itself, before the fault is told.
        return self.event.clip(x), self.condition.clip(y), faults


def penalties(*layers):
    """What the regularizers within layers add to a loss, a scalar."""
    return sum(ops.sum(penalty) for layer in layers for penalty in layer.losses)


def _watched(callbacks):
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks] * bool(callbacks)
    return [*callbacks, Watch()]


def _tensors(example):
    return None if example is None else keras.tree.map_structure(ops.convert_to_tensor, example)
