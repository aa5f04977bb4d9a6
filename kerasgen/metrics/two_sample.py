"""Two-sample tests: whether two sets of features can come from one distribution.

The p-values of `mean_difference` and `mmd` are exact: if both sets have one distribution, every
relabelling of the pooled examples is equally likely. The share of labellings that do as well, the
true one among them, is then uniform.
"""

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from kerasgen import checks

PERMUTATIONS = 499


class TwoSample(NamedTuple):
    """The outcome of a test.

    Attributes:
        statistic: larger where the two sets differ more.
        p_value: probability of as large a statistic if they do not.

    >>> mmd(np.zeros((5, 1)), np.ones((5, 1)), permutations=9).p_value
    0.1
    """

    __test__ = False  # for pytest, to which it looks like a test

    statistic: float
    p_value: float


def mean_difference(x: Any, y: Any, permutations: int = PERMUTATIONS, seed: int = 0) -> TwoSample:
    """Tests for equal means, by their squared distance in features scaled to unit variance.

    Args:
        x, y: features `[N, F]` and `[M, F]`.
        permutations: relabellings; the p-value is a multiple of 1 / (permutations + 1).
        seed: of the relabellings.

    >>> x, y = np.random.default_rng(1).standard_normal((2, 50, 3))
    >>> mean_difference(x, y).p_value > 0.1, mean_difference(x, y + 1).p_value
    (True, 0.002)
    """
    x, y = _sides(x, y)
    pooled = np.concatenate([x, y])
    pooled = (pooled - pooled.mean(axis=0)) / np.maximum(pooled.std(axis=0), 1e-12)
    return _permuted(pooled @ pooled.T, len(x), permutations, seed)


def mmd(x: Any, y: Any, permutations: int = PERMUTATIONS, seed: int = 0) -> TwoSample:
    """Tests for equal distributions, by MMD^2 with a Gaussian kernel.

    The kernel is as wide as the median distance (Gretton and others, A Kernel Two-Sample Test,
    2012). Arguments are those of `mean_difference`. Memory grows with (N + M)^2.

    >>> x, y = np.random.default_rng(1).standard_normal((2, 50, 3))
    >>> mmd(x, y).p_value > 0.1, mmd(x, 3 * y).p_value
    (True, 0.002)
    """
    from sklearn.metrics import pairwise_distances

    x, y = _sides(x, y)
    distances = pairwise_distances(np.concatenate([x, y]))
    width = np.median(distances[np.triu_indices(len(distances), 1)])
    gram = np.exp(-((distances / max(width, 1e-12)) ** 2) / 2)
    return _permuted(gram, len(x), permutations, seed)


def _sides(x, y):
    x, y = checks.rows("x", x), checks.rows("y", y)
    checks.alike(x=x, y=y)
    return x, y


def _permuted(gram, n, permutations, seed):
    """Of w^T K w, w being 1/n on one set and -1/m on the other, over random labellings."""
    checks.positive("permutations", permutations)
    rng = np.random.default_rng(checks.seed(seed))
    weights = np.where(np.arange(len(gram)) < n, 1 / n, -1 / (len(gram) - n))
    labellings = np.stack([weights, *(rng.permutation(weights) for _ in range(permutations))])
    true, *others = np.sum((labellings @ gram) * labellings, axis=1)
    as_large = np.sum(np.asarray(others) >= true * (1 - 1e-9))
    return TwoSample(float(true), float((1 + as_large) / (1 + permutations)))


class ClassifierTest(NamedTuple):
    """The outcome of a classifier two-sample test.

    Attributes:
        accuracy: held-out share of examples whose side the classifier names; 0.5 by guessing.
        low, high: 95 % confidence interval of it.
        p_value: probability of as many right answers by guessing, or the smallest float where it is
            below that.
        count: held-out examples.

    >>> round(ClassifierTest(0.5, 0.4, 0.6, 0.5, count=100).standard_error, 6)
    0.05
    """

    accuracy: float
    low: float
    high: float
    p_value: float
    count: int

    @property
    def standard_error(self) -> float:
        """Of the accuracy."""
        return math.sqrt(self.accuracy * (1 - self.accuracy) / self.count)


def classifier_test(x: Any, y: Any, classifier: Any = None, seed: int = 0) -> ClassifierTest:
    """Trains a classifier to tell half of two sets apart, and counts its right answers on the rest.

    Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, 2017 (arXiv 1610.06545).

    Args:
        x, y: features `[N, F]` and `[M, F]`; the longer one is cut to the length of the other.
        classifier: a scikit-learn classifier; by default a perceptron with one hidden layer on
            scaled features.
        seed: of the halves and of the default classifier.

    Raises:
        ValueError: fewer than 20 examples of a side.

    >>> from sklearn.linear_model import LogisticRegression
    >>> x, y = np.random.default_rng(1).standard_normal((2, 50, 3))
    >>> classifier_test(x, y + 10, LogisticRegression()).accuracy
    1.0
    """
    from scipy.stats import binomtest
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = _sides(x, y)
    n = min(len(x), len(y))
    if n < 20:
        raise ValueError(
            "Expected at least 20 examples a side, to train and test a classifier on. "
            f"Received: {n}."
        )
    if classifier is None:
        perceptron = MLPClassifier((64,), early_stopping=True, random_state=seed)
        classifier = make_pipeline(StandardScaler(), perceptron)
    rng = np.random.default_rng(checks.seed(seed))
    x, y = (each[rng.permutation(len(each))[:n]] for each in (x, y))
    half = n // 2

    def labelled(rows):
        return np.concatenate([x[rows], y[rows]]), np.repeat([0, 1], [len(x[rows]), len(y[rows])])

    classifier.fit(*labelled(slice(half)))
    features, sides = labelled(slice(half, None))
    right = int(np.sum(classifier.predict(features) == sides))
    interval = binomtest(right, len(sides)).proportion_ci(0.95, method="wilson")
    chance = float(binomtest(right, len(sides), alternative="greater").pvalue)
    p_value = max(chance, sys.float_info.min)  # a p-value is never 0
    accuracy = right / len(sides)
    return ClassifierTest(accuracy, interval.low, interval.high, p_value, len(sides))
