"""Networks of several things at once: a network for each, side by side."""

from keras import layers, ops

from kerasgen.registration import register


class Parallel(layers.Layer):
    """Base: a network for each name.

    Args:
        networks: by name.
    """

    def __init__(self, networks, **kwargs):
        super().__init__(**kwargs)
        self.networks = dict(networks)

    def build(self, input_shape):
        self.built = True  # the networks are built as they are called


@register
class JointEncoder(Parallel):
    """A dict of examples to the features `[B, F]` of all of them, one after the other."""

    def call(self, x, training=False):
        parts = [network(x[name], training=training) for name, network in self.networks.items()]
        return ops.concatenate(parts, axis=-1)


@register
class JointDecoder(Parallel):
    """Vectors `[B, D]` to a dict of what each network makes of them."""

    def call(self, z, training=False):
        return {name: network(z, training=training) for name, network in self.networks.items()}
