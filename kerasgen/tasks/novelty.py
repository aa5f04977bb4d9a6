"""Whether pictures are of the kind that a model and reference pictures are of, as p-values.

Likelihoods alone fail: what is simple is likely, whatever it shows (Nalisnick and others 2019,
arXiv 1810.09136). So several scores stand side by side, the larger the stranger:

    likelihood        -log p(x)
    complexity        -log p(x) less what deflate takes (Serra and others 2020, arXiv 1909.11480)
    likelihood ratio  log p_background(x) - log p(x) (Ren and others 2019, arXiv 1906.02845)
    typicality        how far -log p(x) is from its mean (Nalisnick and others 2019, 1906.02994)
    reconstruction    squared error of the reconstruction
    latent distance   of the code from the reference's codes, by Mahalanobis
    class distance    of a classifier's features from the nearest class, by Mahalanobis
    fitted            -log of a density of what the models say of a picture

A p-value is the share of held-out reference pictures that are at least as strange, between two of
them by a straight line, so that of reference pictures at most a share a has p-values up to a. Every
reference picture is held out once: what is learned of two thirds ranks a picture in the other,
three times over (cross-conformal prediction, Vovk 2015, arXiv 1208.0806). Where there are few
pictures, thirds disagree, and the share is smaller.
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
from kerasgen.tasks.reference import Reference

_LEAST = 60  # reference pictures
_AT_ONCE = 256
_OF = "calibration of "


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

    def __init__(self, model: GenerativeModel, background: Any = None, classifier: Any = None):
        self.model, self.background, self.classifier = model, background, classifier
        self._levels: int | None = None
        self._of_code = backend.function(lambda x: telling.of_code(model, x), model)

    def fit(self, pictures: np.ndarray, seed: int | None, groups: Any = None) -> "Detector":
        """Learns what the models say of two thirds of reference pictures, and calibrates on the
        other, three times; thirds are of whole groups, by default of one picture."""
        self._levels = 2 if np.all((pictures == 0) | (pictures == 1)) else None
        told, part = self._told(pictures), calibration.parts(len(pictures), seed, groups)
        self._folds = []
        for each in range(calibration.PARTS):
            others, held_out = (
                {name: all_of[rows] for name, all_of in told.items()}
                for rows in (part != each, part == each)
            )
            reference = Reference(others, seed)
            scores = _scores(held_out, reference)
            found = {name: np.sort(scores[name]).astype("float32") for name in scores}
            self._folds.append((reference, found))
        self.names = tuple(found)
        return self

    def save(self, path: str | os.PathLike) -> None:
        """Writes what was learned, not the models, to a `.npz` file: see `load`."""
        arrays: dict[str, Any] = {"levels": np.array(self._levels or 0)}
        for number, (reference, found) in enumerate(self._folds):
            of_fold = reference.arrays() | {f"{_OF}{name}": each for name, each in found.items()}
            arrays |= {f"{number}:{name}": each for name, each in of_fold.items()}
        with durable.placed(path) as new, open(new, "wb") as file:
            np.savez_compressed(file, **arrays)

    def load(self, path: str | os.PathLike | IO[bytes]) -> "Detector":
        """Reads what `save` wrote, of a detector of the same models.

        Raises:
            ValueError: another file.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            folds = _folds(arrays)
            names = tuple(folds[0][1])
        except (LookupError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"Expected a file that a detector saved. Received: {path}, another. Fit it again."
            ) from error
        given = {"background": self.background, "classifier": self.classifier}
        for (what, model), score in zip(given.items(), ("likelihood ratio", "class distance")):
            if (score in names) != (model is not None):
                way = "with" if score in names else "without"
                raise ValueError(
                    f"Expected a file of a detector {'without' if model is None else 'with'} a "
                    f"{what}. Received: one that was fitted {way} it. Make the detector {way} "
                    f"{what}=, which is --{what} at the command."
                )
        self._folds, self.names = folds, names
        self._levels = int(arrays.get("levels", 0)) or None
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

        def detect(**tensors):
            """How strange pictures are, by p-values: small ones are of pictures that do not belong
            to the kind that the detector knows."""
            x = self.model.event.pack(tensors)
            told = telling.of_code(self.model, x) | self._classified(x)
            scores = [reference.exported(told) for reference, _ in self._folds]
            return {"p_value": self._p_values("fitted", scores, ops)}

        return {"detect": (detect, self.event.tensors())}

    def scores(self, x: Any) -> dict[str, np.ndarray]:
        """Each score `[N]` of pictures, the larger the stranger: means over the thirds."""
        found = self._scores(x)
        return {name: np.mean([each[name] for each in found], axis=0) for name in self.names}

    def p_values(self, x: Any, score: str = "fitted") -> np.ndarray:
        """p-values `[N]` of pictures: small ones are of strange pictures.

        Raises:
            ValueError: no score of that name.
        """
        if score not in self.names:
            raise ValueError(f"Expected one of {', '.join(self.names)}. Received: {score!r}.")
        return self._p_values(score, [each[score] for each in self._scores(x)])

    def _scores(self, x):
        told = self._told(ops.convert_to_numpy(self.event.check(x)))
        return [_scores(told, reference) for reference, _ in self._folds]

    def _p_values(self, name, scores, xp=np) -> Any:
        """Ranks of scores by each fold, among what that fold held out."""
        held_out = [found[name] for _, found in self._folds]
        larger = sum(calibration.larger(*each, xp) for each in zip(held_out, scores))
        return (1 + larger) / (1 + sum(map(len, held_out)))

    def _told(self, x):
        """What the models say of pictures, by name."""
        if "encode" in methods(self.model):
            told = in_blocks(self._of_code, len(x), _AT_ONCE, x)
        else:
            told = telling.without_code(self.model, x)
        if self.background is not None:
            told["background"] = telling.without_code(self.background, x)["likelihood"]
        told |= self._classified(x) | {"deflated": _deflated(self.model, x)}
        return {name: ops.convert_to_numpy(each).astype("float64") for name, each in told.items()}

    def _classified(self, x):
        if self.classifier is None:
            return {}
        return telling.of_classifier(self.classifier, x)


