"""What keeps the scale of a network's layers in hand, by name.

None         nothing
"batch"      by the statistics of the batch, over all replicas
"layer"      of each position over its channels, which keeps examples apart, as a gradient
             penalty asks
"spectral"   of a kernel by its largest singular value (Miyato and others 2018, arXiv 1802.05957)
"""

from keras import layers

from kerasgen import backend


def of_kernel(layer, normalization):
    """The layer, its kernel normalised if that is what the name asks for.

    >>> type(of_kernel(layers.Dense(3), "spectral")).__name__
    'SpectralNormalization'
    """
    if normalization != "spectral":
        return layer
    # Else it would round the kernel in mixed precision.
    return layers.SpectralNormalization(layer, dtype="float32")


def of_values(normalization, dtype):
    """The layers, none or one, that normalise values of the given dtype policy.

    >>> [type(layer).__name__ for layer in of_values("layer", "float32")]
    ['LayerNormalization']
    """
    if normalization == "batch":
        replicas = backend.HAS_STRATEGIES
        return [layers.BatchNormalization(momentum=0.9, synchronized=replicas, dtype=dtype)]
    return [layers.LayerNormalization(dtype=dtype)] if normalization == "layer" else []
