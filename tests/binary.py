"""Images of 0 and 1 that have a structure."""

import numpy as np


def binary_images(n=200):
    """4x4 images of two levels, each pixel 1 with probability 0.2 or 0.8 by the half of
    the image.
    """
    probability = np.repeat([0.2, 0.8], 8).reshape(4, 4, 1)
    return (np.random.default_rng(0).random((n, 4, 4, 1)) < probability).astype("float32")
