"""A model that knows its events: data are checked, losses watched, frozen parts stay frozen."""

import contextlib
from typing import Any

import keras
from keras import ops

from kerasgen import abilities, backend, batches, calls, describing, events, fitting, weights
from kerasgen.registration import from_config, get_config
from kerasgen.watch import FirstFault, Logged, raise_fault, watched


class EventModel(describing.Described, Logged, keras.Model):
    """A model that knows what one example is, and watches the data and the loss while it trains.

    Arrays are checked before any work; what comes in batches, inside the compiled step. A fault
    ends `fit` at the first batch, at the end of the epoch at the latest.

    Args:
        event: what one example is, of `kerasgen.events`; a list stands for an image or a vector.
        condition: what it is conditional on, an event too; a number stands for as many classes.
        terms: names of the loss terms.
        support: a part that knows more of what data may not be, such as a likelihood, or None.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> isinstance(model, EventModel), model.event_shape, model.num_classes
    (True, (2,), None)
    """

    preset: str | None = None  # whose weights it was loaded with
    preset_folder: Any = None  # where that lies
    likelihood_kind: str | None = None  # of models that score, see `abilities.Scores`
    autoregressive_signatures: tuple[str, ...] = ()  # exported, in which an element decides others
    weighs_examples = True  # whether a sample_weight has a meaning
    bottleneck: Any = None  # of models with a code
    token_event: Any = None  # of models with tokens
    known_in_turn = tokens_in_turn = False  # whether `in_turn` is exact, of elements or of tokens
    makes_of_noise = False  # whether `generate(z)` makes an example of noise alone

    def __init__(self, event, condition=None, terms=(), support=None, **kwargs):
        backend.check_process()
        super().__init__(**kwargs)
        self.__dict__["support"] = support  # Keras tracks it under the family's name for it
        fitting.settings(self.dtype_policy)
        self.event = events.of(event)
        self.condition = events.condition_of(condition)
        self.first_fault = FirstFault((*terms, "loss"), (*self._data_faults(), weights.FAULT))
        self._in_step = False
        self.__dict__["class_weights"] = None  # of the classes while `fit` runs

    def __getattr__(self, name):
        if why := abilities.lacking(name):  # what a model cannot do it says in a line
            methods = ", ".join(abilities.methods(self))
            raise AttributeError(
                f"Expected one of the methods of {type(self).__name__}: {methods}. "
                f"Received: {name}. {why}"
            )
        return object.__getattribute__(self, name)

    def _post_build(self):
        super()._post_build()
        fitting.freeze(self)

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
        x, condition = self.event.array(x), self.condition.array(condition)
        self.validate(x, condition)
        return self.event.cast(x), self.condition.cast(condition)

    def arrays(self, x, y):
        """What `fit` and its like are given, as arrays where it may be any."""
        return self.event.array(x), self.condition.array(y)

    def validate(self, x, condition=None) -> None:
        """The errors of `check`, without a copy of the data."""
        self.event.validate(x)
        self.condition.validate(condition)
        if condition is not None:
            n, given = batches.count(x), batches.count(condition)
            if isinstance(n, int) and isinstance(given, int) and n != given:
                raise ValueError(
                    f"Expected one condition for each of {n} examples. Received: {given}."
                )
        if self.support is not None:
            self.support.validate(self.event.standardized(x))

    def unpacked(self, tensors: dict[str, Any]):
        """Examples and condition that named tensors of an exported file stand for."""
        return self.event.pack(tensors), self.condition.pack(tensors)

    def faults(self, x, condition=None) -> dict[str, Any]:
        """What can be wrong with the values of a batch, a Boolean scalar for each fault."""
        given = {} if condition is None else self.condition.faults(condition)
        more = {} if self.support is None else self.support.faults(self.event.standardized(x))
        return self.event.faults(x) | given | more

    def _data_faults(self):
        """Names of all data faults there are."""
        examples = [event.example(1, 0) for event in (self.event, self.condition)]
        return tuple(self.faults(*(_tensors(each) for each in examples)))

    def received(self, x, y):
        """A batch of `fit` as tensors of their events' types, and what is wrong with its values."""
        x, y = self.event.array(x), self.condition.array(y)
        self.validate(x, y)
        faults = self.faults(x, y)  # of values as they came: a cast takes fractions from labels
        x, y = self.event.cast(x), self.condition.cast(y)
        # A token out of range would end the step itself, before the fault is told.
        return self.event.clip(x), self.condition.clip(y), faults

    def spoiled_weights(self) -> list[str]:
        """Paths of the weights with NaN or infinite values; none inside a traced function."""
        finite = [ops.all(ops.isfinite(ops.cast(each, "float32"))) for each in self.weights]
        if not finite or not backend.is_concrete(finite[0]):
            return []
        finite = ops.convert_to_numpy(ops.stack(finite))
        return [weight.path for weight, fine in zip(self.weights, finite) if not fine]

    def require_finite(self) -> None:
        """Raises a FloatingPointError for weights that are not finite: they mean nothing."""
        if spoiled := self.spoiled_weights():
            raise FloatingPointError(
                f"Expected finite weights. Received: {spoiled[0]} and {len(spoiled) - 1} others "
                "with NaN or infinite values. Training spoiled them: load earlier ones."
            )

    # What Keras' methods are given

    def compile(self, optimizer="rmsprop", *args, **kwargs):
        """Keras' `compile`, with an optimizer."""
        calls.check_arguments(kwargs)
        super().compile(calls.optimizer(optimizer), *args, **kwargs)

    def fit(self, x=None, y=None, *args, **kwargs):
        """Keras' `fit`; arrays are checked before, and every batch in the step."""
        given = calls.checked(self, calls.by_name("fit", x, y, *args, **kwargs))
        if not (calls.is_array(given["x"]) or isinstance(given["x"], keras.utils.PyDataset)):
            given.setdefault("shuffle", False)  # of its own default Keras warns
        with self._training(given):
            return super().fit(**given | {"callbacks": watched(given.get("callbacks"))})

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Keras' `evaluate`; arrays are checked before, and every batch in the step."""
        given = calls.by_name("evaluate", x, y, *args, **kwargs)
        callbacks = given.get("callbacks")
        if not isinstance(callbacks, keras.callbacks.CallbackList):  # not within `fit`
            given = calls.checked(self, given) | {"callbacks": watched(callbacks)}
        with self._stepping():
            return super().evaluate(**given)

    def train_on_batch(self, x, y=None, *args, **kwargs):
        """Keras' `train_on_batch`; the batch is checked before, the loss after."""
        given = calls.checked(self, calls.by_name("train_on_batch", x, y, *args, **kwargs))
        with self._training(given):
            return self._watched_batch(super().train_on_batch, given)

    def test_on_batch(self, x, y=None, *args, **kwargs):
        """Keras' `test_on_batch`; the batch is checked before, the loss after."""
        given = calls.checked(self, calls.by_name("test_on_batch", x, y, *args, **kwargs))
        return self._watched_batch(super().test_on_batch, given)

    def train_step(self, *args):
        """Keras' step, also of a loop of one's own."""
        *state, data = args
        calls.check_parts(data)
        args = (*state, self._by_class(data))
        step = super().train_step
        scales_loss = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
        with self._stepping():  # Keras refuses to scale a loss outside of replicas
            return step(*args) if scales_loss else backend.outside_replicas(step, *args)

    def test_step(self, *args):
        """Keras' step, also of a loop of one's own."""
        calls.check_parts(args[-1])
        with self._stepping():
            return super().test_step(*args)

    def _by_class(self, data):
        """A batch with the weights of its classes, where `fit` was given some."""
        if self.class_weights is None:
            return data
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if sample_weight is not None:
            raise ValueError(
                "Expected batches of (x, y) beside class_weight. Received: a sample_weight of "
                f"shape {tuple(sample_weight.shape)}. Multiply it by class_weight, drop that."
            )
        y = self.condition.array(y)
        self.condition.validate(y)
        # A class out of range would end the step itself, before the fault is told.
        rows = self.condition.clip(self.condition.cast(y))
        return x, y, ops.take(ops.convert_to_tensor(self.class_weights), rows)

    def _watched_batch(self, step, given):
        with self._stepping():
            logs = step(**given)
        raise_fault(self, "this batch")
        return logs

    @contextlib.contextmanager
    def _stepping(self):
        """While Keras trains or evaluates, which traces the model."""
        before, self._in_step = self._in_step, True
        try:
            yield
        except Exception as error:
            self.train_function = self.test_function = None  # may be half traced
            count = getattr(getattr(self, "distribute_strategy", None), "num_replicas_in_sync", 1)
            if count > 1 and type(error).__name__ == "InvalidArgumentError":
                raise ValueError(
                    "Expected every batch to give each replica an example. Received: one that no "
                    "layer takes. Drop the remainder: batch(size, drop_remainder=True)."
                ) from error
            raise
        finally:
            self._in_step = before

    @contextlib.contextmanager
    def _training(self, given):
        """While Keras trains, by weights of classes that are taken out of what it is given, and
        traces its step anew where these are others, or parts were frozen or thawed."""
        class_weights = weights.of_classes(given.pop("class_weight", None), self.num_classes)
        traced = [class_weights, *(id(variable) for variable in self.trainable_variables)]
        if traced != self.__dict__.get("_traced", traced):
            self.train_function = None
        self.__dict__.update(_traced=traced, class_weights=class_weights)  # Keras tracks neither
        backend.build_optimizer(self)
        try:
            with self._stepping():
                yield
        finally:
            self.__dict__["class_weights"] = None

    def get_metrics_result(self):
        return backend.per_replica_results(super().get_metrics_result())

    # What files hold

    def save(self, filepath, *args, **kwargs):
        """Keras' `save`, in its own format, which keeps the optimizer; HDF5 is a ValueError."""
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                f"Expected a path that ends in .keras. Received: {filepath}. HDF5 files lose much."
            )
        return super().save(filepath, *args, **kwargs)

    def get_config(self):
        """The constructor's arguments, and which layers are frozen, by their place in the model."""
        frozen = [i for i, layer in enumerate(self._flatten_layers()) if not layer.trainable]
        return get_config(self) | ({"frozen": frozen} if frozen else {})

    @classmethod
    def from_config(cls, config):
        """The model that `get_config` describes, frozen where that one was."""
        frozen = config.get("frozen", [])
        model = from_config(cls, {name: v for name, v in config.items() if name != "frozen"})
        for i, layer in enumerate(model._flatten_layers() if frozen else ()):  # owners come first
            layer.trainable = i not in frozen
        return model

    def get_compile_config(self):
        """Keras', and which weights the optimizer knows, whatever was frozen since."""
        config = super().get_compile_config()
        known = getattr(getattr(self, "optimizer", None), "_trainable_variables", ())
        places = {id(weight): i for i, weight in enumerate(self.weights)}
        optimized = [places[id(variable)] for variable in known if id(variable) in places]
        return config and {**config, "optimized": optimized}

    def compile_from_config(self, config):
        # Keras skips this for a model with a `compile` of its own.
        optimized = config.get("optimized")
        config = {name: value for name, value in config.items() if name != "optimized"}
        self.compile(**keras.saving.deserialize_keras_object(config))
        weights = self.weights
        known = [weights[i] for i in optimized] if optimized else self.trainable_variables
        self.optimizer.build(known)


def _tensors(example):
    return None if example is None else keras.tree.map_structure(ops.convert_to_tensor, example)
