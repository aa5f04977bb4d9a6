"""Whether a density tells its data from others: the area under the ROC curve of log p(x).

Likelihoods are known to fail here: simple images often score above the data that a model was
trained on (Nalisnick and others 2019, Do Deep Generative Models Know What They Don't Know?, arXiv
1810.09136).
"""

from typing import Any

import numpy as np

from kerasgen.metrics import figure, likelihood
from kerasgen.metrics.figure import Figure
from kerasgen.model import GenerativeModel


def ood_auroc(
    model: GenerativeModel,
    examples: Any,
    others: dict[str, Any],
    seed: int = 0,
    progress: bool = False,
) -> dict[str, Figure]:
    """How well log p(x) tells held-out images from out-of-distribution ones.

    Args:
        model: with the ability `Scores`; the classes of a conditional one are taken for equally
            likely.
        examples: `[N, *event_shape]`, held out.
        others: other images `[M, *event_shape]` by name. Uniform noise over the examples' own
            values joins them, and the constant images: `black` of their least value, `white` of
                their
            largest and `constant` of all between.
        seed: of the noise, and of what a mixture draws.
        progress: show progress bars.

    Returns:
        `ood_auroc[name]`: the probability in percent that an example has a higher log p(x) than
        another image, ties counted half; 50 by guessing.

    >>> model = kerasgen.families.Mixture([2], num_components=1)
    >>> points = np.random.default_rng(0).standard_normal((9, 2))
    >>> print(ood_auroc(model, points, {"far": points + 9})["ood_auroc[far]"])
    100 % of pairs (50 by guessing)
    """
    from sklearn.metrics import roc_auc_score

    examples = np.asarray(examples, "float32")

    def score(x, _, batch):
        if model.num_classes is not None:
            return (likelihood.marginal(model, x),)
        return (likelihood.log_prob(model, x, seed=seed + batch),)

    def scores(images):
        return figure.by_batch(score, np.asarray(images, "float32"), None, progress)[0]

    own, figures = scores(examples), {}
    for name, images in (others | _simple(examples, seed)).items():
        other = scores(images)
        is_own = np.repeat([True, False], [len(own), len(other)])
        area = roc_auc_score(is_own, np.concatenate([own, other]))
        figures[f"ood_auroc[{name}]"] = Figure(100 * float(area), "% of pairs (50 by guessing)")
    return figures


def _simple(examples, seed):
    """Noise and constant images of the examples' own values, by name."""
    values = np.unique(examples)
    noise = np.random.default_rng(seed).choice(values, size=examples.shape)
    kinds = {"black": values[:1], "white": values[-1:], "constant": values[1:-1]}
    constants = {name: _constant(some, examples[0]) for name, some in kinds.items() if len(some)}
    return {"noise": noise, **constants}


def _constant(values, example):
    """One image like `example` of each value."""
    return np.multiply.outer(values, np.ones_like(example))
