"""Benchmarks are programs: how a test gets at one, and each at its neighbours."""

import importlib.util
import pathlib
import sys

SCRIPT = pathlib.Path(__file__).parent.parent / "benchmarks" / "train_vae.py"
sys.path[:0] = map(str, (SCRIPT.parent, SCRIPT.parents[1]))


def script(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
