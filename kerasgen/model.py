"""The contract that every family meets."""

import keras
import numpy as np

from kerasgen import backend, checks
from kerasgen.data.batching import Epochs
from kerasgen.finite import FirstNotFinite


class CheckedModel(keras.Model):
    """A model that looks at the data before it trains on them, by its `check(x, y)`, and at the loss while it does.

    Args:
        terms: names of the loss terms.
    """

    def __init__(self, terms=(), **kwargs):
        super().__init__(**kwargs)
        self.first_not_finite = FirstNotFinite((*terms, "loss"))

    def fit(self, x=None, y=None, *args, **kwargs):
        """Keras' `fit`, after the first batch has been checked: inside the compiled step it would be too late.

        A `tf.data.Dataset` is iterated once for that, up to its first batch; so is `validation_data`.
        """
        self._check_first(x, y)
        if (validation := kwargs.get("validation_data")) is not None:
            self._check_first(*(validation if isinstance(validation, (list, tuple)) else [validation])[:2])
        return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Keras' `evaluate`, after the first batch has been checked as `fit` checks it."""
        self._check_first(x, y)
        return super().evaluate(x, y, *args, **kwargs)

    def _check_first(self, x, y=None):
        """Checks arrays, or the first batch of what can be iterated again; a generator could not be rewound."""
        if isinstance(x, keras.utils.PyDataset):
            x, y, _ = keras.utils.unpack_x_y_sample_weight(x[0])
        elif hasattr(x, "element_spec"):  # a tf.data.Dataset
            with Epochs.looking():
                x, y, _ = keras.utils.unpack_x_y_sample_weight(next(iter(x)))
        elif not hasattr(x, "shape"):
            return
        self.check(x, y)

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        self.first_not_finite.update_state({"loss": loss})
        return loss

    def get_metrics_result(self):
        return backend.per_replica_results(super().get_metrics_result())

    def compile_from_config(self, config):
        # Keras skips this for a model with a `compile` of its own.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    @classmethod
    def from_config(cls, config):
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


class GenerativeModel(CheckedModel):
    """A model of p(x), or of p(x | condition), trained by the unmodified Keras `fit`.

    A family implements

    - `sample(n, condition=None, seed=None) -> [n, *event_shape]`;
    - `loss_terms(x, condition=None, training=False)`, named unweighted terms in nats, each `[B]`;
    - `log_prob(x, condition=None, ...) -> [B]` in nats, where the density is tractable or bounded. A model without one
      lacks the method.

    `fit(x)` trains an unconditional model and `fit(x, labels)` a conditional one; both take a `tf.data.Dataset` of the
    same. `fit` logs every term's mean under its name, beside the loss. The model is built when it is constructed.

    Args:
        event_shape: shape of one example: `(height, width, channels)` of images with values in [0, 1], or `(size,)` of
            vectors of any finite values.
        num_classes: number of classes of the condition, or None for an unconditional model.
        terms: names of the loss terms.
    """

    def __init__(self, event_shape, num_classes=None, terms=(), **kwargs):
        super().__init__(terms, **kwargs)
        self.event_shape = tuple(event_shape)
        self.num_classes = num_classes
        self.term_means = {name: keras.metrics.Mean(name=name) for name in terms}

    def check(self, x, condition=None):
        """Returns `x` as float32 and `condition` as int32, or raises a ValueError that says what is wrong."""
        x, condition = checks.data(x, self.event_shape), self.check_condition(condition)
        sizes = x.shape[0], None if condition is None else condition.shape[0]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(f"Expected one label for each of {sizes[0]} examples. Received: {sizes[1]} labels.")
        return x, condition

    def check_condition(self, condition):
        """Returns `condition` as int32, or None, or raises a ValueError that says what is wrong."""
        return checks.labels(condition, self.num_classes)

    def check_request(self, n, condition):
        """Returns how many examples are asked for, and their condition, or raises a ValueError."""
        n, condition = checks.positive("n", n), self.check_condition(condition)
        if condition is not None and condition.shape[0] != n:
            raise ValueError(f"Expected one label for each of n={n} examples. Received: {condition.shape[0]} labels.")
        return n, condition

    @property
    def num_shown_conditions(self):
        """How many different conditions there are to show samples of: the classes, or None."""
        return self.num_classes

    def shown_condition(self, n):
        """A condition for `n` examples to be shown: the classes in turn, or None for an unconditional model."""
        return None if self.num_classes is None else np.arange(n, dtype="int32") % self.num_classes

    def in_range(self, x):
        """Samples `x`, those of images clipped to [0, 1], which an unbounded likelihood may leave."""
        return keras.ops.clip(x, 0.0, 1.0) if len(self.event_shape) == 3 else x

    def compile(self, optimizer="rmsprop", loss=None, **kwargs):
        """Keras' `compile`, without a loss: the model has its own, the sum of its terms.

        Raises:
            ValueError: a loss, which would be ignored.
        """
        if loss is not None:
            raise ValueError(f"Expected no loss: {type(self).__name__} trains by its own. Received: loss={loss!r}.")
        super().compile(optimizer, **kwargs)

    def term_weights(self):
        """Weights of the loss terms by name; a term that is not named weighs 1."""
        return {}

    def predict(self, *args, **kwargs):
        """Refused, by a TypeError: what Keras calls a prediction is, of a generative model, one of several things."""
        known = ("sample", "log_prob", "encode", "reconstruct", "tokenize", "score")
        methods = ", ".join(name for name in known if hasattr(self, name))
        raise TypeError(f"Expected one of the methods of {type(self).__name__}: {methods}. Received: predict.")

    def call(self, x):
        # `fit` calls the model on the data before it asks for the loss. The loss also depends on the condition, which
        # `call` does not see, so all the work is in `compute_loss` and the data pass through.
        return x

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the terms, mean over the batch, in nats, and what layers add by regularization."""
        terms = self.loss_terms(x, condition=y, training=training)
        for name, term in terms.items():
            self.term_means[name].update_state(term)
        weights = self.term_weights()
        loss = sum(weights.get(name, 1.0) * term for name, term in terms.items())
        if sample_weight is not None:
            loss = loss * sample_weight
        loss = keras.ops.mean(loss) + penalties(self)
        self.first_not_finite.update_state(terms, {"loss": loss})
        # Keras optimizers sum gradients over replicas, so each replica contributes its share of the global mean.
        return loss / backend.num_replicas()

    def get_config(self):
        config = {"event_shape": list(self.event_shape), "name": self.name}
        return config if self.num_classes is None else {**config, "num_classes": self.num_classes}


def penalties(*layers):
    """What the regularizers within layers add to a loss, a scalar."""
    return sum(keras.ops.sum(penalty) for layer in layers for penalty in layer.losses)
