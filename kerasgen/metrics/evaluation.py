"""The figures that a model allows."""

from keras import ops

from kerasgen.families import Classifier
from kerasgen.metrics import classification, figure, likelihood


def evaluate(model, images, labels=None, num_samples=5000, seed=0, progress=False):
    """Measures a model on held-out images.

    Args:
        model: any of kerasgen's.
        images: `[N, *event_shape]`, N at least 2.
        labels: `[N]`, of a conditional model or a classifier.
        num_samples: importance samples of each image, of models whose likelihood is estimated.
        seed: of all noise.
        progress: show a progress bar.

    Returns:
        `Figure`s by name, the leading one first: see `kerasgen.metrics.likelihood` and `classification`.
    """
    if isinstance(model, Classifier):
        return classification.accuracy(model, images, labels, progress)
    if is_estimated(model):
        return likelihood.importance_weighted(model, images, labels, num_samples, seed, progress)
    if hasattr(model, "log_prob"):
        return likelihood.exact(model, images, labels, seed, progress)
    return squared_error(model, images, labels, progress)


def is_estimated(model):
    """Whether the model's likelihood is an estimate by samples."""
    return hasattr(model, "elbo")


def squared_error(model, images, labels=None, progress=False):
    """The `squared_error` of an autoencoder's reconstructions: sum over the pixels, mean over the images."""
    images, labels = figure.checked(model, images, labels)

    def score(x, y, _):
        difference = model.reconstruct(x, y) - x
        return (ops.sum(ops.square(difference), axis=tuple(range(1, len(x.shape)))),)

    (error,) = figure.by_batch(score, images, labels, progress)
    return {"squared_error": figure.mean(error, "squared intensity an image")}
