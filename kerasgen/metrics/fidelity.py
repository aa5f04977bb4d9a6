"""Whether a conditional model draws what it was asked for, by the judgement of a classifier."""

import keras
import numpy as np

from kerasgen.metrics import figure, shown

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
    images = shown.samples(model, num_samples, labels, seed)
    right = []
    for start in range(0, num_samples, _BATCH):
        rows = slice(start, start + _BATCH)
        predicted = np.argmax(keras.ops.convert_to_numpy(classifier.probabilities(images[rows])), axis=-1)
        right.append(100.0 * (predicted == labels[rows]))
    return {"label_fidelity": figure.mean(np.concatenate(right), "%")}
