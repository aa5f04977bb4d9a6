"""What a critic estimates and a generator makes small: divergences of the data P and the samples Q.

A critic gives every example a score V(x), any real number. From scores `real` of data and `fake` of
samples, `[B]` each, a divergence says what the critic minimises, what the generator minimises, and
which divergence the scores report.

f-divergences, by their variational form (Nowozin and others 2016, arXiv 1606.00709, tables 1, 2,
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

from kerasgen.registration import register


class Divergence:
    """Base of the divergences. Scores are float32 `[B]`; under a strategy, those of one replica.

    - `critic_terms(real, fake) -> [B]`, whose mean the critic minimises;
    - `generator_terms(real, fake) -> [B]`, whose mean the generator minimises; `real` is None where
      there is no need of it;
    - `estimate(real, fake) -> scalar`, what the scores report: a lower bound on the divergence in
      expectation, equal to it where the critic is optimal.

    Attributes:
        needs_real: whether `generator_terms` reads the scores of data, too.
        saturates: whether a critic that is always right leaves little to learn from.

    >>> class Quadratic(Divergence):
    ...     def critic_terms(self, real, fake):
    ...         return (real - 1) ** 2 + (fake + 1) ** 2
    ...     def generator_terms(self, real, fake):
    ...         return (fake - 1) ** 2
    ...     def estimate(self, real, fake):
    ...         return 1 - ops.mean(self.critic_terms(real, fake)) / 2
    >>> float(Quadratic().estimate(np.zeros(3), np.zeros(3)))  # scores that tell nothing
    0.0
    """

    needs_real = False
    saturates = True


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

    def activation(self, v: Any):
        return -ops.softplus(-v)

    def conjugate(self, v: Any):
        return ops.softplus(v)

    def estimate(self, real: Any, fake: Any):
        return math.log(2) + super().estimate(real, fake) / 2


@register
class KL(FDivergence):
    """KL(P || Q) in nats. The optimal critic is V = 1 + log p / q.

    >>> ones = np.ones(3)
    >>> abs(float(KL().estimate(ones, ones)))
    0.0
    """

    def activation(self, v: Any):
        return v

    def conjugate(self, v: Any):
        return ops.exp(v - 1)


@register
class ReverseKL(FDivergence):
    """KL(Q || P) in nats. The optimal critic is V = log p / q.

    >>> zeros = np.zeros(3)
    >>> abs(float(ReverseKL().estimate(zeros, zeros)))
    0.0
    """

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


@register
class NonSaturating(Divergence):
    """An f-divergence whose generator raises g(V) of its samples instead of lowering -f*(g(V)).

    The fixed point is the same, and the gradient does not vanish where the critic is right about
    samples easily (Goodfellow and others 2014, section 3; Nowozin and others 2016, section 3.2).

    Args:
        divergence: an f-divergence; `Minimax` by default.

    Raises:
        ValueError: another divergence.

    >>> fake = np.array([-9.0], "float32")  # a critic that is sure of a sample
    >>> [round(float(each.generator_terms(None, fake)[0])) for each in (Minimax(), NonSaturating())]
    [0, 9]
    """

    def __init__(self, divergence: FDivergence | None = None):
        self.divergence = _of(divergence or Minimax(), FDivergence)

    def critic_terms(self, real: Any, fake: Any):
        return self.divergence.critic_terms(real, fake)

    def generator_terms(self, real: Any, fake: Any):
        return -self.divergence.activation(fake)

    def estimate(self, real: Any, fake: Any):
        return self.divergence.estimate(real, fake)


@register
class LeastSquares(Divergence):
    """Scores are drawn to 1 on data and to 0 on samples.

    Mao and others 2017, arXiv 1611.04076, equation 9. Reports integral of (p - q)^2 / (p + q) / 2,
    in [0, 1]: half the triangular discrimination.

    >>> float(LeastSquares().estimate(np.array([0.5]), np.array([0.5])))  # scores that tell nothing
    0.0
    """

    def critic_terms(self, real: Any, fake: Any):
        return (ops.square(real - 1) + ops.square(fake)) / 2

    def generator_terms(self, real: Any, fake: Any):
        return ops.square(fake - 1) / 2

    def estimate(self, real: Any, fake: Any):
        return 1 - 4 * ops.mean(self.critic_terms(real, fake))


@register
class Hinge(Divergence):
    """Scores beyond 1 on data and -1 on samples are good enough.

    Lim and Ye 2017, arXiv 1705.02894. Reports the total variation distance, in [0, 1].

    >>> float(Hinge().estimate(np.array([3.0]), np.array([-1.0])))
    1.0
    """

    def critic_terms(self, real: Any, fake: Any):
        return ops.relu(1 - real) + ops.relu(1 + fake)

    def generator_terms(self, real: Any, fake: Any):
        return -fake

    def estimate(self, real: Any, fake: Any):
        return 1 - ops.mean(self.critic_terms(real, fake)) / 2


@register
class Wasserstein(Divergence):
    """The earth mover's distance, in units of x (Arjovsky and others 2017, arXiv 1701.07875).

    Holds for critics whose slope is at most 1: see `kerasgen.regularizers`. Reports L times the
    distance for a slope of at most L.

    >>> x, y = np.array([3.0, 4.0]), np.array([1.0, 2.0])
    >>> float(Wasserstein().estimate(x, y))  # by the critic V(x) = x
    2.0
    """

    saturates = False

    def critic_terms(self, real: Any, fake: Any):
        return fake - real

    def generator_terms(self, real: Any, fake: Any):
        return -fake

    def estimate(self, real: Any, fake: Any):
        return ops.mean(real - fake)


@register
class RelativisticAverage(Divergence):
    """Each score counts relative to the mean score of the other side.

    Jolicoeur-Martineau 2018, arXiv 1807.00734. The generator plays the critic's game with the sides
    exchanged. Reports a divergence of its own, 0 where P is Q, and at most that of two disjoint
    distributions.

    Args:
        divergence: `Minimax`, by default, or `Hinge`.

    Raises:
        ValueError: another divergence.

    >>> real, fake = np.array([7.0]), np.array([5.0])  # only their difference counts
    >>> float(RelativisticAverage(Hinge()).estimate(real, fake))
    1.0
    """

    needs_real = True

    def __init__(self, divergence: Minimax | Hinge | None = None):
        self.divergence = _of(divergence or Minimax(), Minimax, Hinge)

    def _relative(self, real, fake):
        return real - ops.mean(fake), fake - ops.mean(real)

    def critic_terms(self, real: Any, fake: Any):
        return self.divergence.critic_terms(*self._relative(real, fake))

    def generator_terms(self, real: Any, fake: Any):
        return self.divergence.critic_terms(*self._relative(fake, real))

    def estimate(self, real: Any, fake: Any):
        return self.divergence.estimate(*self._relative(real, fake))


def _of(divergence, *kinds):
    if not isinstance(divergence, kinds):
        raise ValueError(
            f"Expected divergence to be of {' or '.join(kind.__name__ for kind in kinds)}. "
            f"Received: {type(divergence).__name__}. "
            "Take Minimax, or give the model yours by itself."
        )
    return divergence
