"""The contract that every family meets: an event, a condition, a loss of named terms."""

import keras
from keras import ops

from kerasgen import abilities, backend, calls, weights
from kerasgen.event_model import EventModel
from kerasgen.loss import Loss, mean, penalties


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
        **kwargs: those of `EventModel` and Keras.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> isinstance(model, GenerativeModel), list(model.term_means)
    (True, ['nll'])
    """

    def __init__(self, event, condition=None, terms=(), **kwargs):
        super().__init__(event, condition, terms, **kwargs)
        self.term_means = {name: keras.metrics.Mean(name=name) for name in terms}

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        **kwargs,
    ):
        """Keras' `compile`, without a loss: the model has its own, the sum of its terms.

        Raises:
            ValueError: a loss, weights of losses or metrics, which compare a target with a
                prediction.
        """
        calls.refuse(
            f"{type(self).__name__} trains by its own loss and logs its terms, "
            f"{', '.join(self.term_means) or 'none'}: drop it, and measure with kerasgen.metrics.",
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
        )
        super().compile(optimizer, **kwargs)

    def predict(self, *args, **kwargs):
        """Refused: what Keras calls a prediction is, of a generative model, one of several things.

        Raises:
            TypeError: always.
        """
        self._refuse_prediction("predict")

    def predict_on_batch(self, x):
        """Refused, as `predict`."""
        self._refuse_prediction("predict_on_batch")

    def export(self, *args, **kwargs):
        """Refused, as `predict`: `kerasgen.export` writes a file of all that the model can do."""
        self._refuse_prediction("Keras' export, which kerasgen.export.saved_model replaces")

    def quantize(self, *args, **kwargs):
        """Refused, as `predict`: Keras would quantize dense layers and leave the others."""
        self._refuse_prediction(
            'Keras\' quantize, which kerasgen.export.tflite(model, path, quantize="int8") replaces'
        )

    def __call__(self, *args, **kwargs):
        """Refused, as `predict`, where it is not Keras that trains or evaluates."""
        if not self._in_step:
            self._refuse_prediction(f"a call of the {type(self).__name__}")
        return super().__call__(*args, **kwargs)

    def _refuse_prediction(self, call):
        methods = ", ".join(abilities.methods(self))
        raise TypeError(
            f"Expected one of the methods of {type(self).__name__}: {methods}. Received: {call}."
        )

    def call(self, x):
        # `fit` calls the model on the data before it asks for the loss. The loss also depends on
        # the condition, which `call` does not see, so the data pass through and `compute_loss`
        # works.
        return x

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the terms, mean over the batch, in nats, and layers' penalties."""
        x, y, faults = self.received(x, y)
        loss: Loss = self.loss_terms(x, y, training)
        for name, term in loss.terms.items():
            self.term_means[name].update_state(term)
        total = loss.total()
        if sample_weight is not None:
            sample_weight, wrong = weights.in_step(sample_weight, total)
            total, faults = total * ops.cast(sample_weight, total.dtype), faults | wrong
        total = mean(total) + penalties(self)
        self.first_fault.update_state(loss.terms, {"loss": total}, data=faults)
        # Keras optimizers sum gradients over replicas: each contributes its share of the mean.
        return total / backend.num_replicas()
