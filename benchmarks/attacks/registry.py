"""The table of attacks, and what several of them need."""

import functools

import h5py
import numpy as np

from kerasgen.zoo import manifest

WEIGHTS, RECIPE, CARD = "model.weights.h5", "recipe.yaml", "card.md"
SECRET = 0.7182818  # values of a file outside of the preset, which must not come into weights
ATTACKS = {}


def attack(function=None, *, signed=True, **variants):
    """Registers an attack, or one for each of the variants, which are its last argument."""
    if function is None:
        return functools.partial(attack, signed=signed, **variants)
    for name, value in (variants or {"": None}).items():
        key = f"{function.__name__}: {name}" if name else function.__name__

        def spoil(folder, value=value):
            result = function(folder, value) if variants else function(folder)
            if signed:
                manifest.write(folder)
            return result or folder

        ATTACKS[key.replace("_", " ")] = spoil
    return function


def elsewhere(folder, shape):
    path = folder.parent / "secret.h5"
    with h5py.File(path, "w") as file:
        file["secret"] = np.full(shape, SECRET, "float32")
    return path
