"""Whether a conditional model draws what it was asked for, by the judgement of a classifier."""

import numpy as np

from kerasgen.batches import mapped
from kerasgen.metrics import figure

_BATCH = 500


def label_fidelity(model, classifier, num_samples=10_000, seed=0):
    """The share of samples that the classifier gives the class that they were drawn for.

    Args:
        model: a conditional generative model.
        classifier: a `kerasgen.families.Classifier` of the same classes.
        num_samples: over all classes, equally many of each.
        seed: of the samples.

    Returns:
        `{"label_fidelity": Figure}`, in percent. Its standard error is over samples; a classifier of 99.5 % accuracy on
        real images is itself wrong once in 200.
    """
    labels = np.arange(num_samples, dtype="int32") % model.num_classes
    images = model.shown_samples(num_samples, labels, seed)
    predicted = np.argmax(mapped(classifier.probabilities, _BATCH, images), axis=-1)
    return {"label_fidelity": figure.mean(100.0 * (predicted == labels), "%")}
