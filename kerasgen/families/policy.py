"""Adversarial models of rows of tokens. No gradient passes through a token that is drawn, so that
the generator learns by the score function, as an agent whose reward the critic gives.

    grad E[r(x)] = E[sum over t of (Q_t - b_t) grad log p(x_t | x_1, ..., x_{t-1})]
    r(x)    the critic's probability that a row is data
    Q_t     r(x), or its mean over ways to go on from x_1, ..., x_t
    b_t     baseline: the mean of Q_t of the other rows of the batch, which x does not touch

Yu and others, SeqGAN, 2017 (arXiv 1609.05473); the baseline of the others: Kool and others, Buy 4
REINFORCE Samples, Get a Baseline for Free!, 2019.
"""

from typing import Any

import keras
from keras import ops

from kerasgen import backend, fitting
from kerasgen.checks.arguments import Amount, Count, Layer, Switch, Weight
from kerasgen.divergences import NonSaturating
from kerasgen.entrance import entrance
from kerasgen.families.game import TwoSidedTraining
from kerasgen.families.language import LanguageModel
from kerasgen.networks import ScoreHead
from kerasgen.registration import register


@register
class PolicyGradientModel(TwoSidedTraining, LanguageModel):
    """A language model as the generator of a game: SeqGAN.

    It samples and scores as a `LanguageModel`; `fit` is that of adversarial models, for which see
    `AdversarialModel`. Give the generator the weights of a language model first, by `set_weights`
    or `training: {start_from: {likelihood: "text_lm_reviews:likelihood"}}`: rewards tell a new
    generator nothing.

    Args:
        event, likelihood, condition: of `LanguageModel`; the likelihood is the generator.
        critic: Keras layer or model, tokens `[B, T]` to features `[B, F]`, such as
            `kerasgen.networks.SentenceEncoder`.
        rollouts: ways to go on that are drawn from every place of a row; 0: Q_t is r(x).
        baseline: whether the others' rewards are taken off, which lowers the variance.
        teaching: weight of the likelihood of data beside the reward.
        critic_steps: steps of the critic for one of the generator.

    Raises:
        ValueError: those of `LanguageModel`; a negative number.

    >>> from kerasgen import likelihoods, networks
    >>> likelihood = likelihoods.AutoregressiveTokens(networks.CausalGRU(size=8), size=8)
    >>> critic = networks.SentenceEncoder(vocab_size=7, size=4)
    >>> model = PolicyGradientModel(kerasgen.events.Tokens(5, vocab_size=7), likelihood, critic)
    >>> model.sample(3, seed=0).shape, list(model.term_means)
    (TensorShape([3, 5]), ['critic', 'generator', 'nll'])
    """

    logged = ("critic", "generator", "nll")
    weighs_examples = False
    regularizers = ()

    def __init__(
        self,
        event: Any,
        likelihood: Any,
        critic: Layer,
        condition: Any = None,
        rollouts: Amount = 0,
        baseline: Switch = True,
        teaching: Weight = 0.0,
        critic_steps: Count = 1,
        **kwargs: Any,
    ):
        self.critic = critic  # which the building asks for, as it does for what follows
        self.rollouts = rollouts
        self.baseline = baseline
        self.penalties = {"nll": float(teaching)}
        self.critic_steps = critic_steps
        self.divergence = NonSaturating()
        self.divergence_mean = keras.metrics.Mean(name="divergence")
        self.seeds = keras.random.SeedGenerator()  # of the rows drawn in training
        super().__init__(event, likelihood, condition, **kwargs)

    def build(self, input_shape=None):
        if not self.built:
            self.head = ScoreHead(self.num_classes)
            self.head.build((None, *fitting.vector(self.critic, self.event, "critic")))
            super().build(input_shape)

    @property
    def generator(self):
        """The likelihood, as the side of the game that makes rows."""
        return self.likelihood

    @entrance
    def reward(self, x, condition=None):
        """The critic's probability that rows `[B, T]` are data, `[B]`."""
        return ops.sigmoid(self.score(x, condition))

    def _made(self, n, condition):
        uniform = backend.tfd.Uniform().sample(
            (n, *self.event_shape), seed=backend.next_seed(self.seeds)
        )
        return ops.stop_gradient(self._draw(uniform, condition))

    @entrance
    def returns(self, x, condition=None):
        """Q_t of rows `[B, T]`, `[B, T]`: the reward of what comes of their first t tokens."""
        (length,) = self.event_shape
        whole = ops.repeat(self.reward(x, condition)[:, None], length, axis=1)
        if not self.rollouts:
            return whole
        place = ops.arange(length)
        known = place[:-1, None] >= place  # of roll-outs from every place but the last
        given = ops.reshape(ops.where(known, ops.cast(x, "int32")[:, None], -1), (-1, length))
        return ops.concatenate([self._mean_reward(given, condition), whole[:, -1:]], axis=1)

    def _mean_reward(self, given, condition):
        """Of the ways to go on from starts of rows `[B (T - 1), T]`, `[B, T - 1]`."""
        steps = self.event_shape[0] - 1
        if condition is not None:
            condition = ops.repeat(condition, steps, axis=0)
        total = 0.0
        for _ in range(self.rollouts):
            uniform = backend.tfd.Uniform().sample(
                ops.shape(given), seed=backend.next_seed(self.seeds)
            )
            context = self.condition.encoded(condition)
            rows = self.likelihood.draw_rows(context, uniform, given=given)
            total += ops.reshape(self.reward(rows, condition), (-1, steps))
        return total / self.rollouts

    def surrogate(self, x, condition=None, training=False):
        """What has the gradient -grad E[r(x)] in the mean over rows that were drawn, `[B]`."""
        returns = self.returns(x, condition)
        if self.baseline:
            others = ops.cast(ops.maximum(ops.shape(returns)[0] - 1, 1), returns.dtype)
            returns = returns - (ops.sum(returns, axis=0) - returns) / others
        log_probs = self._log_probs(x, condition, training)
        return -ops.sum(ops.stop_gradient(returns) * log_probs, axis=-1)

    def _critic_terms(self, x, condition, training):
        fake = self._made(ops.shape(x)[0], condition)
        scores = [self.score(each, condition, training) for each in (x, fake)]
        return {"critic": self.divergence.critic_terms(*scores)}, self.divergence.estimate(*scores)

    def _generator_terms(self, x, condition, training):
        made = self._made(ops.shape(x)[0], condition)
        nll = -self._log_prob(x, condition, training)
        return {"generator": self.surrogate(made, condition, training), "nll": nll}, None
