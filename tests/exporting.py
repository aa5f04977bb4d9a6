"""A tiny model to export, and how its files are run."""

import keras
import numpy as np

import kerasgen
from kerasgen.bottlenecks import Gaussian
from kerasgen.export import signatures
from kerasgen.likelihoods import Bernoulli
from kerasgen.networks import MLP

NAMES = ["encode", "decode", "sample", "reconstruct", "elbo"]


def dense(num_classes=None, likelihood=None):
    keras.utils.set_random_seed(0)
    likelihood = likelihood or Bernoulli()
    decoder = MLP((4, 4, likelihood.channels(1)), hidden=(8,))
    return kerasgen.LatentVariableModel(
        (4, 4, 1), MLP((8,), hidden=(8,)), Gaussian(2), decoder, likelihood, condition=num_classes
    )


def inputs(model, name, n, seed=5):
    return signatures.draw(model, signatures.of(model)[name], n, seed)


def interpreter(path):
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(str(path))


def assert_equal(have, want, tolerance=1e-5):
    assert have.keys() == want.keys()
    for name in want:
        np.testing.assert_allclose(
            np.asarray(have[name]), np.asarray(want[name]), rtol=tolerance, atol=tolerance
        )
