"""p-values of scores, from scores of held-out pictures."""

from typing import Any

import numpy as np

_HELD_OUT = 3  # of so many groups one is
_LEAST = 20  # pictures that calibrate: the least p-value is 1 / 21
_TIE = 1e-4  # of the spread of scores: what rounding may tell apart


def held_out(count: int, seed: int | None, groups: Any = None) -> np.ndarray:
    """Which of `count` pictures calibrate, `[count]`: a third of the groups, by default of one
    picture each. Where pictures to come are of other groups, alphabets or writers, only such a
    third is as strange as they are.

    Raises:
        ValueError: groups that are not one for each picture, fewer than 3, or so unequal that fewer
            than 20 pictures calibrate.

    >>> int(held_out(90, 0, ["latin", "greek", "runes"] * 30).sum())
    30
    """
    groups = np.arange(count) if groups is None else np.asarray(groups)
    if groups.dtype == object:  # names of several types have no order
        groups = groups.astype(str)
    names = np.unique(groups)
    if groups.shape != (count,) or len(names) < _HELD_OUT:
        raise ValueError(
            f"Expected a group for each of {count} pictures, of at least {_HELD_OUT}. Received: "
            f"groups of shape {list(groups.shape)}, {len(names)} different ones. Name one for each "
            "picture, or drop groups=."
        )
    order = np.random.default_rng(seed).permutation(names)
    chosen = np.isin(groups, order[-(len(order) // _HELD_OUT) :])
    if chosen.sum() < _LEAST:
        raise ValueError(
            f"Expected at least {_LEAST} pictures in a third of the groups. Received: "
            f"{chosen.sum()} of {count}. Pass more pictures, or groups of equal size."
        )
    return chosen


def p_values(calibration, scores, xp=np):
    """(1 + how many calibration scores `[n]`, sorted, are larger) / (1 + n), `[B]`; between two of
    them by a straight line.
    `xp`: NumPy, or `keras.ops` in exported files.

    >>> p_values(np.array([1.0, 2.0, 3.0], "float32"), np.array([9.0, 0.0], "float32")).tolist()
    [0.25, 1.0]
    """
    spread = calibration[-1] - calibration[0]
    scores = scores - np.float32(_TIE * spread)  # equal pictures, whatever their last digits
    step = max(spread / len(calibration), 1e-6)
    ends = np.append(calibration, calibration[-1] + step)
    gaps = np.maximum(np.diff(ends), 1e-9)
    if xp is not np:
        ends, gaps = ends.astype("float32"), gaps.astype("float32")
    larger = xp.sum(xp.clip((ends[1:] - scores[:, None]) / gaps, 0.0, 1.0), axis=-1)
    return (1 + larger) / (1 + len(calibration))
