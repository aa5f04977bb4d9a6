"""How well a model tells some senses from others."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure


def told(
    model: Any, examples: Mapping[str, Any], heard: list[str], progress: bool = False
) -> dict[str, Figure]:
    """Figures of what `model.reconstruct` says of senses that it is not given.

    Args:
        model: whose event is several senses, of which any may be missing.
        examples: by sense, at least 2 of each.
        heard: names of the senses that are given.
        progress: show a progress bar.

    Returns:
        For each sense that is told `told[sense]`: of classes how many are right in percent, beside
        `commonest[sense]`, how many the commonest class is; of numbers the share of their variance
        that is told, in percent.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = kerasgen.families.SelfSupervisedEncoder(
    ...     events.Partial({"seen": [3], "touches": events.Classes(2)}),
    ...     {"seen": networks.MLP((8,), (8,))},
    ...     bottlenecks.Experts(2),
    ...     {"touches": networks.MLP(hidden=(8,))},
    ...     {"touches": likelihoods.CategoricalTokens()},
    ... )
    >>> list(told(model, model.event.example(4, seed=0), ["seen"]))
    ['told[touches]', 'commonest[touches]']
    """
    events = {name: event for name, event in model.told.events.items() if name in examples}

    def score(x, _, batch):
        said = model.reconstruct({name: x[name] for name in heard})
        return [np.asarray(each) for name in events for each in (said[name], x[name])]

    named = {name: examples[name] for name in (*heard, *events)}
    parts = iter(figure.by_batch(score, named, None, progress))
    figures = {}
    for (name, event), said, true in zip(events.items(), parts, parts):
        if event.count:
            figures[f"told[{name}]"] = figure.mean(100.0 * (said == true), "%")
            commonest = np.bincount(true.astype(int)).argmax()
            figures[f"commonest[{name}]"] = figure.mean(100.0 * (true == commonest), "%")
        else:
            missed = np.mean((said - true) ** 2) / np.mean((true - true.mean(axis=0)) ** 2)
            figures[f"told[{name}]"] = Figure(100 * (1 - missed), "% of variance")
    return figures
