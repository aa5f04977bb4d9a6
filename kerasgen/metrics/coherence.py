"""Whether what a model draws in one sense is of the class that another sense shows."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen.abilities import Classifies
from kerasgen.batches import mapped
from kerasgen.families import MultimodalVAE
from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure

_BATCH = 500


def coherence(
    model: MultimodalVAE,
    examples: Mapping[str, Any],
    labels: Any,
    judges: Mapping[str, Classifies],
    num_samples: int = 10_000,
    seed: int = 0,
) -> dict[str, Figure]:
    """The share of draws that judges give the class of what was given, and each other's.

    Shi and others, Variational Mixture-of-Experts Deep Generative Models, 2019 (arXiv 1911.03393),
    section 4.1: synergy by joint and cross coherence.

    Args:
        model: of several senses. A sense whose event is `Classes` judges itself.
        examples: by sense, `[N, ...]` each.
        labels: their classes, `[N]`.
        judges: classifiers of the same classes, by the senses that they judge.
        num_samples: drawn from the prior, for joint coherence.
        seed: of the codes; what is judged are means of p(x | z), where the model shows these.

    Returns:
        In percent: `joint_coherence`, the share of samples that all judges give one class; and for
        each sense with an encoder and each other one, `coherence[one to other]`; for every sense
        that is told and never asked, also `coherence[one+another to it]` of every set of those
        that have an encoder, `coherence[all to it]` of all.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = MultimodalVAE(
    ...     events.Partial({"point": [2], "side": events.Classes(2)}),
    ...     {"point": networks.MLP((8,), (8,))},
    ...     bottlenecks.Experts(shared_dim=1),
    ...     {name: networks.MLP(hidden=(8,)) for name in ("point", "side")},
    ...     {"point": likelihoods.Gaussian(), "side": likelihoods.CategoricalTokens()},
    ... )
    >>> points = {"point": np.zeros((4, 2), "float32")}
    >>> sorted(coherence(model, points, np.zeros(4, int), {}, num_samples=4))
    ['coherence[all to side]', 'coherence[point to side]', 'joint_coherence']
    """
    asked = [name for name in model.encoder.networks if name in examples]
    told = [name for name in model.event.events if name not in model.encoder.networks]
    judged = [name for name, event in model.event.events.items() if name in judges or event.count]
    shown = {"seed": seed, "mean": model.shows_means}

    def share(given, name):
        drawn = model.sample(given={each: examples[each] for each in given}, **shown)
        agree = _classes(drawn[name], judges.get(name)) == np.asarray(labels)
        return figure.mean(100.0 * agree, "%")

    pairs = _directions(asked, judged, told)
    drawn = model.sample(num_samples, **shown)
    of_each = np.stack([_classes(drawn[name], judges.get(name)) for name in judged])
    agree = np.all(of_each == of_each[0], axis=0)
    return {"joint_coherence": figure.mean(100.0 * agree, "%")} | {
        f"coherence[{pair}]": share(given, name) for pair, (given, name) in pairs.items()
    }


def _directions(asked, judged, told):
    """By their names, the senses that are given and the one that is drawn."""
    pairs = {f"{one} to {other}": ([one], other) for one in asked for other in judged}
    pairs = {name: (given, other) for name, (given, other) in pairs.items() if given != [other]}
    for name in (each for each in judged if each in told):
        for size in range(2, len(asked)):
            sets = itertools.combinations(asked, size)
            pairs |= {f"{'+'.join(given)} to {name}": (list(given), name) for given in sets}
        pairs[f"all to {name}"] = asked, name
    return pairs


def _classes(drawn, judge):
    """As a judge says, or without one as they are drawn."""
    if judge is None:
        return np.asarray(drawn)
    return np.argmax(mapped(judge.probabilities, _BATCH, drawn), axis=-1)
