"""p-values of scores, from scores of held-out pictures."""

from typing import Any

import numpy as np

PARTS = 3
_LEAST = 20  # pictures of a part
_TIE = 1e-4  # of the spread of scores: what rounding may tell apart


def parts(count: int, seed: int | None, groups: Any = None) -> np.ndarray:
    """To which of three parts each of `count` pictures belongs, `[count]`: whole groups, by default
    of one picture each. Where pictures to come are of other groups, alphabets or writers, only
    groups of which nothing is learned are as strange as they are.

    Raises:
        ValueError: groups that are not one for each picture, fewer than 3, or so unequal that a
            part has fewer than 20 pictures.

    >>> np.bincount(parts(90, 0, ["latin", "greek", "runes"] * 30)).tolist()
    [30, 30, 30]
    """
    groups = np.arange(count) if groups is None else np.asarray(groups)
    if groups.dtype == object:  # names of several types have no order
        groups = groups.astype(str)
    names, of_name = np.unique(groups, return_inverse=True)
    if groups.shape != (count,) or len(names) < PARTS:
        raise ValueError(
            f"Expected a group for each of {count} pictures, of at least {PARTS}. Received: "
            f"groups of shape {list(groups.shape)}, {len(names)} different ones. Name one for each "
            "picture, or drop groups=."
        )
    part = np.random.default_rng(seed).permutation(len(names))[of_name] % PARTS
    if (least := np.bincount(part).min()) < _LEAST:
        raise ValueError(
            f"Expected at least {_LEAST} pictures in each third of the groups. Received: {least} "
            f"of {count}. Pass more pictures, or groups of equal size."
        )
    return part


def larger(calibration, scores, xp=np):
    """How many calibration scores `[n]`, sorted, are larger than each of `[B]`; between two of them
    by a straight line. `xp`: NumPy, or `keras.ops` in exported files.

    >>> larger(np.array([1.0, 2.0, 3.0]), np.array([9.0, 2.5, 0.0])).round(1).tolist()
    [0.0, 1.5, 3.0]
    """
    spread = calibration[-1] - calibration[0]
    scores = scores - np.float32(_TIE * spread)  # equal pictures, whatever their last digits
    step = max(spread / len(calibration), 1e-6)
    ends = np.append(calibration, calibration[-1] + step)
    gaps = np.maximum(np.diff(ends), 1e-9)
    if xp is not np:
        ends, gaps = ends.astype("float32"), gaps.astype("float32")
    return xp.sum(xp.clip((ends[1:] - scores[:, None]) / gaps, 0.0, 1.0), axis=-1)
