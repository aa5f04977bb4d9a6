"""Codes that are grids of tokens: what a tokenizer is made of.

    features [B, h, w, F] -> tokens [B, h, w] in 0..V-1 -> code vectors z [B, h, w, D]

GumbelSoftmax     a categorical posterior, relaxed in training (discrete VAE)
VectorQuantizer   the nearest vector of a codebook (VQ-VAE)
FiniteScalar      every channel rounded to levels (FSQ), no codebook

Probabilities, distances and codebooks are float32 whatever the networks compute in.
"""

from typing import Any

import keras
from keras import ops

from kerasgen.bottlenecks.base import Bottleneck


class DiscreteBottleneck(Bottleneck):
    """Base of the discrete bottlenecks: features of a grid to tokens, and tokens to code vectors.

    Their `posterior` is one over tokens, batch shape `[B]` and event shape `[h, w]`; its mode are
    the tokens. `embed` gives the code vectors.

    Args:
        vocab_size: size V of the codebook.
        latent_dim: size D of a code vector.
        channels: what a position's features are projected to.
        seed: of the noise that calls draw; None follows the global seed.

    Raises:
        ValueError: features that are not those of a grid.

    >>> from kerasgen.bottlenecks import FiniteScalar
    >>> bottleneck = FiniteScalar((4, 4))
    >>> isinstance(bottleneck, DiscreteBottleneck), bottleneck.vocab_size, bottleneck.latent_dim
    (True, 16, 2)
    """

    is_discrete = True

    def __init__(
        self,
        vocab_size: int,
        latent_dim: int,
        channels: int,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.latent_dim = latent_dim
        self.noise = keras.random.SeedGenerator(seed)
        self.projection = keras.layers.Dense(channels, dtype=self.dtype_policy, name="projection")

    def build(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(
                "Expected features of a grid, [batch, height, width, channels], for "
                f"{type(self).__name__}. Received: shape {tuple(input_shape)}. "
                "Use an encoder that keeps the grid, such as GridEncoder."
            )
        self.latent_shape = (*input_shape[1:-1], self.latent_dim)
        self.projection.build(input_shape)
        self.built = True

    def add_float32(self, name: str, shape: tuple[int, ...], **arguments: Any) -> keras.Variable:
        """A weight that mixed precision leaves as it is."""
        arguments |= {"dtype": "float32", "autocast": False}
        return self.add_weight(name=name, shape=shape, **arguments)

    def project(self, features: Any):
        """Features of the encoder as the bottleneck's own, `[B, h, w, channels]` float32."""
        return ops.cast(self.projection(features), "float32")
