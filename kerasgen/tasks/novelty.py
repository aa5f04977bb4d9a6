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
them by a straight line, so that of reference pictures a share a has p-values of at most a. Every
reference picture is held out once, from what the others are like (cross-conformal prediction, Vovk
2015, arXiv 1208.0806); what is asked of later is what all of them are like.
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
        """Learns what the models say of reference pictures, and calibrates on parts of whole
        groups, by default of one picture, each held out from what is learned of the others."""
        self._levels = 2 if np.all((pictures == 0) | (pictures == 1)) else None
        told, part = self._told(pictures), calibration.parts(len(pictures), seed, groups)
        found = []
        for each in range(calibration.PARTS):
            others, held_out = (
                {name: all_of[rows] for name, all_of in told.items()}
                for rows in (part != each, part == each)
            )
            found.append(_scores(held_out, Reference(others, seed)))
        self._calibration = {
            name: np.sort(np.concatenate([each[name] for each in found])).astype("float32")
            for name in found[0]
        }
        self._reference = Reference(told, seed)
        self.names = tuple(self._calibration)
        return self

    def save(self, path: str | os.PathLike) -> None:
        """Writes what was learned, not the models, to a `.npz` file: see `load`."""
        arrays: dict[str, Any] = {f"{_OF}{name}": each for name, each in self._calibration.items()}
        arrays |= self._reference.arrays() | {"levels": np.array(self._levels or 0)}
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
            self._reference = Reference.of(arrays)
            self._levels = int(arrays.get("levels", 0)) or None
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"Expected a file that a detector saved. Received: {path}, another. Fit it again."
            ) from error
        of = [name for name in arrays if name.startswith(_OF)]
        self._calibration = {name.removeprefix(_OF): arrays[name] for name in of}
        self.names = tuple(self._calibration)
        given = {"likelihood ratio": self.background, "class distance": self.classifier}
        for score, model in given.items():
            if (score in self.names) != (model is not None):
                raise ValueError(
                    "Expected the models that the detector was fitted with, whose scores are "
                    f"{', '.join(self.names)}. Received: {'none' if model is None else 'one'} of "
                    f"which it has {score!r}. Pass those of novelty(...)."
                )
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
            score = self._reference.exported(told)
            return {"p_value": calibration.p_values(self._calibration["fitted"], score, ops)}

        return {"detect": (detect, self.event.tensors())}

    def scores(self, x: Any) -> dict[str, np.ndarray]:
        """Each score `[N]` of pictures, the larger the stranger."""
        x = ops.convert_to_numpy(self.event.check(x))
        return _scores(self._told(x), self._reference)

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
            trained on, where its likelihoods are to be trusted. Each calibrates, by what the
            detector learns of other thirds.
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
