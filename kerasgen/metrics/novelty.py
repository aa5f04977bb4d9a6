"""Whether a density tells its data from others: how often it gives a test image more probability than another image.

Likelihoods are known to fail here: simple images often score above the data that a model was trained on (Nalisnick and
others 2019, Do Deep Generative Models Know What They Don't Know?, arXiv 1810.09136).
"""

import numpy as np

from kerasgen.metrics import figure, likelihood
from kerasgen.metrics.figure import Figure


def ranking(model, examples, others, seed=0, progress=False):
    """Ranks held-out images against others by log p(x).

    Args:
        model: with an exact `log_prob`; the classes of a conditional one are taken for equally likely.
        examples: `[N, *event_shape]`, held out.
        others: other images `[M, *event_shape]` by name; uniform noise over the examples' own values joins them, and
            the constant images: `black` of their least value, `white` of their largest and `constant` of all between.
        seed: of the noise, and of what a mixture draws.
        progress: show progress bars.

    Returns:
        `Figure`s `ranked_above[name]`: the probability in percent that an example has a higher log p(x) than another
        image, ties counted half, which is the area under the ROC curve: 50 by guessing.
    """
    from sklearn.metrics import roc_auc_score

    examples = np.asarray(examples, "float32")
    values = np.unique(examples)
    kinds = {"black": values[:1], "white": values[-1:], "constant": values[1:-1]}
    rng = np.random.default_rng(seed)
    others = {
        **others,
        "noise": rng.choice(values, size=examples.shape),
        **{name: _constant(part, examples.shape[1:]) for name, part in kinds.items() if len(part)},
    }

    def score(x, _, batch):
        if model.num_classes is not None:
            return (likelihood.marginal(model, x),)
        return (likelihood.log_prob(model, x, seed=seed + batch),)

    def scores(images):
        return figure.by_batch(score, np.asarray(images, "float32"), None, progress)[0]

    own, figures = scores(examples), {}
    for name, images in others.items():
        other = scores(images)
        is_own = np.repeat([True, False], [len(own), len(other)])
        share = roc_auc_score(is_own, np.concatenate([own, other]))
        figures[f"ranked_above[{name}]"] = Figure(100 * float(share), "% of pairs (50 by guessing)")
    return figures


def _constant(values, event_shape):
    """One image `event_shape` of each value."""
    return np.broadcast_to(np.reshape(values, (-1, *[1] * len(event_shape))), (len(values), *event_shape))
