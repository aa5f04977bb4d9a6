"""Examples in docstrings run, and give what they say; every public class and function has one.

`kerasgen`, `keras` and `np` are at hand in each, beside what its module defines and imports.
"""

import doctest
import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest

import kerasgen

# Backends are chosen once a process; the presets are data.
_SKIPPED = (
    "kerasgen.backend.",
    "kerasgen.zoo.presets",
    "kerasgen.tokenization",
)  # Beam is an extra


def _modules():
    names = (module.name for module in pkgutil.walk_packages(kerasgen.__path__, "kerasgen."))
    return sorted(n for n in names if not n.startswith(_SKIPPED) and not n.endswith("__main__"))


def public(module):
    """Names of the classes and functions that a module defines for others."""
    return [
        name
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


@pytest.mark.parametrize("name", _modules())
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    names = {**vars(module), "kerasgen": kerasgen, "keras": keras, "np": np}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name, extraglobs=names):
        keras.utils.set_random_seed(0)
        told = []
        runner.run(test, out=told.append)
        assert not runner.failures, "".join(told)


@pytest.mark.parametrize("name", _modules())
def test_what_is_public_has_an_example(name):
    module = importlib.import_module(name)
    examples = doctest.DocTestParser().get_examples
    lacking = [each for each in public(module) if not examples(vars(module)[each].__doc__ or "")]
    assert not lacking
