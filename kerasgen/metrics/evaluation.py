"""The figures that a model allows."""

from keras import ops

from kerasgen.families import Classifier
from kerasgen.metrics import classification, figure, likelihood, quality
from kerasgen.metrics.features import VALUES


def evaluate(model, images, labels=None, num_samples=5000, seed=0, progress=False, real=None, extractor=VALUES):
    """Measures a model on held-out images.

    Args:
        model: any of kerasgen's.
        images: `[N, *event_shape]`, N at least 2.
        labels: `[N]`, of a conditional model or a classifier.
        num_samples: importance samples of each image, of models whose likelihood is estimated.
        seed: of all noise.
        progress: show a progress bar.
        real, extractor: of models that sample without a likelihood: see `kerasgen.metrics.quality`.

    Returns:
        `Figure`s by name, the leading one first: see `kerasgen.metrics.likelihood`, `classification` and `quality`.
    """
    if isinstance(model, Classifier):
        return classification.accuracy(model, images, labels, progress)
    if is_estimated(model):
        return likelihood.importance_weighted(model, images, labels, num_samples, seed, progress)
    if hasattr(model, "log_prob"):
        return likelihood.exact(model, images, labels, seed, progress)
    if only_samples(model):
        return quality.sample_quality(model, images, labels, real, extractor, seed)
    return squared_error(model, images, labels, progress)


def is_estimated(model):
    """Whether the model's likelihood is an estimate by samples."""
    return hasattr(model, "elbo")


def only_samples(model):
    """Whether sample quality is all that there is to measure of a model."""
    return hasattr(model, "sample") and not hasattr(model, "log_prob")


def squared_error(model, images, labels=None, progress=False):
    """The `squared_error` of an autoencoder's reconstructions: sum over the pixels, mean over the images."""
    images, labels = figure.checked(model, images, labels)

    def score(x, y, _):
        difference = model.reconstruct(x, y) - x
        return (ops.sum(ops.square(difference), axis=tuple(range(1, len(x.shape)))),)

    (error,) = figure.by_batch(score, images, labels, progress)
    return {"squared_error": figure.mean(error, "squared intensity an image")}
