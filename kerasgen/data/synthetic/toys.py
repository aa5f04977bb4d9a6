"""Distributions of points in the plane, drawn by a rule, to see models learn a density on.

All have a mean near 0 and a variance near 1. Where the rule gives the density in closed form,
`log_prob` is exact:

    ring              y = x / 10 + x / |x| of a standard normal x: points move along their ray only
    eight_gaussians   equal normals on a circle
    grid_gaussians    equal normals on a grid of 5 x 5
    pinwheel          a normal turned to five angles and then swirled, by a turn that grows with
                      the radius; such a map keeps areas, so that the density is that of the
                      normals where the points came from
    checkerboard      uniform on the eight dark squares of 4 x 4
    moons             two half circles, blurred; no closed form
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_LOG_2PI = math.log(2 * math.pi)


class Toy(NamedTuple):
    """One distribution in the plane.

    Attributes:
        draw: function of a `numpy.random.Generator` and a number n to points `[n, 2]` float64.
        log_prob: function of points `[n, 2]` to log-densities `[n]` float64 in nats, or None where
            there is no closed form.
        centres, scale: of a mixture of equal normals, their means `[K, 2]` and their standard
            deviation; else None.

    >>> TOYS["ring"].sample(3, seed=0).shape, TOYS["moons"].log_prob is None
    ((3, 2), True)
    """

    draw: Callable
    log_prob: Callable | None
    centres: np.ndarray | None = None
    scale: float | None = None

    def sample(self, n, seed):
        """`n` points `[n, 2]` float32; the same integer seed gives the same points."""
        return self.draw(np.random.default_rng(seed), n).astype("float32")


def _ring():
    def draw(rng, n):
        x = rng.standard_normal((n, 2))
        return x / 10 + x / np.linalg.norm(x, axis=1, keepdims=True)

    def log_prob(y):
        # The radius maps r -> s = 1 + r / 10. An area element at radius s is s ds da, so
        # p(y) = rayleigh(r) (dr / ds) / (2 pi s) = 10 r exp(-r^2 / 2) / (2 pi s), and 0 within the
        # unit circle.
        s = np.linalg.norm(np.asarray(y, "float64"), axis=1)
        r = np.maximum(10 * (s - 1), 0)
        with np.errstate(divide="ignore"):
            return np.where(
                r > 0, np.log(10 * r) - r**2 / 2 - _LOG_2PI - np.log(np.maximum(s, 1)), -np.inf
            )

    return Toy(draw, log_prob)


def _gaussians(centres, scale):
    """Equal isotropic normals of one standard deviation around `centres` `[K, 2]`."""

    def draw(rng, n):
        return centres[rng.integers(len(centres), size=n)] + scale * rng.standard_normal((n, 2))

    def log_prob(x):
        # [n, K]
        distances = np.linalg.norm(np.asarray(x, "float64")[:, None] - centres, axis=2) / scale
        log_weight = -math.log(len(centres)) - 2 * math.log(scale) - _LOG_2PI
        return np.logaddexp.reduce(-(distances**2) / 2, axis=1) + log_weight

    return Toy(draw, log_prob, centres, scale)


def _circle(count):
    angles = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _pinwheel(arms=5, radial=0.3, tangential=0.05, rate=0.25, size=1.35):
    """Arms are normals around (1, 0), `radial` by `tangential` wide, enlarged by `size`."""
    scales = np.array([radial, tangential])
    angles = 2 * np.pi * np.arange(arms) / arms

    def turned(x, angle):
        cos, sin = np.cos(angle), np.sin(angle)
        return np.stack([cos * x[:, 0] - sin * x[:, 1], sin * x[:, 0] + cos * x[:, 1]], axis=1)

    def swirl(x):
        return rate * np.exp(np.linalg.norm(x, axis=1))

    def draw(rng, n):
        arm = angles[rng.integers(arms, size=n)]
        x = [1, 0] + scales * rng.standard_normal((n, 2))
        return size * turned(x, arm + swirl(x))

    def log_prob(y):
        y = np.asarray(y, "float64") / size
        parts = [
            np.sum(((turned(y, -angle - swirl(y)) - [1, 0]) / scales) ** 2, axis=1)
            for angle in angles
        ]
        log_weight = -math.log(arms) - np.log(scales).sum() - _LOG_2PI - 2 * math.log(size)
        return np.logaddexp.reduce(np.multiply(parts, -0.5), axis=0) + log_weight

    return Toy(draw, log_prob)


def _checkerboard(half=1.75):
    """The board is [-half, half] squared."""
    side = half / 2

    def draw(rng, n):
        row = rng.integers(4, size=n)
        column = 2 * rng.integers(2, size=n) + row % 2
        return (np.stack([column, row], axis=1) + rng.random((n, 2))) * side - half

    def log_prob(x):
        column, row = np.floor((np.asarray(x, "float64") + half) / side).T
        on_board = (np.minimum(column, row) >= 0) & (np.maximum(column, row) < 4)
        return np.where(on_board & ((column + row) % 2 == 0), -math.log(8 * side**2), -np.inf)

    return Toy(draw, log_prob)


def _moons(noise=0.1, size=1.4):
    def draw(rng, n):
        angle = np.pi * rng.random(n)
        upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
        # The lower moon is the upper one turned by half a circle.
        sign = rng.choice([-1, 1], size=(n, 1))
        return size * (sign * upper + noise * rng.standard_normal((n, 2)))

    return Toy(draw, None)


TOYS = {
    "ring": _ring(),
    "moons": _moons(),
    "eight_gaussians": _gaussians(1.4 * _circle(8), 0.14),
    "grid_gaussians": _gaussians(
        0.7 * np.stack(np.meshgrid(range(-2, 3), range(-2, 3)), axis=-1).reshape(25, 2), 0.05
    ),
    "pinwheel": _pinwheel(),
    "checkerboard": _checkerboard(),
}
SIZES = {"train": 10_000, "test": 10_000}


def split(name, part):
    """Points `[10_000, 2]` of a toy, for training of seed 0 and for testing of seed 1;
    no labels.

    >>> points, labels = split("ring", "test")
    >>> points.shape, labels
    ((10000, 2), None)
    """
    return TOYS[name].sample(SIZES[part], seed=list(SIZES).index(part)), None
