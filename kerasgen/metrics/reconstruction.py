"""How far reconstructions are from what they reconstruct."""

from keras import ops

from kerasgen.metrics import figure


def squared_error(model, examples, condition=None, progress=False):
    """The `squared_error` of a model's reconstructions: sum over an example, mean over examples."""
    examples, condition = figure.checked(model, examples, condition)

    def score(x, y, _):
        difference = model.reconstruct(x, y) - x
        return (ops.sum(ops.square(difference), axis=tuple(range(1, len(x.shape)))),)

    (error,) = figure.by_batch(score, examples, condition, progress)
    return {"squared_error": figure.mean(error, "squared intensity an image")}
