"""Presets: a recipe, the weights that it led to, the figures that they reach and a card."""

from kerasgen.zoo.detectors import detector
from kerasgen.zoo.hub import publish
from kerasgen.zoo.index import Summary, names, summary
from kerasgen.zoo.judges import Judge, judge, sense_judges
from kerasgen.zoo.loader import card, folder, load, metrics, recipe
from kerasgen.zoo.manifest import PresetError
from kerasgen.zoo.signing import sign
from kerasgen.zoo.starting import load_into, warm_start, warm_start_layer

__all__ = [
    "Judge",
    "PresetError",
    "Summary",
    "card",
    "detector",
    "folder",
    "judge",
    "load",
    "load_into",
    "metrics",
    "names",
    "publish",
    "recipe",
    "save",
    "sense_judges",
    "sign",
    "summary",
    "warm_start",
    "warm_start_layer",
]


def __getattr__(name):
    if name != "save":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kerasgen.zoo.writer import save  # imports Keras, which listing presets does without

    return save


def __dir__():
    return sorted(__all__)
