"""How often a classifier is right."""

from keras import ops

from kerasgen.metrics import figure


def accuracy(model, images, labels, progress=False):
    """Figures of a classifier.

    Args:
        model: a `kerasgen.families.Classifier`.
        images, labels: `[N, *event_shape]` and `[N]`, N at least 2.
        progress: show a progress bar.

    Returns:
        `Figure`s by name: `accuracy` in percent and `cross_entropy` in nats.

    Raises:
        ValueError: images of another shape or range, labels missing or out of range, fewer than 2 images.
    """
    if labels is None:
        raise ValueError("Expected the labels of the images, which a classifier is measured by. Received: labels=None.")
    images, labels = figure.checked(model, images, labels)

    def score(x, y, _):
        probabilities = model.probabilities(x)
        right = ops.cast(ops.argmax(probabilities, axis=-1) == y, "float32")
        cross_entropy = -ops.log(ops.take_along_axis(probabilities, y[:, None], axis=-1)[:, 0] + 1e-30)
        return 100 * right, cross_entropy

    right, cross_entropy = figure.by_batch(score, images, labels, progress)
    return {"accuracy": figure.mean(right, "%"), "cross_entropy": figure.mean(cross_entropy, "nats")}


def attribute_accuracy(model, images, labels, progress=False):
    """Figures of a classifier of attributes.

    Args:
        model: a `kerasgen.families.AttributeClassifier`.
        images, labels: `[N, *event_shape]` and attributes `[N, A]`, N at least 2.
        progress: show a progress bar.

    Returns:
        `Figure`s by name, in percent: `attribute_accuracy`, mean over all attributes, and `image_accuracy`, images of
        which all attributes are right.

    Raises:
        ValueError: images of another shape or range, attributes missing or out of range, fewer than 2 images.
    """
    if labels is None:
        raise ValueError("Expected the attributes of the images. Received: labels=None.")
    images, labels = figure.checked(model, images, labels)

    def score(x, y, _):
        right = ops.cast(model.attributes(x) == y, "float32")
        return 100 * ops.mean(right, axis=1), 100 * ops.min(right, axis=1)

    right, whole = figure.by_batch(score, images, labels, progress)
    return {"attribute_accuracy": figure.mean(right, "%"), "image_accuracy": figure.mean(whole, "%")}
