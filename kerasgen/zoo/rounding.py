"""Weights rounded to half precision, wherever the model then says the same.

Every part of the model is rounded, or a half of it, a quarter or an eighth, and stays so if on
examples

- the mean of log p(x) moves by at most 0.001 nats or, where that is more, by a hundred-thousandth
  of itself, on the same noise,
- no token changes,
- reconstructions, a generator's samples from the same noise and a classifier's probabilities move
  by less than 0.0004 in the mean, a tenth of one of 255 levels.

A card tells the mean over thousands of test examples with a standard error, which grows with what
it is an error of: it is 0.012 % of the mean at least. So rounding moves no figure of the shipped
cards by more than a seventh of its error, whether it is of 1.7 nats or of 1,774.

A tokenizer's encoder rarely passes, as some token always lies near a border; decoders do. It is not
tried in halves: those that no token of the examples minds change some of other images.
"""

import keras
import numpy as np
from keras import ops

from kerasgen import abilities, batches
from kerasgen.zoo import weights

EXAMPLES = 256  # of those given, as many as the comparison takes
_SAMPLES = 16  # drawn where none are given
_HALVINGS = 3  # of a part that cannot be rounded whole
_NATS, _SHARE = 1e-3, 1e-5  # of the mean of log p(x), absolute and of itself
_VALUES = 4e-4


def round_weights(model: keras.Model, x=None, condition=None) -> None:
    """Rounds a model's weights to values of half precision, but for parts that would move a figure.

    Args:
        model: built.
        x: `[n, *event_shape]` examples, or None: then the model draws them or, where it cannot,
            noise stands for them.
        condition: of these examples, of a conditional model.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> round_weights(vae)
    >>> kernel = vae.weights[0].numpy()
    >>> bool(np.all(kernel == kernel.astype("float16")))
    True
    """
    examples = answers = None
    waiting = [(part, _HALVINGS) for part in reversed(_parts(model))]
    while waiting:
        part, halvings = waiting.pop()
        before = [keras.ops.convert_to_numpy(variable) for variable in part]
        after = [weights.to_half(values).astype("float32") for values in before]
        if all(map(np.array_equal, before, after)):
            continue
        examples = examples or _examples(model, x, condition)
        answers = answers or _answers(model, *examples)
        _assign(part, after)
        are_finite = all(np.all(np.isfinite(values)) for values in after)
        moved = _moved(answers, _answers(model, *examples)) if are_finite else {"weights"}
        if not moved:
            continue
        _assign(part, before)
        if halvings and len(part) > 1 and "tokens" not in moved:
            half = len(part) // 2
            waiting += [(part[half:], halvings - 1), (part[:half], halvings - 1)]


def _parts(layer):
    """Variables that may be rounded: a layer's below a model together, a model's own apart."""
    layers = getattr(layer, "layers", None)  # of a model
    inner = [part for sub in layers or () for part in _parts(sub)]
    elsewhere = {id(variable) for sub in layers or () for variable in sub.weights}
    own = [v for v in layer.weights if id(v) not in elsewhere and weights.may_round(v)]
    return inner + ([[variable] for variable in own] if layers is not None else [own])


def _assign(variables, values):
    for variable, array in zip(variables, values):
        variable.assign(array)


def _examples(model, x, condition):
    """Examples, and a condition where the model has one: those given, or any that are at hand."""
    if x is None and "sample" not in abilities.methods(model):
        x = model.event.example(EXAMPLES, 0)
    n = _SAMPLES if x is None else min(batches.count(x), EXAMPLES)
    if condition is None:
        condition = model.condition.shown(n)
    condition = None if condition is None else condition[:n]
    if x is None:
        x = model.sample(n, condition, seed=0)
        if any(map(bool, model.event.faults(x).values())):  # draws of a density, between levels
            x = model.event.example(n, 0)
    return keras.tree.map_structure(lambda rows: rows[:n], x), condition


def _answers(model, x, condition):
    """What a model says of examples, by the ability that says it."""
    draws = {"num_samples": 16, "seed": 0} if model.likelihood_kind == "estimate" else {}
    ask = {
        "log_prob": lambda: ops.mean(model.log_prob(x, condition, **draws)),
        "sample": lambda: model.sample(batches.count(x), condition, seed=0),
        "reconstruct": lambda: model.reconstruct(x, condition),
        "probabilities": lambda: model.probabilities(x),
    }
    if model.likelihood_kind is not None:
        del ask["sample"]  # whose draws say less than their probabilities
    asked = {name: ask[name] for name in abilities.methods(model) if name in ask}
    for each in (model, *model.layers):
        if "tokenize" in abilities.methods(each):
            asked["tokens"] = lambda each=each: each.tokenize(x)
    return {
        (name, i): np.asarray(part, "float64")
        for name, answer in asked.items()
        for i, part in enumerate(keras.tree.flatten(answer()))
    }


def _moved(before, after):
    """Names of the answers that differ by more than the tolerances; what is not finite does."""

    def limit(name, answer):
        if name == "log_prob":
            return max(_NATS, _SHARE * np.abs(answer))
        return 0.0 if name == "tokens" else _VALUES

    return {
        name
        for (name, i), answer in before.items()
        if not np.mean(np.abs(after[name, i] - answer)) <= limit(name, answer)
    }
