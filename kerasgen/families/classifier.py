"""Classifiers: p(class | x). The zoo's own judge labels generated images, and their features measure sample quality."""

import keras
from keras import ops

from kerasgen import checks
from kerasgen.model import CheckedModel
from kerasgen.registration import register


@register
class Classifier(CheckedModel):
    """An encoder, dropout and a linear layer.

    `compile` has defaults for what a classifier is trained on, so `fit(images, labels)` needs an optimizer only.

    Args:
        event_shape: shape of one example, `(height, width, channels)` of images with values in [0, 1].
        num_classes: number of classes.
        encoder: Keras layer or model, `[B, *event_shape]` to features `[B, F]`.
        augmentation: Keras layers, images to images, applied one after the other in training.
        dropout: share of the features left out in training, and with it how many the linear layer relies on.
    """

    def __init__(self, event_shape, num_classes, encoder, augmentation=(), dropout=0.5, **kwargs):
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        self.num_classes = num_classes
        self.encoder = encoder
        self.augmentation = list(augmentation)
        self.dropout = keras.layers.Dropout(dropout)
        self.head = keras.layers.Dense(num_classes, dtype="float32", name="head")
        self.build()

    def build(self, input_shape=None):
        features = self.encoder(keras.KerasTensor((None, *self.event_shape)))
        self.head.build(features.shape)
        self.built = True

    def compile(self, optimizer="adam", loss=None, metrics=None, **kwargs):
        """Keras' `compile`, by default with cross-entropy in nats and accuracy."""
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer, loss, metrics=["accuracy"] if metrics is None else metrics, **kwargs)

    def call(self, x, training=False):
        """Logits `[B, num_classes]`, float32."""
        if training:
            for layer in self.augmentation:
                x = layer(x, training=True)
        return self.head(self.dropout(self.encoder(x), training=training))

    def check(self, x, labels=None):
        """Returns images as float32 and labels, if there are any, as int32.

        Raises:
            ValueError: data of another shape, pixels outside [0, 1], labels out of range.
        """
        return checks.data(x, self.event_shape), None if labels is None else checks.labels(labels, self.num_classes)

    def features(self, x):
        """What the linear layer reads, `[B, F]` float32: the features of the sample-quality metrics."""
        x, _ = self.check(x)
        return ops.cast(self.encoder(x), "float32")

    def probabilities(self, x):
        """p(class | x), `[B, num_classes]`."""
        return ops.softmax(self.head(self.features(x)))

    def export_signatures(self):
        """What an exported file can do, in the manner of `GenerativeModel`s."""

        def classify(images):
            return {"probabilities": self.probabilities(images)}

        def features(images):
            return {"features": self.features(images)}

        images = {"images": self.event_shape}
        return {"classify": (classify, images), "features": (features, images)}

    def get_config(self):
        layer = keras.saving.serialize_keras_object
        return {
            "event_shape": list(self.event_shape),
            "num_classes": self.num_classes,
            "encoder": layer(self.encoder),
            "augmentation": [layer(each) for each in self.augmentation],
            "dropout": self.dropout.rate,
            "name": self.name,
        }
