"""Invertible networks, for flows: what makes any distribution of standard normal noise.

RealNVP               Dinh, Sohl-Dickstein and Bengio 2017, arXiv 1605.08803
MaskedAutoregressive  Papamakarios, Pavlakou and Murray 2017, arXiv 1705.07057
Planar                Rezende and Mohamed 2015, arXiv 1505.05770
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import layers

from kerasgen.checks.arguments import Depth, Width
from kerasgen.networks.flow_steps import Autoregression, Coupling, Plane
from kerasgen.registration import register


class FlowNetwork(layers.Layer):
    """Base of the flows, each of several invertible steps in a row.

    `set_size(size)` makes the `steps`, `build((None, size + context))` their weights.
    `forward(u, context)` gives z `[..., size]` of u and a context `[..., C]`, `inverse(z, context)`
    the u that leads to z and log |dz/du| by unit, `[..., size]`, whose sum is that of the
    determinant.

    Args:
        num_steps: how many.

    >>> flow = RealNVP(num_steps=4, hidden=8)
    >>> flow.set_size(2)
    >>> flow.build((None, 2))
    >>> u = np.ones((3, 2), "float32")
    >>> z = flow.forward(u, np.zeros((3, 0), "float32"))
    >>> bool(np.allclose(flow.inverse(z, np.zeros((3, 0), "float32"))[0], u, atol=1e-5))
    True
    """

    size: Any = None  # of a code, an integer once it is set
    step: Callable[[int], layers.Layer]  # by its number one with `forward` and `inverse` of its own

    def __init__(self, num_steps: int, **kwargs: Any):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.num_steps = num_steps

    def set_size(self, size: int) -> None:
        """Makes the steps of a flow of `size` units."""
        if self.size is None:
            self.size = size
            self.steps = [self.step(number) for number in range(self.num_steps)]

    def build(self, input_shape):
        for step in self.steps:
            if not step.built:  # as in a file that is loaded
                step.build(input_shape)
        self.built = True

    def get_build_config(self):
        return super().get_build_config() | {"size": self.size}

    def build_from_config(self, config):
        config = dict(config)
        self.set_size(config.pop("size"))
        super().build_from_config(config)

    def forward(self, u: Any, context: Any):
        """z `[..., size]`."""
        for step in self.steps:
            u = step.forward(u, context)
        return u

    def inverse(self, z: Any, context: Any) -> tuple[Any, Any]:
        """u, and log |dz/du| by unit, both `[..., size]`."""
        log_slopes = 0.0
        for step in reversed(self.steps):
            z, log_slope = step.inverse(z, context)
            log_slopes = log_slopes + log_slope
        return z, log_slopes


@register
class RealNVP(FlowNetwork):
    """Couplings: half of the units move and stretch by what the others tell. Draws and scores in
    one pass each.

    Args:
        num_steps: couplings.
        hidden: width of the hidden layer of each.

    >>> kerasgen.families.FlowModel([2], RealNVP(num_steps=2, hidden=8)).sample(3).shape
    TensorShape([3, 2])
    """

    def __init__(self, num_steps: Depth = 8, hidden: Width = 64, **kwargs: Any):
        super().__init__(num_steps, **kwargs)
        self.hidden = hidden

    def step(self, number):
        half, even = np.arange(self.size) < self.size // 2, np.arange(self.size) % 2 == 0
        halves = (half, ~half, even, ~even)  # every unit meets others
        return Coupling(tuple(halves[number % 4]), self.hidden)


@register
class MaskedAutoregressive(FlowNetwork):
    """Every unit moves and stretches by what those before it tell. Scores in one pass, draws in as
    many as there are units.

    Args:
        num_steps: maps, of which every second one reads the units backwards.
        hidden: width of the hidden layers of each.

    >>> kerasgen.families.FlowModel([2], MaskedAutoregressive(2, hidden=8)).sample(3).shape
    TensorShape([3, 2])
    """

    def __init__(self, num_steps: Depth = 5, hidden: Width = 64, **kwargs: Any):
        super().__init__(num_steps, **kwargs)
        self.hidden = hidden

    def step(self, number):
        return Autoregression(self.size, self.hidden, backwards=number % 2 == 1)


@register
class Planar(FlowNetwork):
    """Steps that squeeze or stretch space along one direction each.

    Args:
        num_steps: how many.

    >>> kerasgen.families.FlowModel([2], Planar(num_steps=2)).sample(3).shape
    TensorShape([3, 2])
    """

    def __init__(self, num_steps: Depth = 16, **kwargs: Any):
        super().__init__(num_steps, **kwargs)

    def step(self, number):
        return Plane(self.size)
