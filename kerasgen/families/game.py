"""The training of a generator and a critic in one step.

The batch is shared out among the critic's steps, and one step of the generator follows. Both
optimizers are one, so that checkpoints and callbacks know nothing of it.
"""

import keras
from keras import ops

from kerasgen import backend, calls
from kerasgen.entrance import entrance
from kerasgen.loss import Loss, mean, penalties
from kerasgen.optimizers import GANOptimizers, slowed, twin


class TwoSidedTraining:
    """A mixin before `GenerativeModel`: `compile` with two optimizers, and `train_step`.

    The model has a `generator`, a `critic` with a `head`, `critic_steps`, `regularizers`, weights
    of terms by name, `penalties`, and the mean of what is reported, `divergence_mean`. It gives the
    terms of each side, `_critic_terms` and `_generator_terms`, each with what is to be reported.

    >>> issubclass(kerasgen.families.AdversarialModel, TwoSidedTraining)
    True
    """

    @property
    def log_units(self):
        declared = [units for each in self.regularizers for units in each.units.items()]
        names = (*self.first_fault.names, "loss", "divergence")
        return dict.fromkeys(names, self.divergence.unit) | dict(declared)

    def compile(self, optimizer=None, critic_optimizer=None, **kwargs):
        """Keras' `compile`.

        Args:
            optimizer: the generator's, or `kerasgen.optimizers.GANOptimizers`; Adam(2e-4,
                beta_1=0.5) by default, which is DCGAN's (Radford and others 2016). A callback that
                sets the learning rate moves both rates by the same factor.
            critic_optimizer: one of the same settings by default, without a moving average. The
                learning-rate schedules of both count training steps, of which the critic makes
                `critic_steps` each.
            kwargs: Keras' own.

        Raises:
            ValueError: the model computes in float16, whose loss scaling knows one optimizer; two
                optimizers of the critic.
        """
        if self.dtype_policy.name == "mixed_float16":
            raise ValueError(
                "Expected the dtype policy float32 or mixed_bfloat16: Keras scales the loss of one "
                "optimizer, and here are two. Received: mixed_float16. Build the model under "
                "mixed_bfloat16, which needs no scaling."
            )
        optimizer = calls.optimizer(optimizer or keras.optimizers.Adam(2e-4, beta_1=0.5))
        if isinstance(optimizer, GANOptimizers):
            if critic_optimizer is not None:
                raise ValueError(
                    "Expected critic_optimizer=None beside GANOptimizers, which hold the critic's. "
                    f"Received: {type(critic_optimizer).__name__}. Drop it."
                )
            optimizer, critic_optimizer = optimizer.generator, optimizer.critic
        critic_optimizer = calls.optimizer(critic_optimizer or twin(optimizer))
        both = GANOptimizers(optimizer, slowed(critic_optimizer, self.critic_steps))
        both.build_both(self.generator.trainable_variables, self._critic_variables)
        super().compile(both, **kwargs)

    @property
    def _critic_variables(self):
        return [*self.critic.trainable_variables, *self.head.trainable_variables]

    def train_step(self, *args):
        """A step of training: `train_step(data)`; under JAX `train_step(state, data)`, which
        returns the new state.
        """
        calls.check_parts(args[-1])
        return backend.train_step(self, self._play, *args)

    def _play(self, data, scope):
        """`critic_steps` steps of the critic, then one of the generator, and the metrics."""
        x, condition, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        calls.refuse("Samples cannot be weighed: drop it.", sample_weight=sample_weight)
        x, condition, faults = self.received(x, condition)
        critic = self._critic_terms, self.optimizer.critic, (self.critic, self.head)
        generator = self._generator_terms, self.optimizer.generator, (self.generator,)
        groups, divergences = [], []
        for x_part, condition_part in self._parts(x, condition):
            terms, divergence = self._step(*critic, x_part, condition_part, scope)
            groups.append(terms)
            divergences.append(divergence)
            for each in self.regularizers:
                each.constrain(self._critic_variables)
        made, _ = self._step(*generator, x_part, condition_part, scope)
        self.first_fault.update_state(*groups, made, data=faults)
        terms = {name: ops.concatenate([group[name] for group in groups]) for name in terms}
        self._loss_tracker.update_state(
            self._logged(terms | made, sum(divergences) / len(divergences))
        )

    def _parts(self, x, condition):
        """The batch in `critic_steps` parts of one size; what they lack they take from the start
        again.
        """
        size = -(-ops.shape(x)[0] // self.critic_steps)
        for part in range(self.critic_steps):
            rows = (part * size + ops.arange(size)) % ops.shape(x)[0]
            yield (
                ops.take(x, rows, axis=0),
                None if condition is None else ops.take(condition, rows, axis=0),
            )

    def _step(self, terms_of, optimizer, side, x, condition, scope):
        def loss():
            terms, report = terms_of(x, condition, training=True)
            # Keras optimizers sum gradients over replicas, and take out a loss_scale_factor.
            value = (self._weighted(terms) + penalties(*side)) / backend.num_replicas()
            return optimizer.scale_loss(value), (terms, report)

        variables = [variable for layer in side for variable in layer.trainable_variables]
        (_, result), gradients = backend.value_and_gradients(loss, variables, scope)
        optimizer.apply(gradients, variables)
        return result

    @entrance
    def score(self, x, condition=None, training=False):
        """The critic's scores `[B]` float32 of examples: higher, the more an example looks like
        data.
        """
        return self.head(
            ops.cast(self.critic(x, training=training), "float32"), condition, training=training
        )

    def _terms(self, x, condition, training):
        """The terms of both sides, and the divergence."""
        terms, divergence = self._critic_terms(x, condition, training)
        return terms | self._generator_terms(x, condition, training)[0], divergence

    def loss_terms(self, x, condition=None, training=False):
        """What each side minimises, and the critic's penalties: `critic`, `generator`,
        ..., `[B]`.
        """
        return Loss(self._terms(x, condition, training)[0], self.penalties)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The sum of both sides' losses, which `evaluate` logs; `train_step` has one of each."""
        calls.refuse("Samples cannot be weighed: drop it.", sample_weight=sample_weight)
        x, y, faults = self.received(x, y)
        terms, divergence = self._terms(x, y, training)
        self.first_fault.update_state(terms, data=faults)
        return self._logged(terms, divergence) / backend.num_replicas()

    def _logged(self, terms, divergence):
        """The loss of these terms, whose means it takes into account, as it does the divergence."""
        for name, term in terms.items():
            self.term_means[name].update_state(term)
        count = ops.shape(terms["critic"])[0]
        # A replica without examples weighs nothing.
        self.divergence_mean.update_state(ops.where(count > 0, divergence, 0.0), count)
        return self._weighted(terms) + penalties(self)

    def _weighted(self, terms):
        return sum(self.penalties.get(name, 1.0) * mean(term) for name, term in terms.items())
