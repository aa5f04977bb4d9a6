"""Whether a conditional model draws what it was asked for, by the judgement of a classifier."""

import inspect

import keras
import numpy as np

from kerasgen import zoo
from kerasgen.metrics import figure

# The preset that judges samples of a data set.
JUDGES = {
    "mnist": "classifier_mnist",
    "fashion_mnist": "classifier_fashion",
    "scenes": "judge_scenes",
    "shapes_rgb": "judge_shapes",
}

_BATCH = 500


def judge(data_name):
    """The zoo's classifier of a data set, or None where there is none."""
    name = JUDGES.get(data_name)
    return zoo.load(name) if name in zoo.names() else None


def as_shown(model, n, labels=None, seed=None):
    """Samples as they are shown: means of the likelihood where there is one.

    Independent pixels of a binary draw are noise, which no class and no feature extractor was trained on.
    """
    return model.sample(n, labels, seed=seed, **({"mean": True} if shows_means(model) else {}))


def what_is_shown(model):
    """What `as_shown` gives, in words."""
    if shows_means(model):
        return "means of p(x | z), z drawn from the prior"
    guidance = getattr(model, "guidance", 1)
    return "samples" if guidance == 1 else f"samples under guidance {guidance:g}"


def shows_means(model):
    """Whether the pixels are independent given a code; of those drawn one after the other the mean is no picture."""
    return "mean" in inspect.signature(model.sample).parameters and not getattr(model, "drawn_in_turn", ())


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
    images = as_shown(model, num_samples, labels, seed)
    right = []
    for start in range(0, num_samples, _BATCH):
        rows = slice(start, start + _BATCH)
        predicted = np.argmax(keras.ops.convert_to_numpy(classifier.probabilities(images[rows])), axis=-1)
        right.append(100.0 * (predicted == labels[rows]))
    return {"label_fidelity": figure.mean(np.concatenate(right), "%")}