def _scores(told, reference):
    """By name, of what models say of pictures."""
    nats = told["likelihood"]
    found = {"likelihood": nats, "complexity": nats - told["deflated"]}
    if "background" in told:
        found["likelihood ratio"] = nats - told["background"]
    if "error" in told:
        found["reconstruction"] = told["error"]
    return found | reference.scores(told)


def _folds(arrays):
    """What `Detector.save` wrote, by its numbers; of earlier versions, one without a number."""
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name in arrays:
        number, _, rest = name.rpartition(":")
        parts.setdefault(number, {})[rest] = arrays[name]
    folds = []
    for of_fold in (part for _, part in sorted(parts.items()) if "nats" in part):
        names = [name for name in of_fold if name.startswith(_OF)]
        found = {name.removeprefix(_OF): of_fold[name] for name in names}
        folds.append((Reference.of(of_fold), found))
    return folds


def novelty(
    model: GenerativeModel,
    reference: Any,
    background: GenerativeModel | None = None,
    seed: int = 0,
    groups: Any = None,
    classifier: Any = None,
) -> Detector:
    """A detector of pictures that are not of the reference's kind.

    Args:
        model: of images, with a likelihood and no condition.
        reference: pictures of the kind, `[N, height, width, channels]`, which the model was not
            trained on, where its likelihoods are to be trusted.
        background: a model of the same images that knows what all pictures share.
        seed: of the thirds, and of the fitted density.
        groups: `[N]`, of which each picture is, where pictures to come may be of others, such as
            alphabets, writers or days: thirds are of whole groups, at least 3 are needed.
        classifier: of the same images, which tells classes of the reference's kind apart; pictures
            between classes, such as a digit that is none of its own, are then strange.

    Raises:
        ValueError: a model without a likelihood, fewer than 60 pictures, pictures that are none,
            groups that are not one each, or too few; a classifier that is none, or of others.

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
    if classifier is not None:
        _require_classifier(classifier, model)
    return Detector(model, background, classifier).fit(reference, checks.seed(seed), groups)


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


def _require_classifier(classifier, model):
    if "probabilities" not in methods(classifier) or classifier.event_shape != model.event_shape:
        raise ValueError(
            f"Expected a classifier of images {list(model.event_shape)}. Received: "
            f"{checks.kind(classifier)} of {list(classifier.event_shape)}. Name another."
        )


def _pictures(model, x):
    return ops.convert_to_numpy(model.check(x)[0])


def _deflated(model, x):
    """Nats that deflate takes for each picture, `[N]`."""
    levels = np.round(x * ((model.levels or 256) - 1)).astype("uint8")
    packed = [np.packbits(each) if model.levels == 2 else each for each in levels]
    return np.array([8 * np.log(2) * len(zlib.compress(each.tobytes(), 9)) for each in packed])
