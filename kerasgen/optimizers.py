"""Two optimizers as one, for two networks that train against each other, and one that updates a
part of a model more often.

Keras gives a model one optimizer. As `GANOptimizers` is one, saving, resuming, callbacks and the
moving average at the end of `fit` work for both.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import keras
from keras import ops

from kerasgen.checks.arguments import Count, Part, Steps, all_of, part, pattern
from kerasgen.registration import from_config, get_config, register


@register
class GANOptimizers(keras.optimizers.Optimizer):
    """The optimizer of a generator and that of its critic.

    The learning rate and the count of iterations that it shows are the generator's. Setting the
    rate, as callbacks do, moves the critic's by the same factor.

    Args:
        generator, critic: Keras optimizers.

    >>> both = GANOptimizers(keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.4))
    >>> both.learning_rate = 0.01
    >>> round(float(both.critic.learning_rate), 6)
    0.04
    """

    def __init__(
        self,
        generator: Part[keras.optimizers.Optimizer],
        critic: Part[keras.optimizers.Optimizer],
        name: str = "adversaries",
    ):
        super().__init__(learning_rate=0.0, name=name)
        self.generator = generator
        self.critic = critic
        self._critic_share = 1.0  # of the generator's rate, kept for when that is 0

    def build_both(
        self,
        generator_variables: Sequence[keras.Variable],
        critic_variables: Sequence[keras.Variable],
    ) -> None:
        """Makes the state of both optimizers.

        Do so in the scope of a strategy, and before the first step.
        """
        self.generator.build(generator_variables)
        self.critic.build(critic_variables)
        if averaged := [each for each in (self.generator, self.critic) if each.use_ema]:
            # Where Keras' SwapEMAWeights looks for variables and their averages.
            for name in ("_trainable_variables", "_model_variables_moving_average"):
                setattr(self, name, [kept for each in averaged for kept in getattr(each, name)])
        self.built = True

    def build(self, variables):
        """Nothing after `build_both`, which knows which variables are whose.

        Raises:
            ValueError: the model has one side only, and has not called `build_both`.
        """
        if not self.built:
            raise ValueError(
                "Expected an adversarial model with two optimizers. "
                "Received: a model without a critic. "
                "Leave out the critic's optimizer or, in a recipe, training.critic_learning_rate."
            )

    @property
    def variables(self):
        return [*self.generator.variables, *self.critic.variables]

    @property
    def learning_rate(self):
        return self.generator.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        generator, critic = (
            float(ops.convert_to_numpy(each.learning_rate))
            for each in (self.generator, self.critic)
        )
        if generator:
            self._critic_share = critic / generator
        self.generator.learning_rate = value
        self.critic.learning_rate = self._critic_share * value

    @property
    def iterations(self):
        return self.generator.iterations

    def finalize_variable_values(self, variables):
        """Puts moving averages, where an optimizer keeps some, in the place of the weights."""
        for optimizer in (self.generator, self.critic):
            optimizer.finalize_variable_values(optimizer._trainable_variables)

    def save_own_variables(self, store):
        """Nothing: Keras saves the two optimizers as parts of this one."""

    def load_own_variables(self, store):
        """Nothing, as `save_own_variables`."""

    get_config = get_config
    from_config = classmethod(from_config)


@register
class UnevenAdam(keras.optimizers.Adam):
    """Adam that updates some weights at every step, and the others at one of several.

    An encoder that is updated more often than the decoder keeps up with it, so that the decoder
    does not learn to do without the code: He and others, Lagging Inference Networks and Posterior
    Collapse, 2019 (arXiv 1901.05534), who call it aggressive training.

    A weight that waits keeps its moments, and gets neither a step nor decay. Its bias correction
    counts its own turns, so that its steps are those of Adam on these alone.

    Args:
        learning_rate: a number or a Keras schedule.
        often: pieces or patterns of the paths of weights that are updated at every step.
        every: the others are updated at one step of so many.
        steps: after so many all are updated at every step; None for never.
        kwargs: of `keras.optimizers.Adam`.

    Raises:
        ValueError: when built, a pattern that no path matches.

    >>> optimizer = UnevenAdam(0.1, often=["encoder"], every=2)
    >>> encoder, decoder = (keras.Variable([1.0], name=name) for name in ("encoder", "decoder"))
    >>> for _ in range(2):
    ...     optimizer.apply([np.ones(1), np.ones(1)], [encoder, decoder])
    ...     print(float(encoder[0]) < 1, float(decoder[0]) < 1)
    True False
    True True
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        often: Annotated[Sequence[str], all_of(pattern, least=0)] = (),
        every: Count = 10,
        steps: Steps | None = None,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, **kwargs)
        self.often = often
        self.every = every
        self.steps = steps

    def build(self, variables):
        """Makes Adam's state, and sees which weights wait for their turn."""
        paths = [variable.path for variable in variables]
        for each in self.often:
            if not any(re.search(each, path) for path in paths):
                parts = sorted({path.partition("/")[0] for path in paths})
                raise ValueError(
                    "Expected each of often to match the path of a trainable weight. "
                    f"Received: {each!r}. The paths begin with {', '.join(parts[:9]) or 'nothing'}."
                )
        self._waits = [not any(re.search(each, path) for each in self.often) for path in paths]
        super().build(variables)

    def update_step(self, gradient, variable, learning_rate):
        """Keras' decay and step of one weight, where it is its turn."""
        index = self._get_variable_index(variable)
        if not self._waits[index]:
            self._decayed_step(gradient, variable, learning_rate)
            return
        slots = [self._momentums, self._velocities]
        if self.amsgrad:
            slots.append(self._velocity_hats)
        state = [variable, *(slot[index] for slot in slots)]
        before = [ops.copy(each) for each in state]
        is_turn, turns = self._turn()
        # Keras corrects the bias of as many steps as were made, which the factor undoes.
        factor = self._correction(turns) / self._correction(self.iterations + 1)
        self._decayed_step(gradient, variable, learning_rate, factor)
        for each, value in zip(state, before, strict=True):  # JAX has no assignment in a `cond`
            self.assign(each, ops.where(is_turn, each, value))

    def _turn(self):
        """Whether the weights that wait have their turn now, and their turns with this one."""
        step = self.iterations + 1
        if self.steps is None:
            return ops.equal(step % self.every, 0), step // self.every
        is_turn = ops.logical_or(ops.equal(step % self.every, 0), step > self.steps)
        later = ops.maximum(step - self.steps, 0)
        return is_turn, (step - later) // self.every + later

    def _correction(self, steps):
        """What Adam multiplies the rate by after some steps."""
        steps = ops.cast(ops.maximum(steps, 1), "float32")
        first, second = (1 - ops.power(beta, steps) for beta in (self.beta_1, self.beta_2))
        return ops.sqrt(second) / first

    def _decayed_step(self, gradient, variable, learning_rate, factor=1.0):
        if self.weight_decay is not None and self._use_weight_decay(variable):
            rate = ops.cast(learning_rate * self.weight_decay, variable.dtype)
            self.assign_sub(variable, ops.multiply(variable, rate))
        super().update_step(gradient, variable, learning_rate * factor)

    def _apply_weight_decay(self, variables):
        """Nothing: a weight decays in its own step."""

    def get_config(self):
        own = {"often": list(self.often), "every": self.every, "steps": self.steps}
        return super().get_config() | own


