"""Figures of models of several senses, sense by sense.

Coherence, whether senses show the same, is in `kerasgen.metrics.coherence`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import tree

from kerasgen.abilities import Classifies
from kerasgen.batches import count, mapped
from kerasgen.families import MultimodalVAE
from kerasgen.metrics import features, figure
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.frechet import Moments, frechet_distance

_BATCH = 500


def nll(
    model: MultimodalVAE, examples: Mapping[str, Any], num_samples: int = 100, seed: int = 0
) -> dict[str, Figure]:
    """By importance samples, -log p of each sense, and of all others given it.

    Args:
        model: of several senses.
        examples: by sense, at least 2 of each.
        num_samples: of each estimate.
        seed: of these.

    Returns:
        For each sense with an encoder `nll[sense]`, an upper bound in expectation, and
        `nll[others given sense]`, a difference of two estimates.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = MultimodalVAE(
    ...     events.Partial({"left": [2], "right": [2]}),
    ...     {name: networks.MLP((8,), (8,)) for name in ("left", "right")},
    ...     bottlenecks.Experts(1, {"left": 1, "right": 1}),
    ...     {name: networks.MLP(hidden=(8,)) for name in ("left", "right")},
    ...     {name: likelihoods.Gaussian() for name in ("left", "right")},
    ... )
    >>> list(nll(model, model.event.example(4, seed=0), num_samples=2))[:2]
    ['nll[left]', 'nll[right]']
    """
    asked = list(model.encoder.networks)

    def score(x, _, batch):
        how = {"num_samples": num_samples, "seed": seed + batch}
        joint = model.log_prob(x, **how)
        alone = [model.log_prob({name: x[name]}, **how) for name in asked]
        return [*alone, *(joint - each for each in alone)]

    names = [f"nll[{name}]" for name in asked] + [f"nll[others given {name}]" for name in asked]
    scores = figure.by_batch(score, {name: examples[name] for name in model.event.events}, None)
    return {name: figure.mean(-each, "nats") for name, each in zip(names, scores)}


def quality(
    model: MultimodalVAE,
    examples: Mapping[str, Any],
    training: Mapping[str, Any],
    judges: Mapping[str, Any],
    seed: int = 0,
) -> dict[str, Figure]:
    """The Fréchet distance of each sense's samples by its judge's features, and its floor.

    Args:
        model: of several senses, of which as many samples are drawn as there are examples.
        examples: held out, by sense.
        training: as many or more, whose first stand in the samples' place for the floor.
        judges: `kerasgen.zoo.Judge` by sense.
        seed: of the samples.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = MultimodalVAE(
    ...     events.Partial({"left": [2], "right": [2]}),
    ...     {name: networks.MLP((8,), (8,)) for name in ("left", "right")},
    ...     bottlenecks.Experts(1, {"left": 1, "right": 1}),
    ...     {name: networks.MLP(hidden=(8,)) for name in ("left", "right")},
    ...     {name: likelihoods.Gaussian() for name in ("left", "right")},
    ... )
    >>> x = model.event.example(4, seed=0)
    >>> list(quality(model, x, x, {}))  # nobody judges
    []
    """
    n = count(examples)
    samples, figures = model.shown_samples(n, seed=seed), {}
    for sense, judge in judges.items():
        extract = features.of(judge)
        held_out = Moments.of(extract.batches(np.asarray(examples[sense])))
        for name, x in (("", samples[sense]), ("_floor", training[sense][:n])):
            distance = frechet_distance(Moments.of(extract.batches(np.asarray(x))), held_out)
            figures[f"frechet_distance{name}[{judge.name}]"] = Figure(distance, "squared features")
    return figures


def swaps(
    model: MultimodalVAE,
    examples: Mapping[str, Any],
    labels: Any,
    judges: Mapping[str, Classifies],
    style_judges: Mapping[str, Classifies],
    seed: int = 0,
) -> dict[str, Figure]:
    """Whether what `model.swap` draws shows the class and the style that were asked for.

    Args:
        model: of several senses.
        examples: held out, by sense.
        labels: their classes, `[N]`.
        judges: of classes, by sense.
        style_judges: of something else that a sense tells, as who speaks, by sense.
        seed: of the pairs and the codes.

    Returns:
        In percent, over pairs of examples of two classes: `swapped_class[sense]`, of the class of
        the one that the shared factor is of; `kept_style[sense]`, of the style that the judge finds
        in the one that the private factors are of.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = MultimodalVAE(
    ...     events.Partial({"left": [2], "right": [2]}),
    ...     {name: networks.MLP((8,), (8,)) for name in ("left", "right")},
    ...     bottlenecks.Experts(1, {"left": 1, "right": 1}),
    ...     {name: networks.MLP(hidden=(8,)) for name in ("left", "right")},
    ...     {name: likelihoods.Gaussian() for name in ("left", "right")},
    ... )
    >>> x = model.event.example(4, seed=0)
    >>> list(swaps(model, x, np.arange(4), {}, {}))  # nobody judges
    []
    """
    other = np.random.default_rng(seed).permutation(count(examples))
    differs = labels != labels[other]
    style = tree.map_structure(lambda x: x[differs], dict(examples))
    content = tree.map_structure(lambda x: x[other][differs], dict(examples))
    drawn = model.swap(content, style, seed)
    figures = {
        f"swapped_class[{sense}]": _share(_judged(judge, drawn[sense]) == labels[other][differs])
        for sense, judge in judges.items()
    }
    return figures | {
        f"kept_style[{sense}]": _share(_judged(judge, drawn[sense]) == _judged(judge, style[sense]))
        for sense, judge in style_judges.items()
    }


def _share(agree):
    return figure.mean(100.0 * agree, "%")


def _judged(judge, examples):
    return np.argmax(mapped(judge.probabilities, _BATCH, examples), axis=-1)
