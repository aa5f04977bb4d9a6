"""What every divergence answers to."""


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
        meaning: what `estimate` is of, in words.
        unit: of the terms and of the estimate, in words.

    >>> class Quadratic(Divergence):
    ...     def critic_terms(self, real, fake):
    ...         return (real - 1) ** 2 + (fake + 1) ** 2
    ...     def generator_terms(self, real, fake):
    ...         return (fake - 1) ** 2
    ...     def estimate(self, real, fake):
    ...         return 1 - np.mean(self.critic_terms(real, fake)) / 2
    >>> float(Quadratic().estimate(np.zeros(3), np.zeros(3)))  # scores that tell nothing
    0.0
    """

    needs_real = False
    saturates = True
    meaning = "what it is trained for"
    unit = "no unit"
