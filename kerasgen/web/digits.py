"""Writes the real digits of the page, the first hundred of MNIST's test set:
`python -m kerasgen.web.digits`.
"""

import pathlib

import numpy as np
from PIL import Image

import kerasgen

PATH = pathlib.Path(__file__).parent / "page" / "digits.png"


def grid() -> np.ndarray:
    """Ten rows of ten digits, `[280, 280]` uint8.

    >>> grid().shape  # doctest: +SKIP
    (280, 280)
    """
    images = next(iter(kerasgen.data.load("mnist", "test", batch_size=100)))
    rows = np.asarray(images).reshape(10, 10, 28, 28).transpose(0, 2, 1, 3)
    return np.round(255 * rows.reshape(280, 280)).astype("uint8")


if __name__ == "__main__":
    Image.fromarray(grid()).save(PATH, optimize=True)
