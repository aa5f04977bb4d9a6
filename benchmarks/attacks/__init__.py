"""Presets as somebody would make them who means harm: a table of attacks by name.

Each takes a folder with a copy of `gmm_ring`, which it may spoil, and signs the manifest anew where
that is needed to come further. None may be loaded.
"""

import pathlib
import shutil

from attacks import archives, files, recipes, weights  # noqa: F401, which register theirs
from attacks.registry import ATTACKS


def spoiled(name, source, folder):
    """A copy of a preset in an empty folder, spoiled by an attack; what is to be loaded."""
    target = pathlib.Path(folder, "preset")
    shutil.copytree(source, target)
    return ATTACKS[name](target)
