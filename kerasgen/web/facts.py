"""What the page asks of a model beside its file, by what the model can do."""

from typing import Any

import numpy as np
from keras import ops

from kerasgen import abilities

_DRAWN = 500  # samples whose log-probabilities an example is compared with
_UNITS = 200  # samples over which the mean of a unit of the code varies


def facts(model: Any) -> dict[str, Any]:
    """Facts for JSON: the words of a condition, the tokens, log p(x) of samples, the units of the
    code that vary.

    >>> facts(kerasgen.zoo.load("dvae_mnist"))["tokens"]["grid"]
    [7, 7]
    """
    found: dict[str, Any] = {}
    if (vocabulary := model.condition.vocabulary) is not None:
        found["words"] = vocabulary.words
        found["sentence_length"] = vocabulary.length
        found["sentences"] = vocabulary.examples
    methods = abilities.methods(model)
    if "tokenize" in methods:
        found["tokens"] = {"size": model.vocab_size, "grid": list(model.grid_shape)}
    if "complete" in methods:
        log_probs = ops.convert_to_numpy(model.log_prob(model.sample(_DRAWN, seed=0)))
        found["log_prob_of_samples"] = np.sort(log_probs).round(2).tolist()
    if {"encode", "sample"} <= set(methods):
        means = ops.convert_to_numpy(model.encode(model.sample(_UNITS, seed=0)).mean())
        found["units"] = np.argsort(-means.std(axis=0)).tolist()
    return found
