"""How far reconstructions are from what they reconstruct."""

from typing import Any

from keras import ops

from kerasgen.event_model import EventModel
from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure


def squared_error(
    model: EventModel, examples: Any, condition: Any = None, progress: bool = False
) -> dict[str, Figure]:
    """The `squared_error` of a model's reconstructions: sum over an example, mean over examples.

    Args:
        model: any that reconstructs.
        examples: `[N, *event_shape]`, N at least 2.
        condition: `[N, ...]`, of a conditional model.
        progress: show a progress bar.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = kerasgen.families.Autoencoder(
    ...     [8, 8, 1], networks.MLP((4,), ()), bottlenecks.Deterministic(2),
    ...     networks.MLP((8, 8, 1), ()), likelihoods.Bernoulli())
    >>> print(squared_error(model, np.zeros((5, 8, 8, 1)))["squared_error"])
    16 ± 0 squared intensity an image
    """
    examples, condition = figure.checked(model, examples, condition)

    def score(x, y, _):
        difference = model.reconstruct(x, y) - x
        return (ops.sum(ops.square(difference), axis=tuple(range(1, len(x.shape)))),)

    (error,) = figure.by_batch(score, examples, condition, progress)
    return {"squared_error": figure.mean(error, "squared intensity an image")}
