"""Whether pictures are of the kind that a model and reference pictures are of, as p-values.

Likelihoods alone fail: what is simple is likely, whatever it shows (Nalisnick and others 2019,
arXiv 1810.09136). So several scores stand side by side, the larger the stranger:

    likelihood        -log p(x)
    complexity        -log p(x) less what deflate takes (Serra and others 2020, arXiv 1909.11480)
    likelihood ratio  log p_background(x) - log p(x) (Ren and others 2019, arXiv 1906.02845)
    typicality        how far -log p(x) is from its mean (Nalisnick and others 2019, 1906.02994)
    reconstruction    squared error of the reconstruction
    latent distance   of the code from the reference's codes, by Mahalanobis
    fitted            -log of a density of what the model says of a picture

A p-value is the share of held-out reference pictures that are at least as strange, between two of
them by a straight line, so that of reference pictures a share a has p-values of at most a.
"""

import os
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from keras import ops

from kerasgen import backend, checks, durable
from kerasgen.abilities import methods
from kerasgen.batches import in_blocks
from kerasgen.events import Image
from kerasgen.model import GenerativeModel
from kerasgen.tasks import calibration, telling

_LEAST = 60  # reference pictures
_COMPONENTS = 20  # of the fitted density
_AT_ONCE = 256
_DENSITY = ("weights_", "means_", "covariances_", "precisions_cholesky_")  # of scikit-learn's
_OF = "calibration of "
_NUMBERS = ("likelihood", "background", "error", "spread")  # that a model says of a picture


