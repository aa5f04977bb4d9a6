"""Trained, understandable generative models for Keras 3."""

import importlib
import pathlib
import sys

__version__ = "0.1.0"

_CLASSES = {"GenerativeModel": "model", "LatentVariableModel": "families"}
_REGISTERING = (
    "bottlenecks",
    "divergences",
    "families",
    "likelihoods",
    "networks",
    "objectives",
    "optimizers",
    "regularizers",
    "text",
    "training",
)
_OTHERS = ("data", "export", "metrics", "plot", "recipe", "tasks", "zoo")

__all__ = [*_CLASSES, *_REGISTERING, *_OTHERS]


def __getattr__(name):
    if name in _CLASSES:
        return getattr(importlib.import_module(f"{__name__}.{_CLASSES[name]}"), name)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__():
    return sorted({*globals(), *__all__})


def register():
    """Imports Keras and the classes that recipes and `keras.saving.load_model` look for."""
    for name in _REGISTERING:
        importlib.import_module(f"{__name__}.{name}")


# The `kerasgen` command registers them when it needs them: its help and errors do not wait for TensorFlow to load.
if pathlib.PurePath(sys.argv[0]).stem != "kerasgen":
    register()
