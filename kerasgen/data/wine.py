"""Thirteen measurements of 178 wines of three cultivars, as scikit-learn ships them; 142 for
training by a fixed draw.
"""

import numpy as np

from kerasgen.events import Table

SIZES = {"train": 142, "test": 36}
COLUMNS = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
)
EVENT = Table(  # means and standard deviations of the training rows
    list(COLUMNS),
    means=[
        13.01,
        2.39,
        2.372,
        19.54,
        98.2,
        2.274,
        1.995,
        0.3636,
        1.566,
        5.11,
        0.9414,
        2.581,
        729.4,
    ],
    scales=[
        0.7694,
        1.12,
        0.2488,
        3.069,
        12.09,
        0.6279,
        0.971,
        0.1227,
        0.5556,
        2.376,
        0.2277,
        0.72,
        301.5,
    ],
)


def split(part):
    """Rows `[N, 13]` in their units and int32 cultivars `[N]` of "train" or "test".

    Example:
        >>> rows, cultivars = split("test")
        >>> rows.shape, cultivars.shape
        ((36, 13), (36,))
    """
    from sklearn.datasets import load_wine

    wine = load_wine()
    order = np.random.default_rng(0).permutation(len(wine.data))
    rows = order[: SIZES["train"]] if part == "train" else order[SIZES["train"] :]
    return wine.data[rows].astype("float32"), wine.target[rows].astype("int32")