class Detector:
    """Scores and calibrated p-values of pictures; made by `novelty`.

    Where the model has a code, `kerasgen.export.tflite(detector, path)` writes a file of one
    signature, "detect": pictures in, p-values of "fitted" out.

    Attributes:
        names: of the scores.

    >>> model = kerasgen.families.Mixture([4, 4, 1], num_components=2, levels=2)
    >>> pictures = np.random.default_rng(0).integers(0, 2, (99, 4, 4, 1)).astype("float32")
    >>> novelty(model, pictures).names
    ('likelihood', 'complexity', 'typicality', 'fitted')
    >>> detector = novelty(model, pictures)
    >>> detector.save("detector.npz")
    >>> again = Detector(model).load("detector.npz")
    >>> bool(np.all(again.p_values(pictures) == detector.p_values(pictures)))
    True
    """

    def __init__(self, model: GenerativeModel, background: GenerativeModel | None = None):
        self.model = model
        self.background = background
        self._codes: Any = None
        self._levels: int | None = None
        self._of_code = backend.function(lambda x: telling.of_code(model, x), model)

    def fit(self, reference: np.ndarray, seed: int | None, groups: Any = None) -> "Detector":
        """Learns the reference's codes and what the model says of them, then calibrates on whole
        groups, by default of one picture."""
        from sklearn.mixture import GaussianMixture

        self._levels = 2 if np.all((reference == 0) | (reference == 1)) else None
        calibrates = calibration.held_out(len(reference), seed, groups)
        known, held_out = reference[~calibrates], reference[calibrates]
        told = self._told(known)
        self._mean_nats = np.mean(told["likelihood"])
        self._codes = _moments(told["code"]) if "code" in told else None
        features = self._features(told)
        self._centre, self._scale = features.mean(axis=0), features.std(axis=0) + 1e-6
        count = max(1, min(_COMPONENTS, len(known) // (10 * features.shape[1])))
        self._density = GaussianMixture(count, reg_covar=1e-2, random_state=seed)
        self._density.fit((features - self._centre) / self._scale)
        found = self.scores(held_out)
        self._calibration = {name: np.sort(each).astype("float32") for name, each in found.items()}
        self.names = tuple(self._calibration)
        return self

    def save(self, path: str | os.PathLike) -> None:
        """Writes what was learned, not the models, to a `.npz` file: see `load`."""
        density, codes = self._density, self._codes or ()
        arrays: dict[str, Any] = {f"{_OF}{name}": each for name, each in self._calibration.items()}
        arrays |= {name: getattr(density, name) for name in _DENSITY}
        arrays |= {f"codes_{i}": each for i, each in enumerate(codes)}
        arrays |= {"centre": self._centre, "scale": self._scale, "nats": self._mean_nats}
        arrays |= {"levels": np.array(self._levels or 0)}
        with durable.placed(path) as new, open(new, "wb") as file:
            np.savez_compressed(file, **arrays)

    def load(self, path: str | os.PathLike | IO[bytes]) -> "Detector":
        """Reads what `save` wrote, of a detector of the same models.

        Raises:
            ValueError: another file.
        """
        from sklearn.mixture import GaussianMixture

        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            self._centre, self._scale = arrays["centre"], arrays["scale"]
            self._mean_nats = arrays["nats"]
            self._levels = int(arrays.get("levels", 0)) or None
            self._codes = tuple(arrays[f"codes_{i}"] for i in range(2) if f"codes_{i}" in arrays)
            self._density = GaussianMixture(len(arrays["weights_"]))
            for name in _DENSITY:
                setattr(self._density, name, arrays[name])
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"Expected a file that a detector saved. Received: {path}, another. Fit it again."
            ) from error
        of = [name for name in arrays if name.startswith(_OF)]
        self._calibration = {name.removeprefix(_OF): arrays[name] for name in of}
        self.names = tuple(self._calibration)
        return self

    def __getattr__(self, name: str) -> Any:
        """What files say of a detector is said of its model."""
        if name.startswith("__") or "model" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.model, name)

    autoregressive_signatures = ()

    @property
    def event(self) -> Image:
        """Pictures as the reference's: of two levels, where these have no other."""
        height, width, channels = self.model.event_shape
        return Image(height, width, channels, self._levels or self.model.event.levels)

    def export_signatures(self) -> dict[str, Any]:
        """The signature of an exported file: (function of named tensors, the tensors it takes).

        Raises:
            ValueError: a model without a code, or a background.
        """
        if "encode" not in methods(self.model) or self.background is not None:
            raise ValueError(
                "Expected a detector by a model with a code and no background. Received: one by "
                f"{checks.kind(self.model)}. Fit another, or ask it in Python."
            )
        mixture, features = self._density, len(self._centre)
        whitening = mixture.precisions_cholesky_.swapaxes(0, 1).reshape(features, -1)  # [F, K F]
        shifts = np.einsum("kf,kfg->kg", mixture.means_, mixture.precisions_cholesky_)
        determinants = np.log(np.einsum("kff->kf", mixture.precisions_cholesky_)).sum(axis=1)
        constants = np.log(mixture.weights_) + determinants - features / 2 * np.log(2 * np.pi)

        def detect(**tensors):
            """How strange pictures are, by p-values: small ones are of pictures that do not belong
            to the kind that the detector knows."""
            told = telling.of_code(self.model, self.model.event.pack(tensors))
            centre, scale = (each.astype("float32") for each in (self._centre, self._scale))
            found = (self._features(told, ops) - centre) / scale
            white = ops.matmul(found, whitening.astype("float32"))
            white = ops.reshape(white, (-1, *shifts.shape)) - shifts.astype("float32")
            log_density = constants.astype("float32") - ops.sum(ops.square(white), axis=-1) / 2
            score = -ops.logsumexp(log_density, axis=-1)
            return {"p_value": calibration.p_values(self._calibration["fitted"], score, ops)}

        return {"detect": (detect, self.event.tensors())}

    def scores(self, x: Any) -> dict[str, np.ndarray]:
        """Each score `[N]` of pictures, the larger the stranger."""
        x = ops.convert_to_numpy(self.event.check(x))
        told = self._told(x)
        nats = told["likelihood"]
        found = {"likelihood": nats, "complexity": nats - _deflated(self.model, x)}
        if "background" in told:
            found["likelihood ratio"] = nats - told["background"]
        found["typicality"] = np.abs(nats - self._mean_nats)
        if "error" in told:
            found["reconstruction"] = told["error"]
        if self._codes:
            found["latent distance"] = self._distance(told["code"])
        features = (self._features(told) - self._centre) / self._scale
        return found | {"fitted": -self._density.score_samples(features)}

    def p_values(self, x: Any, score: str = "fitted") -> np.ndarray:
        """p-values `[N]` of pictures: small ones are of strange pictures.

        Raises:
            ValueError: no score of that name.
        """
        if score not in self.names:
            raise ValueError(f"Expected one of {', '.join(self.names)}. Received: {score!r}.")
        return calibration.p_values(self._calibration[score], self.scores(x)[score])

    def _told(self, x):
        """What the models say of pictures, by name."""
        if "encode" in methods(self.model):
            told = in_blocks(self._of_code, len(x), _AT_ONCE, x)
        else:
            told = telling.without_code(self.model, x)
        if self.background is not None:
            told["background"] = telling.without_code(self.background, x)["likelihood"]
        return {name: ops.convert_to_numpy(each).astype("float64") for name, each in told.items()}

    def _features(self, told, xp=np):
        """`[N, F]`, of which the density is. A code is one number of them: as many as it has units
        would outvote the others."""
        numbers = [told[name][:, None] for name in _NUMBERS if name in told]
        if self._codes:
            numbers.append(xp.sqrt(self._distance(told["code"], xp))[:, None])
        return xp.concatenate([*numbers, told["look"]], axis=1)

    def _distance(self, code, xp=np):
        """Squared, of codes `[N, D]` from the reference's, `[N]`."""
        mean, precision = (each if xp is np else each.astype("float32") for each in self._codes)
        return xp.sum(xp.matmul(code - mean, precision) * (code - mean), axis=-1)


