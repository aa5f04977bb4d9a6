"""Classifiers: p(class | x). The zoo's own judge labels generated images, and their features
measure sample quality."""

from typing import Annotated, Any

import keras
from keras import ops

from kerasgen import calls, fitting, weights
from kerasgen.abilities import Classifies
from kerasgen.checks.arguments import Check, Layer, Layers, Share, text
from kerasgen.entrance import entrance
from kerasgen.event_model import EventModel
from kerasgen.events import Nothing
from kerasgen.registration import register


@register
class CrossEntropy(keras.losses.Loss):
    """Nats by which logits `[..., K]` miss int labels `[...]`: -log p(label).

    Args:
        smoothing: share of each label's weight that is spread evenly over all classes (Szegedy and
            others 2016, arXiv 1512.00567, section 7).

    >>> loss = CrossEntropy(smoothing=0.1)
    >>> round(float(loss(np.array([1]), np.array([[0.0, 0.0]]))), 4)
    0.6931
    """

    def __init__(
        self,
        smoothing: Share = 0.0,
        name: Annotated[str, Check(text)] = "cross_entropy",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing

    def call(self, labels, logits):
        log_p = ops.log_softmax(logits)
        labels = ops.cast(labels, "int32")[..., None]
        right = ops.take_along_axis(log_p, labels, axis=-1)[..., 0]
        return -(1 - self.smoothing) * right - self.smoothing * ops.mean(log_p, axis=-1)


@register
class Classifier(Classifies, EventModel):
    """A classifier: an encoder, dropout and a linear layer.

    `compile` has defaults for what a classifier is trained on, so `fit(images, labels)` needs an
    optimizer only.

    Args:
        event: what one example is, of `kerasgen.events`; a list stands for an image or a vector.
        num_classes: number of classes.
        encoder: Keras layer or model, examples to features `[B, F]`.
        augmentation: Keras layers, images to images, applied one after the other in training.
        dropout: share of the features left out in training, and with it how many the linear layer
            relies on.
        label_smoothing: of the loss, see `CrossEntropy`.

    >>> encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4)])
    >>> model = Classifier([4, 4, 1], num_classes=3, encoder=encoder)
    >>> tuple(model.probabilities(np.zeros((2, 4, 4, 1))).shape)
    (2, 3)
    """

    def __init__(
        self,
        event: Any,
        num_classes,
        encoder: Layer,
        augmentation: Layers = (),
        dropout: Share = 0.5,
        label_smoothing: Share = 0.0,
        **kwargs: Any,
    ):
        super().__init__(event, num_classes, **kwargs)
        if isinstance(self.condition, Nothing):
            raise ValueError("Expected a number of classes. Received: num_classes=None. Name it.")
        self.encoder = encoder
        self.augmentation = list(augmentation)
        self.dropout = keras.layers.Dropout(dropout)
        self.label_smoothing = label_smoothing
        self.head = keras.layers.Dense(self.num_logits, dtype="float32", name="head")
        self.build()

    @property
    def num_logits(self) -> int:
        return self.condition.count

    def build(self, input_shape=None):
        if not self.built:
            self.head.build((None, *fitting.vector(self.encoder, self.event)))
        self.built = True

    def compile(self, optimizer="adam", loss=None, metrics=None, **kwargs):
        """Keras' `compile`, by default with cross-entropy in nats and accuracy."""
        loss = loss or CrossEntropy(self.label_smoothing)
        metrics = ["accuracy"] if metrics is None else metrics
        super().compile(optimizer, loss, metrics=metrics, **kwargs)

    @entrance
    def __call__(self, x, *args, **kwargs):
        return super().__call__(x, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        """Keras' `predict`, logits `[N, num_classes]`; every batch is looked at before."""
        given, faults = calls.predicted(self, calls.by_name("predict", x, *args, **kwargs))
        try:
            return super().predict(**given)
        finally:
            if faults:
                raise faults[0]

    @entrance
    def predict_on_batch(self, x):
        return super().predict_on_batch(x)

    @property
    def log_units(self):
        return super().log_units | {"accuracy": "share"}

    def call(self, x, training=False):
        """Logits `[B, num_classes]`, float32."""
        if training:
            for layer in self.augmentation:
                x = layer(x, training=True)
        return self.head(self.dropout(self.encoder(x), training=training))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        x, y, faults = self.received(x, y)
        if sample_weight is not None:
            sample_weight, wrong = weights.in_step(sample_weight, y)
            faults |= wrong
            sample_weight = ops.reshape(sample_weight, (-1, *[1] * (len(y.shape) - 1)))
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        self.first_fault.update_state({"loss": loss}, data=faults)
        return loss

    def _features(self, x):
        return ops.cast(self.encoder(x), "float32")

    def _probabilities(self, x):
        return ops.softmax(self.head(self._features(x)))

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors
        it takes).
        """

        def classify(**tensors):
            """Examples to the probability of each class."""
            return {"probabilities": self._probabilities(self.event.pack(tensors))}

        def features(**tensors):
            """Examples to what the last layer reads."""
            return {"features": self._features(self.event.pack(tensors))}

        x = self.event.tensors()
        return {"classify": (classify, x), "features": (features, x)}
