"""The names under which Keras and recipes find classes."""

import keras


def register(cls):
    """Registers a class with Keras as of the first two parts of its module: `kerasgen.networks>MLP`."""
    package = ".".join(cls.__module__.split(".")[:2])
    return keras.saving.register_keras_serializable(package=package)(cls)