def novelty(
    model: GenerativeModel,
    reference: Any,
    background: GenerativeModel | None = None,
    seed: int = 0,
    groups: Any = None,
) -> Detector:
    """A detector of pictures that are not of the reference's kind.

    Args:
        model: of images, with a likelihood and no condition.
        reference: pictures of the kind, `[N, height, width, channels]`, which the model was not
            trained on, where its likelihoods are to be trusted. A third of them calibrates.
        background: a model of the same images that knows what all pictures share.
        seed: of the choice of that third, and of the fitted density.
        groups: `[N]`, of which each picture is, where pictures to come may be of others, such as
            alphabets, writers or days: whole groups calibrate, at least 3 are needed.

    Raises:
        ValueError: a model without a likelihood, fewer than 60 pictures, pictures that are none,
            groups that are not one each, or too few.

    >>> model = kerasgen.families.Mixture([4, 4, 1], num_components=2, levels=2)
    >>> pictures = np.random.default_rng(0).integers(0, 2, (99, 4, 4, 1)).astype("float32")
    >>> detector = novelty(model, pictures)
    >>> bool(np.all(detector.p_values(pictures) > 0))
    True
    """
    require(model)
    reference = _pictures(model, reference)
    if len(reference) < _LEAST:
        raise ValueError(
            f"Expected at least {_LEAST} reference pictures. Received: {len(reference)}."
        )
    return Detector(model, background).fit(reference, checks.seed(seed), groups)


def require(model: GenerativeModel) -> None:
    """Refuses a model that tells nothing of what it has not seen.

    Raises:
        ValueError: what `novelty` raises for it.

    >>> require(kerasgen.zoo.load("vae_mnist"))
    """
    has_likelihood = "log_prob" in methods(model)
    if not has_likelihood or not model.event.is_picture or model.condition.encoded_size:
        raise ValueError(
            "Expected a model of images that scores them without a condition. Received: "
            f"{checks.kind(model)} of {model.event!r}. Name another."
        )


def _pictures(model, x):
    return ops.convert_to_numpy(model.check(x)[0])


def _deflated(model, x):
    """Nats that deflate takes for each picture, `[N]`."""
    levels = np.round(x * ((model.levels or 256) - 1)).astype("uint8")
    packed = [np.packbits(each) if model.levels == 2 else each for each in levels]
    return np.array([8 * np.log(2) * len(zlib.compress(each.tobytes(), 9)) for each in packed])


def _moments(codes):
    """The mean of codes `[N, D]`, and the inverse of their covariance."""
    covariance = np.atleast_2d(np.cov(codes, rowvar=False))
    return codes.mean(axis=0), np.linalg.inv(covariance + 1e-3 * np.eye(len(covariance)))
