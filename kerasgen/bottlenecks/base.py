"""What every bottleneck has."""

from typing import NamedTuple

import keras


class Code(NamedTuple):
    """A latent code and what it costs.

    Attributes:
        z: `[num_samples, B, *latent_shape]`.
        terms: named loss terms, each `[B]`; in nats where they are divergences.
    """

    z: object
    terms: dict


class Bottleneck(keras.layers.Layer):
    """Base of the bottlenecks: `call(features, num_samples=1, condition=None, training=False)` gives a `Code`.

    Features are `[B, F]` or `[B, h, w, F]`; a condition, labels `[B]`, matters to a prior that knows classes.

    Attributes:
        latent_shape: of one code z, known once the bottleneck is built.
        decoded_shape: of the part of it that `decoded` gives the decoder, all of it unless a bottleneck says otherwise.
        term_names: of the terms of its codes.
        term_weights: their weights by name beside that of the objective; a term that is not named weighs 1.
    """

    term_names = ()
    term_weights = {}

    @property
    def decoded_shape(self):
        return self.latent_shape

    def decoded(self, z):
        """What of codes `[..., *latent_shape]` the decoder reads, `[..., *decoded_shape]`."""
        return z
