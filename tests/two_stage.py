"""Two-stage models of random weights, for the tests: some weights start at zero, which would hide
what they do.
"""

import numpy as np
from tiny import tiny_two_stage

from kerasgen import families, networks


def build(condition=None, grid=False, event_shape=(8, 8, 1)):
    """A transformer or a PixelCNN."""
    model = tiny_two_stage(condition, event_shape)
    if grid:
        network = _grid(model.num_classes or 1)
        model = families.TwoStageModel(event_shape, model.tokenizer, network, model.num_classes)
    return _randomized(model)


def guidable(condition, grid=False, event_shape=(4, 6, 1), **options):
    """One that knows what is likely without a condition."""
    model = tiny_two_stage(condition, event_shape)
    size = model.condition.vocab_size + (not model.reads_text)
    network = _grid(size) if grid else networks.TokenTransformer(16, size, 8, 1, 2)
    options = {"condition_dropout": 0.5, **options}
    return _randomized(
        families.TwoStageModel(event_shape, model.tokenizer, network, model.condition, **options)
    )


def _grid(prefix_size):
    return networks.TokenGrid(16, networks.PixelCNN(16, 8, 2, first_kernel_size=3), prefix_size, 4)


def _randomized(model):
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.5 * rng.standard_normal(weight.shape))
    return model


def condition_of(model, count):
    return None if model.condition.shown(1) is None else model.condition.shown(count)
