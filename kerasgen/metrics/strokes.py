"""How pictures of strokes are drawn, whatever they show: thickness, slant and size.

Castro and others, Morpho-MNIST, 2019 (arXiv 1809.01094) measure the same of digits.
"""

from typing import Any

import numpy as np

MEASURES = ("thickness", "slant", "size")
_FINER = 4  # places a pixel, between which the outline of a stroke is sought


def strokes(x: Any) -> dict[str, np.ndarray]:
    """Measures of bright strokes on black, `[N]` each, 0 of a picture without ink.

    Args:
        x: `[N, height, width, 1]` in [0, 1].

    Returns:
        - "thickness": of the strokes, in pixels: four times the mean distance of ink to its edge;
        - "slant": how far to the right the ink leans a pixel upwards, by its second moments;
        - "size": the standard deviation of the rows of ink, in pixels.

    Raises:
        ValueError: pictures of another shape.

    >>> line = np.zeros((1, 20, 20, 1))
    >>> line[0, 2:18, 9:12] = 1
    >>> {name: round(float(value[0]), 1) for name, value in strokes(line).items()}
    {'thickness': 3.3, 'slant': 0.0, 'size': 4.6}
    """
    x = np.asarray(x, "float64")
    if x.ndim != 4 or x.shape[-1] != 1:
        raise ValueError(f"Expected pictures [N, height, width, 1]. Received: shape {x.shape}.")
    found = np.array([_measures(picture[..., 0]) for picture in x]).reshape(-1, len(MEASURES))
    return dict(zip(MEASURES, found.T))


def _measures(picture):
    from scipy.ndimage import distance_transform_edt, zoom

    if picture.sum() == 0:
        return 0.0, 0.0, 0.0
    ink = np.pad(zoom(picture, _FINER, order=1, mode="nearest", grid_mode=True) > 0.5, 1)
    distance = distance_transform_edt(ink)[ink] / _FINER
    rows, columns = (
        places - np.average(places, weights=picture) for places in np.indices(picture.shape)
    )
    height = np.average(rows**2, weights=picture)
    lean = np.average(rows * columns, weights=picture)
    thickness = 4 * distance.mean() if len(distance) else 0.0
    return thickness, 0.0 - lean / max(height, 1e-9), np.sqrt(height)
