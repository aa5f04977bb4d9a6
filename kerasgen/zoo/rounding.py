"""Weights rounded to half precision, wherever the model then says the same.

Every part of the model is rounded, and stays so if on examples

- the mean of log p(x) moves by less than 0.001 nats, on the same noise,
- no token changes,
- reconstructions, a generator's samples from the same noise and a classifier's probabilities move
  by less than 0.0004 in the mean, a tenth of one of 255 levels.

A tokenizer's encoder rarely passes, as some token always lies near a border; decoders do.
"""

import keras
import numpy as np
from keras import ops

from kerasgen import abilities, batches
from kerasgen.zoo import weights

_EXAMPLES = 256  # of those given, as many as the comparison takes
_SAMPLES = 16  # drawn where none are given
_NATS = 1e-3
_VALUES = 4e-4


def round_weights(model: keras.Model, x=None, condition=None) -> None:
    """Rounds a model's weights to values of half precision, but for parts that would move a figure.

    Args:
        model: built.
        x: `[n, *event_shape]` examples, or None: then the model draws them or, where it cannot,
            noise stands for them.
        condition: of these examples, of a conditional model.
    """
    examples = answers = None
    for part in _parts(model):
        before = [keras.ops.convert_to_numpy(variable) for variable in part]
        after = [weights.to_half(values).astype("float32") for values in before]
        are_finite = all(np.all(np.isfinite(values)) for values in after)
        if not are_finite or all(map(np.array_equal, before, after)):
            continue
        examples = examples or _examples(model, x, condition)
        answers = answers or _answers(model, *examples)
        _assign(part, after)
        if not _same(answers, _answers(model, *examples)):
            _assign(part, before)


def _parts(layer):
    """Variables that may be rounded: a layer's below a model together, a model's own apart."""
    layers = layer.layers if isinstance(layer, keras.Model) else []
    inner = [part for sub in layers for part in _parts(sub)]
    elsewhere = {id(variable) for sub in layers for variable in sub.weights}
    own = [v for v in layer.weights if id(v) not in elsewhere and weights.may_round(v)]
    return inner + ([[variable] for variable in own] if isinstance(layer, keras.Model) else [own])


def _assign(variables, values):
    for variable, array in zip(variables, values):
        variable.assign(array)


def _examples(model, x, condition):
    """Examples, and a condition where the model has one: those given, or any that are at hand."""
    if x is None and not isinstance(model, abilities.Samples):
        x = model.event.example(_EXAMPLES, 0)
    n = _SAMPLES if x is None else min(batches.count(x), _EXAMPLES)
    if condition is None:
        condition = model.condition.shown(n)
    condition = None if condition is None else condition[:n]
    if x is None:
        return model.sample(n, condition, seed=0), condition
    return keras.tree.map_structure(lambda rows: rows[:n], x), condition


def _answers(model, x, condition):
    """What a model says of examples, by the ability that says it."""
    answers = {}
    if isinstance(model, abilities.Scores):
        is_estimate = model.likelihood_kind == "estimate"
        draws = {"num_samples": 16, "seed": 0} if is_estimate else {}
        answers["log_prob"] = ops.mean(model.log_prob(x, condition, **draws))
    elif isinstance(model, abilities.Samples):
        answers["sample"] = model.sample(batches.count(x), condition, seed=0)
    if isinstance(model, abilities.Tokenizes):
        answers["tokenize"] = model.tokenize(x)
    if isinstance(model, abilities.Reconstructs):
        answers["reconstruct"] = model.reconstruct(x, condition)
    if isinstance(model, abilities.Classifies):
        answers["probabilities"] = model.probabilities(x)
    return {
        f"{name}/{i}": np.asarray(part, "float64")
        for name, answer in answers.items()
        for i, part in enumerate(keras.tree.flatten(answer))
    }


def _same(before, after):
    """Whether answers are the same but for what the tolerances allow; what is not finite is not."""
    limits = {"log_prob": _NATS, "tokenize": 0.0}
    return all(
        np.mean(np.abs(after[key] - before[key])) <= limits.get(key.partition("/")[0], _VALUES)
        for key in before
    )
