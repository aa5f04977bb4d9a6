"""How a run's model begins: from its seed, from presets, or where a checkpoint left it."""

import functools
import math
import sys

import keras

from kerasgen import backend, zoo
from kerasgen.reports import report


def build(recipe, schedule, is_new):
    """The recipe's model, on the weights of the presets that the schedule names where it is new.

    Raises:
        ValueError: replicas cannot share a batch evenly, or the schedule does not suit the model.

    >>> from kerasgen.training import schedule
    >>> recipe = kerasgen.zoo.recipe("gan_mnist")
    >>> type(build(recipe, schedule.of(recipe), is_new=True)).__name__
    'AdversarialModel'
    """
    replicas = backend.num_replicas()
    if recipe.data["batch_size"] % replicas:
        raise ValueError(
            f"Expected a batch_size that {replicas} replicas share evenly. Received: "
            f"{recipe.data['batch_size']}. Change data.batch_size, or the number of devices."
        )
    model = recipe.build()
    if schedule.ema and (why := report(model).follows_newest_weights):
        raise ValueError(
            f"Expected no training.ema beside {why} and not an averaged one. "
            f"Received: training.ema={schedule.ema}. Drop it."
        )
    if is_new:
        _load(model, schedule.start_from)
    return model


def warn_of_short(model, schedule, steps):
    """Says on stderr what is longer than a run of so many steps, which then ends half-way.

    >>> from kerasgen.training import schedule
    >>> recipe = kerasgen.zoo.recipe("gan_mnist")
    >>> warn_of_short(recipe.build(), schedule.of(recipe), steps=10_000)  # long enough
    """
    total = schedule.epochs * steps
    spans = {
        "training.warmup_steps": schedule.warmup_steps,
        "the warm-up of the loss": report(model).annealing_steps,
        "the average of the weights, training.ema": schedule.ema and 1 / (1 - schedule.ema),
    }
    for name, span in spans.items():
        if span and span > total:
            epochs = math.ceil(4 * span / steps)
            print(
                f"kerasgen: warning: the run of {total:,} steps is shorter than {name}, which "
                f"takes {span:,.0f} steps. Set training.epochs={epochs:,}, or shorten that.",
                file=sys.stderr,
            )


def _load(model, presets):
    """Gives a model, or the parts of it that are named, the weights of presets."""
    if isinstance(presets, dict):
        for place, preset in presets.items():
            _load_part(model, place, preset)
    elif presets:
        print(f"Started from {presets}: {len(zoo.warm_start(model, presets))} arrays fit.")


def _load_part(model, place, preset):
    """Gives a part that is a model a whole preset, a layer what fits of a preset's, `NAME:part`."""
    names = place.split(".")
    part = functools.reduce(lambda owner, name: getattr(owner, name, None), names, model)
    name, _, source = str(preset).rpartition(":")
    if isinstance(part, keras.Model):
        zoo.load_into(part, preset)
    elif isinstance(part, keras.Layer) and name:
        fitting = zoo.warm_start_layer(part, name, source)
        print(f"Started {place} from {preset}: {len(fitting)} arrays fit.")
    else:
        raise ValueError(
            f"Expected training.start_from to name a preset for a part of {type(model).__name__} "
            "that is a model, or a preset's part, NAME:part, for one that is a layer. "
            f"Received: {place}: {preset}."
        )
