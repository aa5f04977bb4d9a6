"""What keras.ops does not cover: the same names for TensorFlow, in `tensorflow.py`, and JAX, in
`jax.py`.

Names are looked up in the module of the Keras backend in use. `tfd` and `mcmc` are TensorFlow
Probability's modules, imported at first use: that takes longer than all the rest of the package.
"""

import importlib
import os

import keras

_MODULES = ("tensorflow", "jax")
_process = None  # that used the backend first
_PROBABILITY_MODULES = {"tfd": "distributions", "mcmc": "mcmc", "random": "random"}


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    backend = keras.backend.backend()
    if backend not in _MODULES:
        raise ImportError(
            f"Expected KERAS_BACKEND to be one of {sorted(_MODULES)}. Received: {backend!r}, "
            "for which TensorFlow Probability has no distributions."
        )
    module = importlib.import_module(f"{__name__}.{backend}")
    if name in _PROBABILITY_MODULES:
        probability = importlib.import_module(module.PROBABILITY)
        value = getattr(probability, _PROBABILITY_MODULES[name])
    else:
        value = getattr(module, name)
    globals()[name] = value
    return value


def check_process() -> None:
    """Notes the first process that uses the backend, whose threads no fork of it has.

    Raises:
        RuntimeError: this is a fork of that process, where the first operation would never end.

    >>> kerasgen.backend.check_process()
    """
    global _process
    _process = _process or os.getpid()
    if _process != os.getpid():
        raise RuntimeError(
            f"Expected no fork: {keras.backend.backend()} has run in the process before, and would "
            f"hang here. Received: a fork of process {_process}. Start this one by "
            "multiprocessing.get_context('spawn')."
        )


def draws(seed: int | None) -> keras.random.SeedGenerator:
    """The seeds of one call, all of one name: TensorFlow keeps 35 KiB for ever for every name that
    a variable has had, and Keras numbers the generators without one.

    >>> draws(0).name == draws(1).name
    True
    """
    return keras.random.SeedGenerator(seed, name="draws")


def split_seed(seed, n=2):
    """`n` independent seeds of one, as `tfd` takes them.

    >>> one, other = split_seed(kerasgen.backend.next_seed(keras.random.SeedGenerator(0)))
    >>> one.shape == other.shape
    True
    """
    return __getattr__("random").split_seed(seed, n)


def library(name):
    """TensorFlow, or a library that needs it, for the work that cannot be done without.

    Raises:
        ModuleNotFoundError: it is not installed.

    >>> library("math").__name__
    'math'
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"Expected {name} to be installed: data sets are read through TensorFlow. Received: "
            "an installation without it. Install it, or write the set to a file elsewhere "
            "(kerasgen data export NAME FILE) and pass it."
        ) from None
