"""Two-sample tests: whether two sets of features can come from one distribution.

The p-values of `mean_difference` and `mmd` are exact: under the null every relabelling of the pooled examples is
equally likely, so that (1 + relabellings that do as well) / (1 + relabellings) is uniform.
"""

import math
import sys
from typing import NamedTuple

import numpy as np

PERMUTATIONS = 499


class TwoSample(NamedTuple):
    """The outcome of a test.

    Attributes:
        statistic: larger where the two sets differ more.
        p_value: probability of as large a statistic if they do not.
    """

    __test__ = False  # for pytest, to which it looks like a test

    statistic: float
    p_value: float


def mean_difference(x, y, permutations=PERMUTATIONS, seed=0):
    """Tests for equal means, by the squared distance of the means of features scaled to unit variance.

    Args:
        x, y: features `[N, F]` and `[M, F]`.
        permutations: relabellings; the p-value is a multiple of 1 / (permutations + 1).
        seed: of the relabellings.
    """
    pooled = np.concatenate([x, y]).astype("float64")
    pooled = (pooled - pooled.mean(axis=0)) / np.maximum(pooled.std(axis=0), 1e-12)
    return _permuted(pooled @ pooled.T, len(x), permutations, seed)


def mmd(x, y, permutations=PERMUTATIONS, seed=0):
    """Tests for equal distributions, by MMD^2 with a Gaussian kernel as wide as the median distance.

    Gretton and others, A Kernel Two-Sample Test, 2012. Arguments as of `mean_difference`; memory grows with (N + M)^2.
    """
    from sklearn.metrics import pairwise_distances

    distances = pairwise_distances(np.concatenate([x, y]).astype("float64"))
    width = np.median(distances[np.triu_indices(len(distances), 1)])
    return _permuted(np.exp(-((distances / max(width, 1e-12)) ** 2) / 2), len(x), permutations, seed)


def _permuted(gram, n, permutations, seed):
    """Of w^T K w, w being 1/n on one set and -1/m on the other, in the true labelling and in random ones."""
    rng = np.random.default_rng(seed)
    weights = np.where(np.arange(len(gram)) < n, 1 / n, -1 / (len(gram) - n))
    labellings = np.stack([weights, *(rng.permutation(weights) for _ in range(permutations))])
    true, *others = np.sum((labellings @ gram) * labellings, axis=1)
    as_large = np.sum(np.asarray(others) >= true * (1 - 1e-9))
    return TwoSample(float(true), float((1 + as_large) / (1 + permutations)))


class ClassifierTest(NamedTuple):
    """The outcome of a classifier two-sample test.

    Attributes:
        accuracy: held-out share of examples whose side the classifier names; 0.5 where it cannot tell.
        low, high: 95 % confidence interval of it.
        p_value: probability of as many right answers by guessing, or the smallest float where it is below that.
        count: held-out examples.
    """

    accuracy: float
    low: float
    high: float
    p_value: float
    count: int


def classifier_test(x, y, classifier=None, seed=0):
    """Trains a classifier to tell two sets apart on half of each, and counts its right answers on the rest.

    Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, 2017 (arXiv 1610.06545).

    Args:
        x, y: features `[N, F]` and `[M, F]`; the longer one is cut to the length of the other.
        classifier: a scikit-learn classifier; a perceptron with one hidden layer on scaled features by default.
        seed: of the halves and of the default classifier.

    Raises:
        ValueError: fewer than 20 examples of a side.
    """
    from scipy.stats import binomtest
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    n = min(len(x), len(y))
    if n < 20:
        raise ValueError(f"Expected at least 20 examples a side, to train and test a classifier on. Received: {n}.")
    if classifier is None:
        classifier = make_pipeline(StandardScaler(), MLPClassifier((64,), early_stopping=True, random_state=seed))
    rng = np.random.default_rng(seed)
    x, y = (np.asarray(each)[rng.permutation(len(each))[:n]] for each in (x, y))
    half = n // 2

    def labelled(rows):
        return np.concatenate([x[rows], y[rows]]), np.repeat([0, 1], [len(x[rows]), len(y[rows])])

    classifier.fit(*labelled(slice(half)))
    features, sides = labelled(slice(half, None))
    right = int(np.sum(classifier.predict(features) == sides))
    interval = binomtest(right, len(sides)).proportion_ci(0.95, method="wilson")
    chance = binomtest(right, len(sides), alternative="greater").pvalue
    chance = max(float(chance), sys.float_info.min)  # a p-value is never 0
    return ClassifierTest(right / len(sides), interval.low, interval.high, chance, len(sides))


def standard_error(test):
    """Of a `ClassifierTest`'s accuracy."""
    return math.sqrt(test.accuracy * (1 - test.accuracy) / test.count)
