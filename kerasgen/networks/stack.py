"""Networks of layers in a row, whose last one is as wide as a likelihood asks for."""

import keras
from keras import layers


class SizedByLikelihood:
    """A network whose output is as large as a likelihood asks for: a mixin before its layer class.

    It is constructed with a size, or with None and told its size by `set_output`, before it is
    built. The constructor ends in `self.set_output(size)`, and `add_output(size)` creates the
    layers that depend on the size.

    Attributes:
        output_argument: name of the constructor's argument, `"output_shape"` of networks that know
            the resolution of what they give, or `"output_channels"`.
        output_size: a shape or a number of channels, None as long as it is not known.

    >>> decoder = kerasgen.networks.MLP(hidden=())
    >>> decoder.set_output((4, 4, 1))
    >>> tuple(decoder(np.zeros((2, 3))).shape)
    (2, 4, 4, 1)
    """

    output_argument = "output_channels"
    output_size = None

    def set_output(self, size):
        """Sets the size of the output, or checks it where it is known; None leaves it open.

        Args:
            size: a shape, of which channels are the last number, or a number.

        Raises:
            ValueError: another size than the known one.
        """
        if size is None:
            return
        shape = (size,) if isinstance(size, int) else tuple(size)
        size = shape[-1] if self.output_argument == "output_channels" else shape
        if self.output_size is None:
            self.output_size = size
            self.add_output(size)
        elif size != self.output_size:
            raise ValueError(
                f"Expected {self.output_argument} {size}, which the event and the likelihood need. "
                f"Received: {self.output_size}. Leave {self.output_argument} out."
            )

    def get_build_config(self):
        return super().get_build_config() | {"output_size": self.output_size}

    def build_from_config(self, config):
        config = dict(config)
        self.set_output(config.pop("output_size", None))
        super().build_from_config(config)


def check_sized(network):
    """Raises a ValueError for a network that is to be built before the size of its
    output is known.

    >>> check_sized(kerasgen.networks.MLP((4, 4, 1)))
    """
    if isinstance(network, SizedByLikelihood) and network.output_size is None:
        raise ValueError(
            f"Expected {network.output_argument} of {type(network).__name__}, given or set by "
            "set_output before it is built. Received: None."
        )


class Stack(layers.Layer):
    """Layers one after the other, in `self.stack`; the subclass is its own short configuration.

    >>> isinstance(kerasgen.networks.ConvEncoder(), Stack)
    True
    """

    def build(self, input_shape):
        check_sized(self)
        self.call(keras.KerasTensor(input_shape))
        self.built = True

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return x

    def grids(self, x):
        """The last grid `[B, h, w, F]` at each resolution that images x pass through.

        >>> x = np.zeros((2, 8, 8, 1), "float32")
        >>> [h.shape[1:] for h in kerasgen.networks.PooledEncoder((4, 6)).grids(x)]
        [TensorShape([7, 7, 8]), TensorShape([3, 3, 4]), TensorShape([1, 1, 6])]
        """
        by_resolution = {}
        for layer in self.stack:
            x = layer(x)
            if len(x.shape) == 4:
                by_resolution[tuple(x.shape[1:3])] = x
        return list(by_resolution.values())
