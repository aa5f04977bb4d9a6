"""Divergences made of others: with another game for the generator, or of scores compared."""

from typing import Any

from keras import ops

from kerasgen.checks.arguments import Part
from kerasgen.divergences.base import Divergence
from kerasgen.divergences.games import Hinge
from kerasgen.divergences.variational import FDivergence, Minimax
from kerasgen.registration import register


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

    def __init__(self, divergence: Part[FDivergence] | None = None):
        self.divergence = divergence or Minimax()
        self.unit = self.divergence.unit

    def critic_terms(self, real: Any, fake: Any):
        return self.divergence.critic_terms(real, fake)

    def generator_terms(self, real: Any, fake: Any):
        return -self.divergence.activation(fake)

    def estimate(self, real: Any, fake: Any):
        return self.divergence.estimate(real, fake)


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

    def __init__(self, divergence: Part[Minimax | Hinge] | None = None):
        self.divergence = divergence or Minimax()
        self.unit = self.divergence.unit

    def _relative(self, real, fake):
        return real - ops.mean(fake), fake - ops.mean(real)

    def critic_terms(self, real: Any, fake: Any):
        return self.divergence.critic_terms(*self._relative(real, fake))

    def generator_terms(self, real: Any, fake: Any):
        return self.divergence.critic_terms(*self._relative(fake, real))

    def estimate(self, real: Any, fake: Any):
        return self.divergence.estimate(*self._relative(real, fake))
