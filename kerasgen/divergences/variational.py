"""f-divergences, by their variational form (Nowozin and others 2016, arXiv 1606.00709, tables 1, 2,
6):

    D_f(P || Q) = integral of q f(p / q) = sup_T E_P[T] - E_Q[f*(T)],    T = g(V)

where f* is the convex conjugate of f and g maps scores into its domain. Both g and f*(g) are
elementary, so a divergence is those two functions of v:

    Minimax            -log(1 + exp(-v))   log(1 + exp(v))   2 JS(P, Q) - log 4
    KL                 v                   exp(v - 1)        E_P[log p / q]
    ReverseKL          -exp(-v)            v - 1             E_Q[log q / p]
    Pearson            v                   v^2 / 4 + v       integral of (p - q)^2 / q
    SquaredHellinger   1 - exp(-v)         exp(v) - 1        integral of (sqrt p - sqrt q)^2, <= 2
    TotalVariation     tanh(v) / 2         tanh(v) / 2       integral of |p - q| / 2, <= 1
"""

import math
from typing import Any

from keras import ops

from kerasgen.divergences.base import Divergence
from kerasgen.registration import register


class FDivergence(Divergence):
    """Base of the f-divergences: `activation` is g, `conjugate` is f*(g), both of scores `[B]`.

    >>> float(Pearson().estimate(np.array([2.0]), np.array([0.0])))  # g(2) - f*(g(0))
    2.0
    """

    def critic_terms(self, real: Any, fake: Any):
        return self.conjugate(fake) - self.activation(real)

    def generator_terms(self, real: Any, fake: Any):
        return -self.conjugate(fake)

    def estimate(self, real: Any, fake: Any):
        return -ops.mean(self.critic_terms(real, fake))


@register
class Minimax(FDivergence):
    """The first GAN's game. Reports JS(P, Q) in nats, at most log 2.

    Goodfellow and others 2014, arXiv 1406.2661.

    >>> zeros = np.zeros(3, "float32")
    >>> abs(round(float(Minimax().estimate(zeros, zeros)), 6))
    0.0
    """

    unit = "nats"

    def activation(self, v: Any):
        return -ops.softplus(-v)

    def conjugate(self, v: Any):
        return ops.softplus(v)

    def estimate(self, real: Any, fake: Any):
        return math.log(2) + super().estimate(real, fake) / 2


@register
class KL(FDivergence):
    """The divergence KL(P || Q) in nats. The optimal critic is V = 1 + log p / q.

    >>> ones = np.ones(3)
    >>> abs(float(KL().estimate(ones, ones)))
    0.0
    """

    unit = "nats"

    def activation(self, v: Any):
        return v

    def conjugate(self, v: Any):
        return ops.exp(v - 1)


@register
class ReverseKL(FDivergence):
    """The divergence KL(Q || P) in nats. The optimal critic is V = log p / q.

    >>> zeros = np.zeros(3)
    >>> abs(float(ReverseKL().estimate(zeros, zeros)))
    0.0
    """

    unit = "nats"

    def activation(self, v: Any):
        return -ops.exp(-v)

    def conjugate(self, v: Any):
        return v - 1


@register
class Pearson(FDivergence):
    """Pearson's chi squared of P from Q. The optimal critic is V = 2 (p / q - 1).

    >>> float(Pearson().estimate(np.array([2.0]), np.array([-2.0])))  # p = 2 q, and p = 0
    3.0
    """

    def activation(self, v: Any):
        return v

    def conjugate(self, v: Any):
        return ops.square(v) / 4 + v


@register
class SquaredHellinger(FDivergence):
    """The squared Hellinger distance without a factor 1/2, at most 2.

    >>> float(SquaredHellinger().estimate(np.array([90.0]), np.array([-90.0])))  # nothing in common
    2.0
    """

    def activation(self, v: Any):
        return 1 - ops.exp(-v)

    def conjugate(self, v: Any):
        return ops.exp(v) - 1


@register
class TotalVariation(FDivergence):
    """The total variation distance, at most 1.

    >>> float(TotalVariation().estimate(np.array([90.0]), np.array([-90.0])))  # nothing in common
    1.0
    """

    def activation(self, v: Any):
        return ops.tanh(v) / 2

    def conjugate(self, v: Any):
        return ops.tanh(v) / 2
