"""Games of scores that are drawn to targets, pushed past margins, or left to grow with a bounded
slope.
"""

from typing import Any

from keras import ops

from kerasgen.divergences.base import Divergence
from kerasgen.registration import register


@register
class LeastSquares(Divergence):
    """The least-squares game: scores are drawn to 1 on data and to 0 on samples.

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
    """The hinge game: scores beyond 1 on data and -1 on samples are good enough.

    Lim and Ye 2017, arXiv 1705.02894. Reports the total variation distance, in [0, 1].

    >>> float(Hinge().estimate(np.array([3.0]), np.array([-1.0])))
    1.0
    """

    unit = "critic's score"

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
    meaning = "the Wasserstein distance"
    unit = "critic's score"

    def critic_terms(self, real: Any, fake: Any):
        return fake - real

    def generator_terms(self, real: Any, fake: Any):
        return -fake

    def estimate(self, real: Any, fake: Any):
        return ops.mean(real - fake)