@register
class Slowed(keras.optimizers.schedules.LearningRateSchedule):
    """A learning-rate schedule for an optimizer that makes several steps in each step of training.

    Args:
        schedule: a Keras schedule, of training steps.
        factor: the optimizer's steps in a training step.

    >>> schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)
    >>> float(Slowed(schedule, factor=5)(50))  # of training step 10
    0.5
    """

    def __init__(
        self,
        schedule: Annotated[
            keras.optimizers.schedules.LearningRateSchedule,
            part(keras.optimizers.schedules.LearningRateSchedule),
        ],
        factor: Count,
    ):
        self.schedule = schedule
        self.factor = factor

    def __call__(self, step: Any):
        return self.schedule(ops.floor_divide(step, self.factor))


def twin(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Another optimizer of the same settings.

    It has no moving average, which is the generator's.

    >>> twin(keras.optimizers.Adam(0.1, use_ema=True)).use_ema
    False
    """
    return type(optimizer).from_config({**optimizer.get_config(), "use_ema": False})


def slowed(optimizer: keras.optimizers.Optimizer, critic_steps: int) -> keras.optimizers.Optimizer:
    """The optimizer itself, or one whose schedule takes `critic_steps` steps for one.

    >>> schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)
    >>> slowed(keras.optimizers.Adam(schedule), 5).get_config()["learning_rate"]["class_name"]
    'Slowed'
    """
    config = optimizer.get_config()
    rate = config["learning_rate"]
    schedules = keras.optimizers.schedules
    is_schedule = isinstance(rate, dict) and rate.get("class_name") != Slowed.__name__
    if critic_steps == 1 or not is_schedule:
        return optimizer
    schedule = Slowed(schedules.deserialize(rate), critic_steps)
    return type(optimizer).from_config({**config, "learning_rate": schedules.serialize(schedule)})
