"""Networks of several things at once: a network for each, side by side."""

from typing import Any

from keras import layers, ops

from kerasgen.checks.arguments import Factors, NamedLayers
from kerasgen.registration import register


class Parallel(layers.Layer):
    """Base: a network for each name.

    Args:
        networks: by name.

    >>> list(Parallel({"image": keras.layers.Flatten(), "point": keras.layers.Dense(2)}).networks)
    ['image', 'point']
    """

    def __init__(self, networks: NamedLayers, **kwargs: Any):
        super().__init__(**kwargs)
        self.networks = dict(networks)

    def build(self, input_shape):
        self.built = True  # the networks are built as they are called


@register
class JointEncoder(Parallel):
    """A dict of examples to the features `[B, F]` of all of them, one after the other.

    >>> encoder = JointEncoder({"image": keras.layers.Flatten(), "point": keras.layers.Dense(3)})
    >>> tuple(encoder({"image": np.zeros((5, 2, 2, 1)), "point": np.zeros((5, 2))}).shape)
    (5, 7)
    """

    def call(self, x, training=False):
        parts = [network(x[name], training=training) for name, network in self.networks.items()]
        return ops.concatenate(parts, axis=-1)


@register
class SenseEncoder(Parallel):
    """A dict of examples to a dict of features, of the names that there are networks for.

    >>> encoder = SenseEncoder({"image": keras.layers.Flatten(), "point": keras.layers.Dense(3)})
    >>> features = encoder({"image": np.zeros((5, 2, 2, 1)), "point": np.zeros((5, 2))})
    >>> {name: tuple(each.shape) for name, each in features.items()}
    {'image': (5, 4), 'point': (5, 3)}
    """

    def call(self, x, training=False):
        return {name: net(x[name], training=training) for name, net in self.networks.items()}


@register
class SenseDecoder(Parallel):
    """Codes `[B, D]` to a dict of what each network makes of the factors that it reads.

    Args:
        networks: by name.
        factors: the part `[start, stop]` of a code that is shared by all, under "shared", and those
            that belong to a name.

    >>> networks = {"image": keras.layers.Dense(4), "point": keras.layers.Dense(2)}
    >>> decoder = SenseDecoder(networks, {"shared": [0, 2], "image": [2, 3]})
    >>> {name: tuple(made.shape) for name, made in decoder(np.zeros((5, 3))).items()}
    {'image': (5, 4), 'point': (5, 2)}
    """

    def __init__(self, networks: NamedLayers, factors: Factors, **kwargs: Any):
        super().__init__(networks, **kwargs)
        self.factors = dict(factors)

    def call(self, z, training=False):
        def read(name):
            parts = [self.factors[key] for key in ("shared", name) if key in self.factors]
            return ops.concatenate([z[..., start:stop] for start, stop in parts], axis=-1)

        return {name: net(read(name), training=training) for name, net in self.networks.items()}


@register
class JointDecoder(Parallel):
    """Vectors `[B, D]` to a dict of what each network makes of them.

    >>> decoder = JointDecoder({"image": keras.layers.Dense(4), "point": keras.layers.Dense(2)})
    >>> {name: tuple(made.shape) for name, made in decoder(np.zeros((5, 3))).items()}
    {'image': (5, 4), 'point': (5, 2)}
    """

    def call(self, z, training=False):
        return {name: network(z, training=training) for name, network in self.networks.items()}
