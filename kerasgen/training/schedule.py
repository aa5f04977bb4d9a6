"""How long a run trains and how fast: the `training` section of a recipe."""

import dataclasses
import math
import numbers

import keras
from keras import ops

from kerasgen import checks
from kerasgen.optimizers import GANOptimizers
from kerasgen.registration import register


@register
class WarmupStableDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise from 0, a plateau, a linear fall to 0 (Hu and others 2024, arXiv 2404.06395).

    Args:
        learning_rate: of the plateau.
        warmup_steps: steps of the rise.
        decay_start, total_steps: the steps at which the fall begins and ends.

    >>> schedule = WarmupStableDecay(1e-3, warmup_steps=10, decay_start=80, total_steps=100)
    >>> [round(float(schedule(step)), 6) for step in (0, 10, 50, 90, 100)]
    [0.0001, 0.001, 0.001, 0.0005, 0.0]
    """

    def __init__(self, learning_rate, warmup_steps, decay_start, total_steps):
        self.learning_rate = learning_rate
        self.warmup_steps = warmup_steps
        self.decay_start = decay_start
        self.total_steps = total_steps

    def __call__(self, step):
        step = ops.cast(step, "float32")
        rise = (step + 1) / max(self.warmup_steps, 1)
        fall = (self.total_steps - step) / max(self.total_steps - self.decay_start, 1)
        return self.learning_rate * ops.clip(ops.minimum(rise, fall), 0.0, 1.0)


@dataclasses.dataclass
class TrainingConfig:
    """A recipe's `training` section.

    Attributes:
        epochs: passes over the training set, unless `passes` says more.
        learning_rate: on the plateau between warm-up and decay.
        method: "adam", or "sgd" with Nesterov's momentum.
        critic_learning_rate: of an adversarial model's critic; as the generator's by default.
        beta_1, beta_2: Adam's decay rates of the gradient's mean and square; beta_1 is the momentum
            of "sgd" too.
        weight_decay: share of each kernel taken off at every step, times the learning rate
            (Loshchilov and Hutter 2017, arXiv 1711.05101). Biases and the parameters of
            normalisations keep theirs.
        warmup_steps: steps over which the learning rate rises.
        decay: share of all steps, at the end, over which it falls to 0.
        ema: momentum of the moving average of the weights that the run ends with, or None for the
            last weights.
        precision: Keras dtype policy of the networks, "float32" or "mixed_bfloat16"; likelihoods
            stay in float32.
        jit_compile: compile the step with XLA, unless replicas share it. Pays on GPUs and CPUs
            without bfloat16 units.
        steps_per_execution: steps between two returns to Python.
        passes: over the training set in what a run calls an epoch. Of a small set several, as what
            ends an epoch, logs and a checkpoint, takes time.
        validation: a split that is not trained on, as "train[90%:]" beside a `data.split` of
            "train[:90%]". The run ends with the weights of the epoch that is best on it.
        patience: epochs without a better one after which the run ends.
        start_from: a preset whose weights the run starts from, wherever a layer of the same place
            and shapes has some; or presets by part of the model, `{tokenizer: vqvae_fashion}`, each
            of which has the part's weights exactly; or of a part that is a layer, the same layer of
            a preset, `{network.stem: "cgated_pixelcnn_mnist:network"}`, wherever the shapes agree.

    >>> type(TrainingConfig(epochs=3, learning_rate=1e-3).optimizer(steps=10)).__name__
    'Adam'
    """

    epochs: int
    learning_rate: float
    method: str = "adam"
    critic_learning_rate: float | None = None
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.0
    warmup_steps: int = 0
    decay: float = 0.0
    ema: float | None = None
    precision: str = "float32"
    jit_compile: bool = False
    steps_per_execution: int = 10
    passes: int = 1
    validation: str | None = None
    patience: int = 10
    start_from: str | dict | None = None

    def __post_init__(self):
        for name, low, high in (
            ("learning_rate", 0, math.inf),
            ("critic_learning_rate", 0, math.inf),
            ("beta_1", -1e-9, 1),
            ("beta_2", -1e-9, 1),
            ("weight_decay", -1e-9, math.inf),
            ("decay", -1e-9, 1 + 1e-9),
            ("ema", 0, 1),
        ):
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, numbers.Real) or not low < float(value) < high:
                raise ValueError(
                    f"Expected training.{name} between {round(low)} and {high:.0f}. "
                    f"Received: {value!r}"
                )
            setattr(self, name, float(value))
        if self.method not in ("adam", "sgd"):
            raise ValueError(
                f"Expected training.method to be 'adam' or 'sgd'. Received: {self.method!r}"
            )
        for name in ("epochs", "steps_per_execution", "passes", "patience"):
            checks.positive(f"training.{name}", getattr(self, name))

    def optimizer(self, steps):
        """The optimizer of `steps` steps; two as one where the critic has a rate of its own."""
        optimizer = self._optimizer(self.learning_rate, steps, self.ema)
        if self.critic_learning_rate is None:
            return optimizer
        return GANOptimizers(optimizer, self._optimizer(self.critic_learning_rate, steps))

    def _optimizer(self, learning_rate, steps, ema=None):
        decay_start = round(steps * (1 - self.decay))
        rate = WarmupStableDecay(learning_rate, self.warmup_steps, decay_start, steps)
        options = {
            "weight_decay": self.weight_decay or None,
            "use_ema": ema is not None,
            "ema_momentum": ema or 0.99,
        }
        if self.method == "sgd":
            optimizer = keras.optimizers.SGD(rate, self.beta_1, nesterov=True, **options)
        else:
            optimizer = keras.optimizers.Adam(rate, self.beta_1, self.beta_2, **options)
        if self.weight_decay:
            optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        return optimizer


def of(recipe):
    """The schedule of a recipe, or a ValueError that names the keys there are.

    >>> of(kerasgen.zoo.recipe("vae_mnist")).epochs > 0
    True
    """
    try:
        return TrainingConfig(**recipe.training)
    except TypeError as error:
        known = [field.name for field in dataclasses.fields(TrainingConfig)]
        raise ValueError(
            f"Expected training keys in {known}. Received: {sorted(recipe.training)}: {error}"
        ) from None
