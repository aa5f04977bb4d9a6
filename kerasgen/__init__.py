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
_OTHERS = ("abilities", "checks", "data", "export", "metrics", "plot", "recipe", "reports", "tasks")
_OTHERS += ("web", "zoo")

__all__ = [*_CLASSES, *_REGISTERING, *_OTHERS, "register"]


def __getattr__(name):
    if name in _CLASSES:
        return getattr(importlib.import_module(f"{__name__}.{_CLASSES[name]}"), name)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__():
    return sorted([*__all__, "__version__"])


def register(cls: type | None = None) -> type | None:
    """Makes a class known to recipes, presets and `keras.saving.load_model`, as a decorator.

    A recipe names it by its module, `mymodule.MyLikelihood`. Its constructor's arguments become its
    configuration. Without a class, the classes of kerasgen are imported, which `import kerasgen`
    has done already; only the command line puts it off until it needs Keras.

    Example:
        >>> @kerasgen.register
        ... class Halves(keras.layers.Layer):
        ...     def call(self, x):
        ...         return x / 2
        >>> kerasgen.registration.described(Halves())
        {'kerasgen.Halves': {}}
    """
    for name in _REGISTERING:
        importlib.import_module(f"{__name__}.{name}")
    if cls is not None:
        from kerasgen import registration

        return registration.register(cls)


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
