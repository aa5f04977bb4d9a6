"""How often a classifier is right."""

from typing import Any

from keras import ops

from kerasgen.event_model import EventModel
from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure


def accuracy(
    model: EventModel, images: Any, labels: Any, progress: bool = False
) -> dict[str, Figure]:
    """Figures of a classifier.

    Args:
        model: a `kerasgen.families.Classifier`.
        images, labels: `[N, *event_shape]` and `[N]`, N at least 2.
        progress: show a progress bar.

    Returns:
        `accuracy` in percent and `cross_entropy` in nats.

    Raises:
        ValueError: images of another shape or range, labels missing or out of range, fewer than 2
            images.

    >>> model = kerasgen.families.Classifier([8, 8, 1], 10, kerasgen.networks.MLP((4,), ()))
    >>> sorted(accuracy(model, np.zeros((5, 8, 8, 1)), np.arange(5)))
    ['accuracy', 'cross_entropy']
    """
    if labels is None:
        raise ValueError(
            "Expected the labels of the images, which a classifier is measured by. "
            "Received: labels=None."
        )
    images, labels = figure.checked(model, images, labels)

    def score(x, y, _):
        probabilities = model.probabilities(x)
        right = ops.cast(ops.argmax(probabilities, axis=-1) == y, "float32")
        of_label = ops.take_along_axis(probabilities, y[:, None], axis=-1)[:, 0]
        return 100 * right, -ops.log(of_label + 1e-30)

    right, cross_entropy = figure.by_batch(score, images, labels, progress)
    return {
        "accuracy": figure.mean(right, "%"),
        "cross_entropy": figure.mean(cross_entropy, "nats"),
    }


def attribute_accuracy(
    model: EventModel, images: Any, attributes: Any, progress: bool = False
) -> dict[str, Figure]:
    """Figures of a classifier of attributes.

    Args:
        model: a `kerasgen.families.AttributeClassifier`.
        images, attributes: `[N, *event_shape]` and `[N, A]`, N at least 2.
        progress: show a progress bar.

    Returns:
        In percent: `attribute_accuracy`, mean over all attributes, and `image_accuracy`, images of
        which all attributes are right.

    Raises:
        ValueError: images of another shape or range, attributes missing or out of range, fewer than
            2 images.

    >>> network = kerasgen.networks.MLP((4,), ())
    >>> model = kerasgen.families.AttributeClassifier([8, 8, 1], [10, 2], network)
    >>> images = np.zeros((5, 8, 8, 1))
    >>> print(attribute_accuracy(model, images, model.attributes(images))["image_accuracy"])
    100 ± 0 %
    """
    if attributes is None:
        raise ValueError("Expected the attributes of the images. Received: labels=None.")
    images, attributes = figure.checked(model, images, attributes)

    def score(x, y, _):
        right = ops.cast(model.attributes(x) == y, "float32")
        return 100 * ops.mean(right, axis=1), 100 * ops.min(right, axis=1)

    right, whole = figure.by_batch(score, images, attributes, progress)
    return {
        "attribute_accuracy": figure.mean(right, "%"),
        "image_accuracy": figure.mean(whole, "%"),
    }
