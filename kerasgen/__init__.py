"""Trained, understandable generative models for Keras 3."""

import importlib

# Imported at once: it is cheap, and it registers the classes that `keras.saving.load_model` looks for.
from kerasgen import bottlenecks, likelihoods, networks, objectives, training
from kerasgen.families import LatentVariableModel
from kerasgen.model import GenerativeModel

__version__ = "0.1.0"

_AT_FIRST_USE = ("data", "export", "metrics", "plot", "recipe", "tasks", "zoo")

__all__ = ["GenerativeModel", "LatentVariableModel", "bottlenecks", "likelihoods", "networks", "objectives", "training"]
__all__ += _AT_FIRST_USE


def __getattr__(name):
    if name not in _AT_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__():
    return sorted({*globals(), *_AT_FIRST_USE})
