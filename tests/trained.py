"""Models that Keras' methods train in tests."""

import keras
import numpy as np

SGD = keras.optimizers.SGD
BATCH = {"batch_size": 8, "verbose": 0}


def compiled(model, rate=0.1):
    model.compile(SGD(rate))
    return model


def moved(model, call):
    """Whether a call changes a trainable weight."""
    before = [np.array(variable) for variable in model.trainable_variables]
    call()
    after = model.trainable_variables
    return any(not np.array_equal(old, new) for old, new in zip(before, after, strict=True))
