"""Whether what a model draws in one sense is of the class that another sense shows."""

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
        that is told and never asked, `coherence[all to it]`, given all that have an encoder.

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
    judged = [name for name, event in model.event.events.items() if name in judges or event.count]
    labels, shown = np.asarray(labels), {"mean": model.shows_means}

    def classes(drawn, name):
        if name in judges:
            return np.argmax(mapped(judges[name].probabilities, _BATCH, drawn[name]), axis=-1)
        return np.asarray(drawn[name])

    def share(given, name):
        drawn = model.sample(given={each: examples[each] for each in given}, seed=seed, **shown)
        return figure.mean(100.0 * (classes(drawn, name) == labels), "%")

    found = {
        f"coherence[{source} to {target}]": share([source], target)
        for source in asked
        for target in judged
        if target != source
    }
    for name in judged:
        if name not in model.encoder.networks:
            found[f"coherence[all to {name}]"] = share(asked, name)
    drawn = model.sample(num_samples, seed=seed, **shown)
    of_each = np.stack([classes(drawn, name) for name in judged])
    agree = np.all(of_each == of_each[0], axis=0)
    return {"joint_coherence": figure.mean(100.0 * agree, "%")} | found
