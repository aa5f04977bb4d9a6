"""Pooled convolutions between images and features: a trunk for classifiers that must learn in a few
epochs (after Keller Jordan 2024, arXiv 2404.00498).

A fixed transform decorrelates small patches. Convolutions follow whose outputs are pooled before
they are normalised, so that no normalisation and no nonlinearity works at full resolution but the
first.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kerasgen import backend
from kerasgen.checks.arguments import Width, Widths
from kerasgen.networks import normalization
from kerasgen.networks.stack import Stack
from kerasgen.registration import register


@register
class PatchTransform(layers.Layer):
    """Images `[B, H, W, C]` to the orthonormal cosine transform of each `size`x`size`xC patch.

    `[B, H - size + 1, W - size + 1, size * size * C]`. Neighbouring pixels of pictures and their
    three colours are so alike that this transform, which is fixed, nearly decorrelates them (Ahmed,
    Natarajan and Rao 1974). With a normalisation behind it, it stands for whitening by principal
    components and needs no pass over the data.

    Args:
        size: height and width of a patch.

    >>> x = np.full((1, 4, 4, 1), 0.25, "float32")
    >>> np.round(PatchTransform(2)(x)[0, 0, 0], 3)  # of a constant patch one coefficient is left
    array([0.5, 0. , 0. , 0. ], dtype=float32)
    """

    def __init__(self, size: Width = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = size

    def call(self, x):
        from scipy.fft import dctn  # takes a while to import

        patch = (self.size, self.size, x.shape[-1])
        count = int(np.prod(patch))
        units = np.eye(count, dtype="float32").reshape(count, *patch)
        kernel = dctn(units, axes=(1, 2, 3), norm="ortho").reshape(*patch, count)
        return ops.conv(x, ops.cast(kernel, x.dtype), padding="valid")


@register
class SignedParts(layers.Layer):
    """GELU of x + b and of b' - x side by side, `[B, ..., 2 C]`, so that neither sign is lost.

    >>> SignedParts()(np.array([[5.0, -6.0]], "float32")).numpy().round() + 0
    array([[5., 0., 0., 6.]], dtype=float32)
    """

    def build(self, input_shape):
        self.bias = self.add_weight(shape=(2 * input_shape[-1],), initializer="zeros", name="bias")
        self.built = True

    def call(self, x):
        return ops.gelu(ops.concatenate([x, -x], axis=-1) + self.bias)


@register
class PooledBlock(layers.Layer):
    """act(conv(act(pool(conv(x))))): 3x3 convolutions, height and width halved, rounded down.

    An act is batch normalisation and a GELU.

    Args:
        channels: width of the output.

    >>> PooledBlock(4)(np.zeros((1, 7, 8, 3), "float32")).shape
    TensorShape([1, 3, 4, 4])
    """

    def __init__(self, channels: Width, **kwargs: Any):
        super().__init__(**kwargs)
        self.channels = channels
        dtype = {"dtype": self.dtype_policy}
        conv = {"padding": "same", "use_bias": False, **dtype}
        self.conv1 = layers.Conv2D(channels, 3, **conv)
        self.pool = layers.MaxPooling2D(2, **dtype)
        (self.norm1,) = normalization.of_values("batch", self.dtype_policy)
        self.conv2 = layers.Conv2D(channels, 3, **conv)
        (self.norm2,) = normalization.of_values("batch", self.dtype_policy)

    def build(self, input_shape):
        self.call(keras.KerasTensor(input_shape))
        self.built = True

    def call(self, x):
        x = ops.gelu(self.norm1(self.pool(self.conv1(x))))
        return ops.gelu(self.norm2(self.conv2(x)))


@register
class PooledEncoder(Stack):
    """Images `[B, H, W, C]` in [0, 1] to features `[B, channels[-1]]`, maxima over the positions of
    the last block, over the root of their number so that a linear layer on them learns as evenly as
    the convolutions.

    Args:
        channels: width of each block, every one at half the resolution of the one before.
        patch: height and width of the patches that are decorrelated first.

    >>> PooledEncoder((4, 6))(np.zeros((1, 48, 32, 3), "float32")).shape
    TensorShape([1, 6])
    """

    def __init__(self, channels: Widths = (64, 256, 256), patch: Width = 2, **kwargs: Any):
        super().__init__(**kwargs)
        dtype = {"dtype": self.dtype_policy}
        # The variances of fine coefficients are 1e-5: the initial 1 must be forgotten.
        whiten = {"momentum": 0.9, "epsilon": 1e-5, "center": False, "scale": False}
        whiten["synchronized"] = backend.HAS_STRATEGIES
        self.stack = [
            PatchTransform(patch, **dtype),
            layers.BatchNormalization(**whiten, **dtype),
            SignedParts(**dtype),
            *(PooledBlock(width, **dtype) for width in channels),
            layers.GlobalMaxPooling2D(**dtype),
            layers.Rescaling(channels[-1] ** -0.5, **dtype),
        ]
