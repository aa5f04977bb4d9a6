"""Detectors that presets bring: see `kerasgen.tasks.novelty`."""

import io

from kerasgen.zoo import loader, manifest
from kerasgen.zoo.manifest import PresetError


def has_detector(name_or_path) -> bool:
    """Whether a preset brings a fitted detector.

    >>> has_detector("gmm_ring")
    False
    """
    if loader.is_keras_file(name_or_path):
        return False
    return manifest.DETECTOR in manifest.names(loader.folder(name_or_path))


def detector(name_or_path, model=None):
    """The fitted `kerasgen.tasks.novelty.Detector` that a preset brings, ready to be asked.

    Args:
        name_or_path: as of `load`.
        model: the preset's, where it is loaded already.

    Raises:
        PresetError: no such preset; one that brings no detector, or a damaged one.
        ValueError: the model of another preset.

    >>> detector("gmm_ring")
    Traceback (most recent call last):
    kerasgen.zoo.manifest.PresetError: Expected a preset that brings a detector. ...
    """
    if not has_detector(name_or_path):
        raise PresetError(
            f"Expected a preset that brings a detector. Received: {name_or_path!r}, which does "
            f"not. Fit one by kerasgen.tasks.novelty, or `kerasgen detect {name_or_path} --keep`."
        )
    from kerasgen.tasks.novelty import Detector

    model = model or loader.load(name_or_path)
    here = model.preset_folder
    if here is None or not _are_alike(here, loader.folder(name_or_path)):
        raise ValueError(
            f"Expected the model of {name_or_path!r}, whose scores the detector knows. Received: "
            f"one of {model.preset!r}. Drop it: the preset is loaded."
        )
    with loader.verified(name_or_path, manifest.DETECTOR) as (_, content):
        return Detector(model).load(io.BytesIO(content))


def _are_alike(*folders):
    """Whether folders hold the same preset, which a file of one is unpacked to every time."""
    first, second = ((folder / manifest.NAME).read_bytes() for folder in folders)
    return first == second
