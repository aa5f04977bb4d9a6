"""What every bottleneck has."""

from typing import Any, NamedTuple

import keras

from kerasgen.events import Event


class Code(NamedTuple):
    """A latent code and what it costs.

    Attributes:
        z: `[num_samples, B, *latent_shape]`.
        terms: named loss terms, each `[B]`; in nats where they are divergences.
        weights: of the terms by name, beside that of the objective; one that is not named weighs 1.

    >>> from kerasgen.bottlenecks import Gaussian
    >>> code = Gaussian(latent_dim=2)(np.zeros((5, 3), "float32"), num_samples=7)
    >>> tuple(code.z.shape), tuple(code.terms["kl"].shape)
    ((7, 5, 2), (5,))
    """

    z: Any
    terms: dict[str, Any]
    weights: dict[str, float] = {}


class Bottleneck(keras.layers.Layer):
    """Base of the bottlenecks, layers from features `[B, F]` or `[B, h, w, F]` to a `Code`.

    `call(features, num_samples=1, condition=None, training=False)`; the condition matters to a
    prior that depends on it.

    Attributes:
        latent_shape: of one code z, known once the bottleneck is built.
        decoded_shape: of what of it `decoded` gives the decoder.
        term_names: of the terms of its codes.
        term_weights: theirs, by name; a term that is not named weighs 1.
        term_units: theirs, in words, by name; a term that is not named is in nats.
        takes_grid: whether features may be those of a grid; otherwise they are one vector.
        has_prior: whether codes are real numbers with a density p(z), to sample and to score by.
        is_discrete: whether codes are grids of tokens.
        has_token_probabilities: whether the posterior of tokens has a gradient of its own.
        independent_units: whether posterior and prior are normals independent by unit.
        normal_in_turn: whether they are such normals, or chains of them: see `chain`.
        has_noise: whether `to_noise` gives the noise that leads to a code.
        averages_codebook: whether codes follow moving averages of the newest encoder's features.

    >>> class Whole(Bottleneck):  # the features themselves
    ...     def build(self, input_shape):
    ...         self.latent_shape, self.built = tuple(input_shape[1:]), True
    ...     def call(self, features, num_samples=1, condition=None, training=False):
    ...         return Code(keras.ops.repeat(features[None], num_samples, axis=0), {})
    >>> tuple(Whole()(np.zeros((5, 3), "float32")).z.shape)
    (1, 5, 3)
    """

    term_names: tuple[str, ...] = ()
    term_weights: dict[str, float] = {}
    term_units: dict[str, str] = {}
    takes_grid = True
    has_prior = False
    is_discrete = False
    has_token_probabilities = False
    independent_units = False
    normal_in_turn = False
    has_noise = False
    averages_codebook = False

    @property
    def decoded_shape(self) -> tuple[int, ...]:
        """Of what of a code the decoder reads."""
        return self.latent_shape

    def decoded(self, z: Any):
        """What of codes `[..., *latent_shape]` the decoder reads, `[..., *decoded_shape]`."""
        return z

    def check_condition(self, condition: Event) -> None:
        """Raises a ValueError for a model's condition that the prior does not go with."""


# For messages.
WITH_PRIOR = "Gaussian, ConditionalGaussian, FlowGaussian, Hierarchical, Ladder or DeepGaussian"
