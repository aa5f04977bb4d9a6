"""How far each dimension of a representation stands for one factor of the data, by five scores.

The definitions and sample sizes are those of Locatello and others 2019 (arXiv 1811.12359, appendix
C); every score is 0 to 1, larger is better. The representation of an image is its posterior mean.

BetaVAE score     accuracy of a linear classifier of the fixed factor, from mean |z - z'| of pairs
                  of images that share its value (Higgins and others 2017)
FactorVAE score   accuracy of a majority vote on the fixed factor, by the dimension that then varies
                  least (Kim and Mnih 2018, arXiv 1802.05983)
MIG               gap between the two largest mutual informations of a factor with one dimension,
                  over the factor's entropy (Chen and others 2018, arXiv 1802.04942)
DCI               how few factors a dimension serves, how few dimensions serve a factor, and how
                  well all dimensions together tell it, from boosted trees (after Eastwood and
                  Williams 2018, who took forests)
SAP               gap between the two best accuracies in telling a factor from one dimension (Kumar
                  and others 2018, arXiv 1711.00848)

Chance is 1 / number of factors for the first two. The linear classifiers of SAP tell few of many
values apart by one dimension, so that it stays far below 1 whatever the representation.
"""

from typing import Any

import keras
import numpy as np

from kerasgen.abilities import Encodes
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.rendered import Codes

_ACTIVE = 0.05  # standard deviation below which a dimension has no vote in the FactorVAE score


def evaluate(
    model: Encodes,
    shapes: Any,
    seed: int = 0,
    num_train: int = 10_000,
    num_test: int = 5_000,
    batch_size: int = 64,
    forest: bool = False,
) -> dict[str, float]:
    """All five scores of a latent-variable model.

    Args:
        model: an unconditional latent-variable model.
        shapes: the set, such as `kerasgen.data.synthetic.shapes.Shapes()`.
        seed: of all draws.
        num_train, num_test: points that each score is fitted on and measured on.
        batch_size: images that one point of the BetaVAE and FactorVAE scores is the mean or the
            variance of.
        forest: as in `dci`.

    Returns:
        In [0, 1]: `beta_vae`, `factor_vae`, `mig`, `dci_disentanglement`, `dci_completeness`,
        `dci_informativeness`, `sap`.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [64, 64, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2),
    ...     networks.MLP((64, 64, 1), ()), likelihoods.Bernoulli())
    >>> scores = evaluate(vae, Shapes(), num_train=60, num_test=30, batch_size=2, forest=True)
    >>> 0 <= scores["mig"] <= 1
    True
    """

    def represent(images):
        means = model.encode(images.astype("float32")).mean()
        return keras.ops.convert_to_numpy(means).reshape(len(images), -1)

    codes = Codes(represent, shapes)
    return {
        "beta_vae": beta_vae(codes, seed, num_train, num_test, batch_size),
        "factor_vae": factor_vae(codes, seed, num_train, num_test, batch_size),
        "mig": mig(codes, seed, num_train),
        **dci(codes, seed, num_train, num_test, forest=forest),
        "sap": sap(codes, seed, num_train, num_test),
    }


def figures(model: Encodes, shapes: Any, **settings: int) -> dict[str, Figure]:
    """The scores of `evaluate` as `Figure`s; `settings` are its numbers.

    DCI is by random forests, which take a tenth of the time.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [64, 64, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2),
    ...     networks.MLP((64, 64, 1), ()), likelihoods.Bernoulli())
    >>> figures(vae, Shapes(), num_train=60, num_test=30, batch_size=2)["mig"].unit
    'of 1'
    """
    scores = evaluate(model, shapes, forest=True, **settings)
    return {name: Figure(score, "of 1") for name, score in scores.items()}


def beta_vae(
    codes: Codes,
    seed: int = 0,
    num_train: int = 10_000,
    num_test: int = 5_000,
    batch_size: int = 64,
) -> float:
    """Test accuracy of a logistic regression of which factor the two images of every pair share.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> codes = Codes(lambda images: images.mean(axis=1).reshape(len(images), -1)[:, ::8], Shapes())
    >>> 0 <= beta_vae(codes, num_train=100, num_test=50, batch_size=4) <= 1
    True
    """
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)

    def points(n):
        fixed = rng.integers(len(codes.sizes), size=n)
        first, second = codes.draw(rng, n, batch_size), codes.draw(rng, n, batch_size)
        rows = np.arange(n)
        second[rows, :, fixed] = first[rows, :, fixed]
        return np.abs(codes(first) - codes(second)).mean(1), fixed

    classifier = LogisticRegression(max_iter=1000).fit(*points(num_train))
    return float(classifier.score(*points(num_test)))


