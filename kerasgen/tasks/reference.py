"""What is learned of reference pictures: their usual likelihood, their usual codes, a mixture
density of what models say of them, and what a classifier sees in each class.

    fitted = -log p(numbers) + d^2 / 2,     d^2 = min over classes of (f - m)' S^-1 (f - m)

f are a classifier's features at length 1, normal in each class, with one covariance S (Lee and
others 2018, arXiv 1807.03888; Mueller and Hein 2025, arXiv 2505.18032).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

_COMPONENTS = 20  # of the density
_DENSITY = ("weights_", "means_", "covariances_", "precisions_cholesky_")  # of scikit-learn's
_MOMENTS = ("codes", "classes")  # of which means and a covariance are known
_NUMBERS = ("likelihood", "background", "error", "spread")  # that models say of a picture


class Reference:
    """Scores of pictures by what pictures of the kind were like.

    Args:
        told: what models say of pictures of the kind, as of `telling`, by name: arrays of `[N]` or
            `[N, F]`.
        seed: of the density.

    >>> rng = np.random.default_rng(0)
    >>> told = {"likelihood": rng.normal(size=200), "look": rng.normal(size=(200, 2))}
    >>> strange = {"likelihood": np.array([9.0]), "look": np.array([[9.0, 9.0]])}
    >>> reference = Reference(told, seed=0)
    >>> {name: bool(score > 5) for name, score in reference.scores(strange).items()}
    {'typicality': True, 'fitted': True}
    """

    def __init__(self, told: Mapping[str, np.ndarray], seed: int | None = None):
        from sklearn.mixture import GaussianMixture

        self.mean_nats = np.mean(told["likelihood"])
        self.codes = _moments(told["code"]) if "code" in told else ()
        seen = told.get("features")
        self.classes = () if seen is None else _moments(seen, told["class"])
        features = self._features(told)
        self.centre, self.scale = features.mean(axis=0), features.std(axis=0) + 1e-6
        count = max(1, min(_COMPONENTS, len(features) // (10 * features.shape[1])))
        self.density = GaussianMixture(count, reg_covar=1e-2, random_state=seed)
        self.density.fit((features - self.centre) / self.scale)

    def arrays(self) -> dict[str, Any]:
        """What `of` makes the same anew of."""
        arrays: dict[str, Any] = {name: getattr(self.density, name) for name in _DENSITY}
        for name in _MOMENTS:
            arrays |= {f"{name}_{i}": each for i, each in enumerate(getattr(self, name))}
        return arrays | {"centre": self.centre, "scale": self.scale, "nats": self.mean_nats}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Reference":
        """One that said `arrays` of itself.

        Raises:
            KeyError: arrays that lack something.
        """
        from sklearn.mixture import GaussianMixture

        self = cls.__new__(cls)
        self.centre, self.scale = arrays["centre"], arrays["scale"]
        self.mean_nats = arrays["nats"]
        for name in _MOMENTS:
            keys = [each for each in (f"{name}_0", f"{name}_1") if each in arrays]
            setattr(self, name, tuple(np.atleast_2d(arrays[each]) for each in keys))
        self.density = GaussianMixture(len(arrays["weights_"]))
        for name in _DENSITY:
            setattr(self.density, name, arrays[name])
        return self

    def scores(self, told: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Each score `[N]` of pictures, by what models say of them; the larger the stranger."""
        found = {"typicality": np.abs(told["likelihood"] - self.mean_nats)}
        if self.codes:
            found["latent distance"] = _squared(told["code"], self.codes)
        features = (self._features(told) - self.centre) / self.scale
        fitted = -self.density.score_samples(features)
        if self.classes:
            found["class distance"] = _squared(told["features"], self.classes)
            fitted = fitted + found["class distance"] / 2
        return found | {"fitted": fitted}

    def exported(self, told: Mapping[str, Any]) -> Any:
        """The fitted score of tensors, by operations that convert to exported files."""
        mixture, count = self.density, len(self.centre)
        whitening = mixture.precisions_cholesky_.swapaxes(0, 1).reshape(count, -1)  # [F, K F]
        shifts = np.einsum("kf,kfg->kg", mixture.means_, mixture.precisions_cholesky_)
        determinants = np.log(np.einsum("kff->kf", mixture.precisions_cholesky_)).sum(axis=1)
        constants = np.log(mixture.weights_) + determinants - count / 2 * np.log(2 * np.pi)
        centre, scale = (each.astype("float32") for each in (self.centre, self.scale))
        found = (self._features(told, ops) - centre) / scale
        white = ops.matmul(found, whitening.astype("float32"))
        white = ops.reshape(white, (-1, *shifts.shape)) - shifts.astype("float32")
        log_density = constants.astype("float32") - ops.sum(ops.square(white), axis=-1) / 2
        fitted = -ops.logsumexp(log_density, axis=-1)
        if self.classes:
            fitted = fitted + _squared(told["features"], self.classes, ops) / 2
        return fitted

    def _features(self, told, xp=np):
        """`[N, F]`, of which the density is. A code is one number of them: as many as it has units
        would outvote the others."""
        numbers = [told[name][:, None] for name in _NUMBERS if name in told]
        if self.codes:
            numbers.append(xp.sqrt(_squared(told["code"], self.codes, xp))[:, None])
        return xp.concatenate([*numbers, told["look"]], axis=1)


def _moments(x, classes=None):
    """The mean of each class of `[N, D]`, `[K, D]`, and the inverse of their common covariance."""
    classes = np.zeros(len(x)) if classes is None else classes
    names, of_class = np.unique(classes, return_inverse=True)
    means = np.stack([x[of_class == each].mean(axis=0) for each in range(len(names))])
    covariance = np.atleast_2d(np.cov(x - means[of_class], rowvar=False))
    ridge = 1e-3 * np.mean(np.diag(covariance)) + 1e-9
    return means, np.linalg.inv(covariance + ridge * np.eye(len(covariance)))


def _squared(x, moments, xp=np):
    """Squared Mahalanobis distance of `[N, D]` from the nearest of the means, `[N]`."""
    means, precision = moments
    root = np.linalg.cholesky(precision)
    if xp is not np:
        means, root = means.astype("float32"), root.astype("float32")
    white = [xp.matmul(x - mean, root) for mean in means]
    return xp.min(xp.stack([xp.sum(xp.square(each), axis=-1) for each in white]), axis=0)
