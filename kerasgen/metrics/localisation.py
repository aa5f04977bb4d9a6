"""Whether maps are larger within what is to be found than outside of it."""

from typing import Any

import numpy as np

from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure


def auroc(maps: Any, masks: Any) -> Figure:
    """The area under the ROC curve of each map's pixels, mean over the examples.

    How often a pixel within a mask has a larger value than one outside, ties half; 50 by guessing.

    Args:
        maps: `[N, H, W]`, N at least 2.
        masks: `[N, H, W]` Booleans. Examples whose mask is empty or whole do not count.

    Raises:
        ValueError: other shapes.

    >>> masks = np.eye(4, dtype=bool)[None].repeat(2, axis=0)
    >>> print(auroc(masks * 1.0, masks), "and", auroc(np.zeros((2, 4, 4)), masks))
    100 ± 0 % (50 by guessing) and 50 ± 0 % (50 by guessing)
    """
    from scipy.stats import rankdata

    maps, masks = np.asarray(maps), np.asarray(masks, bool)
    if maps.ndim != 3 or maps.shape != masks.shape:
        raise ValueError(
            f"Expected maps and masks [N, H, W]. Received: shapes {maps.shape} and {masks.shape}."
        )
    maps, masks = (each.reshape(len(each), -1) for each in (maps, masks))
    inside = masks.sum(axis=1)
    outside = masks.shape[1] - inside
    counts = (inside > 0) & (outside > 0)
    ranks = np.sum(rankdata(maps, axis=1) * masks, axis=1)
    wins = ranks - inside * (inside + 1) / 2  # Mann and Whitney's U
    return figure.mean(100 * wins[counts] / (inside * outside)[counts], "% (50 by guessing)")