def factor_vae(
    codes: Codes,
    seed: int = 0,
    num_train: int = 10_000,
    num_test: int = 5_000,
    batch_size: int = 64,
    num_variance: int = 10_000,
) -> float:
    """Test accuracy of the vote, by the active dimension of least relative variance.

    It is relative to the dimension's variance over the set, of `num_variance` codes.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> codes = Codes(lambda images: images.mean(axis=1).reshape(len(images), -1)[:, ::8], Shapes())
    >>> 0 <= factor_vae(codes, 0, 100, 50, batch_size=4, num_variance=100) <= 1
    True
    """
    rng = np.random.default_rng(seed)
    variance = codes.sample(rng, num_variance)[0].var(0, ddof=1)
    active = np.sqrt(variance) >= _ACTIVE
    if not active.any():
        return 0.0

    def votes(n):
        fixed = rng.integers(len(codes.sizes), size=n)
        factors = codes.draw(rng, n, batch_size)
        rows = np.arange(n)
        factors[rows, :, fixed] = factors[rows, 0, fixed][:, None]
        least = (codes(factors)[..., active].var(1, ddof=1) / variance[active]).argmin(1)
        table = np.zeros((active.sum(), len(codes.sizes)))
        np.add.at(table, (least, fixed), 1)
        return table

    factor_of = votes(num_train).argmax(1)
    test = votes(num_test)
    return float(test[np.arange(len(test)), factor_of].sum() / test.sum())


def mig(codes: Codes, seed: int = 0, num_train: int = 10_000, bins: int = 20) -> float:
    """Mean over factors of the mutual information gap.

    Every dimension is cut into `bins` of equal width.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> codes = Codes(lambda images: images.mean(axis=1).reshape(len(images), -1)[:, ::8], Shapes())
    >>> 0 <= mig(codes, num_train=500) <= 1
    True
    """
    from sklearn.metrics import mutual_info_score

    z, factors = codes.sample(np.random.default_rng(seed), num_train)
    edges = [np.histogram_bin_edges(column, bins)[:-1] for column in z.T]
    binned = [np.digitize(column, each) for column, each in zip(z.T, edges)]
    gaps = []
    for factor in factors.T:
        shared = [0.0, *(mutual_info_score(factor, column) for column in binned)]
        *_, second, first = sorted(shared)
        gaps.append((first - second) / mutual_info_score(factor, factor))
    return float(np.mean(gaps))


def dci(
    codes: Codes,
    seed: int = 0,
    num_train: int = 10_000,
    num_test: int = 5_000,
    num_trees: int = 100,
    forest: bool = False,
) -> dict[str, float]:
    """Disentanglement, completeness and informativeness, by name.

    Boosted trees take twenty minutes and more for the 113 factor values of sprites. `forest=True`
    takes a random forest, whose large leaves keep it, like shallow boosted trees, from fitting
    noise: its figures come near, but are to be compared with each other only.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> codes = Codes(lambda images: images.mean(axis=1).reshape(len(images), -1)[:, ::8], Shapes())
    >>> 0 <= dci(codes, 0, 100, 50, num_trees=2, forest=True)["dci_completeness"] <= 1
    True
    """
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

    def classifier():
        if forest:
            large = {"max_features": None, "min_samples_leaf": 50}
            return RandomForestClassifier(num_trees, random_state=seed, **large)
        return GradientBoostingClassifier(n_estimators=num_trees, random_state=seed)

    rng = np.random.default_rng(seed)
    (z, factors), (z_test, factors_test) = (codes.sample(rng, n) for n in (num_train, num_test))
    importance, accuracy = [], []
    for factor, factor_test in zip(factors.T, factors_test.T):
        trees = classifier().fit(z, factor)
        importance.append(trees.feature_importances_)
        accuracy.append(trees.score(z_test, factor_test))
    importance = np.array(importance)  # [K, D]
    return {
        "dci_disentanglement": _concentration(importance.T),
        "dci_completeness": _concentration(importance),
        "dci_informativeness": float(np.mean(accuracy)),
    }


def _concentration(importance):
    """1 - entropy of every row in units of its maximum, mean over rows weighed by their sums.

    It is 0 where nothing is important. Trees give importances that rounding puts below 0.
    """
    from scipy.stats import entropy

    importance = np.maximum(importance, 0)
    total = importance.sum(1)
    rows = importance[total > 0]
    if not len(rows) or rows.shape[1] == 1:
        return 0.0
    spread = entropy(rows, base=rows.shape[1], axis=1)
    return float(np.average(1 - spread, weights=total[total > 0]))


def sap(codes: Codes, seed: int = 0, num_train: int = 10_000, num_test: int = 5_000) -> float:
    """Mean over factors of the gap between the two best dimensions' accuracies.

    They are those of a linear support vector machine.

    >>> from kerasgen.data.synthetic.shapes import Shapes
    >>> codes = Codes(lambda images: images.mean(axis=1).reshape(len(images), -1)[:, ::8], Shapes())
    >>> 0 <= sap(codes, num_train=100, num_test=50) <= 1
    True
    """
    from sklearn.svm import LinearSVC

    rng = np.random.default_rng(seed)
    (z, factors), (z_test, factors_test) = (codes.sample(rng, n) for n in (num_train, num_test))
    gaps = []
    for factor, factor_test in zip(factors.T, factors_test.T):
        scores = [0.0]
        for dimension in range(z.shape[1]):
            machine = LinearSVC(C=0.01, class_weight="balanced", random_state=seed)
            machine.fit(z[:, [dimension]], factor)
            scores.append(machine.score(z_test[:, [dimension]], factor_test))
        *_, second, first = sorted(scores)
        gaps.append(first - second)
    return float(np.mean(gaps))
