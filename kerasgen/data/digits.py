"""The 1,797 digits of 8x8 pixels that scikit-learn ships, 1,500 for training by a fixed draw."""

import numpy as np

SIZES = {"train": 1500, "test": 297}


def split(part):
    """Images `[N, 8, 8, 1]`, uint8 of 17 levels, and int32 labels `[N]` of "train" or "test".

    Example:
        >>> images, labels = split("test")
        >>> images.shape, labels.shape
        ((297, 8, 8, 1), (297,))
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    rows = order[: SIZES["train"]] if part == "train" else order[SIZES["train"] :]
    return digits.images[rows].astype("uint8")[..., None], digits.target[rows].astype("int32")
