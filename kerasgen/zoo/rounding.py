"""Weights rounded to half precision, wherever the model then says the same.

Every part of the model is rounded, and stays so if on examples

- the mean of log p(x) moves by less than 0.001 nats, on the same noise,
- no token changes,
- reconstructions, a generator's samples from the same noise and a classifier's probabilities move
  by less than 0.0004 in the mean, a tenth of one of 255 levels.

A tokenizer's encoder rarely passes, as some token always lies near a border; decoders do.
"""

import inspect

import keras
import numpy as np

from kerasgen.model import GenerativeModel
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
    is_generative = isinstance(model, GenerativeModel)
    count = _SAMPLES if x is None else min(len(x), _EXAMPLES)
    shown = model.shown_condition(count) if is_generative else None
    if shown is not None and condition is not None:
        shown = condition[:count]
    if x is not None:
        return x[:count], shown
    if hasattr(model, "sample"):
        return model.sample(count, shown, seed=0), shown
    return np.random.default_rng(0).random((count, *model.event_shape), "float32"), shown


def _answers(model, x, condition):
    """What a model says of examples, by the method that says it."""
    answers = {}
    if hasattr(model, "log_prob"):
        is_estimate = "num_samples" in inspect.signature(model.log_prob).parameters
        draws = {"num_samples": 16, "seed": 0} if is_estimate else {}
        answers["log_prob"] = np.mean(model.log_prob(x, condition, **draws), dtype="float64")
    if hasattr(model, "tokenize"):
        answers["tokenize"] = np.asarray(model.tokenize(x))
    if hasattr(model, "reconstruct"):
        answers["reconstruct"] = np.asarray(model.reconstruct(x, condition))
    if hasattr(model, "generate"):
        answers["sample"] = np.asarray(model.sample(len(x), condition, seed=0))
    if hasattr(model, "probabilities"):
        answers["probabilities"] = np.asarray(model.probabilities(x))
    return answers


def _same(before, after):
    """Whether answers are the same but for what the tolerances allow; what is not finite is not."""
    limits = {"log_prob": _NATS, "tokenize": 0.0}
    return all(
        np.mean(np.abs(after[key] - before[key])) <= limits.get(key, _VALUES) for key in before
    )
