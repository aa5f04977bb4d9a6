"""TensorFlow's part and JAX's have the same names, and the functions take the same arguments."""

import ast
import pathlib

import pytest

from kerasgen import backend

FOLDER = pathlib.Path(backend.__file__).parent


def public(name):
    """Names that a backend's file defines, without their importing anything, and arguments."""
    found = {}
    for node in ast.parse((FOLDER / f"{name}.py").read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            found[node.name] = [argument.arg for argument in node.args.args]
        elif isinstance(node, ast.Assign) and not node.targets[0].id.startswith("_"):
            found[node.targets[0].id] = None
    return found


def test_the_names_are_the_same():
    tensorflow, jax = public("tensorflow"), public("jax")
    # Keras hands the state of all variables to a training step under JAX.
    assert jax.pop("train_step") == ["model", "step", "state", "data"]
    assert tensorflow.pop("train_step") == ["model", "step", "data"]
    assert tensorflow == jax and "function" in jax


def test_other_names_are_told_so():
    with pytest.raises(AttributeError, match="nothing"):
        backend.__getattr__("nothing")
