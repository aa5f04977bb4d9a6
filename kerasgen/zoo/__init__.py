"""Presets: a recipe, the weights that it led to, the figures that they reach and a card that says it all."""

from kerasgen.zoo.loader import card, folder, load, names
from kerasgen.zoo.manifest import PresetError
from kerasgen.zoo.writer import save

__all__ = ["PresetError", "card", "folder", "load", "names", "save"]
