"""Trained, understandable generative models for Keras 3."""

import importlib
import sys

__version__ = "0.2.0"

_CLASSES = {"GenerativeModel": "model", "LatentVariableModel": "families"}
_REGISTERING = (
    "bottlenecks",
    "divergences",
    "events",
    "families",
    "likelihoods",
    "networks",
    "objectives",
    "optimizers",
    "regularizers",
    "text",
    "training",
)
_OTHERS = ("abilities", "data", "export", "metrics", "plot", "recipe", "reports", "tasks", "zoo")

__all__ = [*_CLASSES, *_REGISTERING, *_OTHERS, "register"]


def __getattr__(name):
    if name in _CLASSES:
        return getattr(importlib.import_module(f"{__name__}.{_CLASSES[name]}"), name)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__():
    return sorted([*__all__, "__version__"])


def register() -> None:
    """Imports Keras and the classes that recipes and `keras.saving.load_model` look for.

    `import kerasgen` has done so already; only the command line puts it off until it needs Keras.

    Example:
        >>> kerasgen.register()
        >>> keras.saving.get_registered_object("kerasgen.families>Mixture").__name__
        'Mixture'
    """
    for name in _REGISTERING:
        importlib.import_module(f"{__name__}.{name}")


# What imports modules, and its name for the one that is asked for; the second for `python -m`.
_IMPORTERS = {"<frozen importlib._bootstrap>": "name", "<frozen runpy>": "mod_name"}


def _is_imported_for(module):
    """Whether this package is being imported as the parent of one of its modules."""
    frame = sys._getframe()
    while frame := frame.f_back:
        asked = _IMPORTERS.get(frame.f_code.co_filename)
        if asked and frame.f_locals.get(asked) == module:
            return True
    return False


# The help and the errors of the `kerasgen` command do not wait for TensorFlow to load.
if not _is_imported_for(f"{__name__}.cli"):
    register()
