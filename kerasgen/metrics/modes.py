"""How many modes of a mixture samples find, and how many samples are near one."""

from typing import Any

import numpy as np

from kerasgen import checks
from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure

_NEAR = 3.0  # standard deviations (Srivastava and others 2017, arXiv 1705.07761, section 5.1)


def mode_coverage(samples: Any, centres: np.ndarray, scale: float) -> dict[str, Figure]:
    """Figures of samples of equal normals around `centres`.

    Args:
        samples: points `[n, D]`, n at least 2.
        centres: means `[K, D]`, such as
            `kerasgen.data.synthetic.toys.TOYS["eight_gaussians"].centres`.
        scale: standard deviation of each normal.

    Returns:
        `modes`, those with at least one sample within 3 standard deviations, and `good_samples`,
        the share of samples so near to a mode, in percent. In the plane real points reach 98.9 %.

    >>> found = mode_coverage([[0, 0], [0, 1], [9, 0]], np.array([[0.0, 0.0], [4.0, 0.0]]), scale=1)
    >>> print(found["modes"])
    1 of 2 modes
    >>> round(found["good_samples"].value, 1)
    66.7
    """
    samples, centres = checks.rows("samples", samples, least=2), checks.rows("centres", centres)
    checks.alike(samples=samples, centres=centres)
    checks.above_zero("scale", scale)
    distances = np.linalg.norm(samples[:, None] - centres, axis=2)  # [n, K]
    good = distances.min(axis=1) <= _NEAR * scale
    found = np.unique(distances.argmin(axis=1)[good])
    return {
        "modes": Figure(len(found), f"of {len(centres)} modes"),
        "good_samples": figure.mean(100.0 * good, "%"),
    }
