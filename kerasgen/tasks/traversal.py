"""What every latent dimension does to the picture: one moves at a time, all others are held."""

import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen import checks, plot
from kerasgen.abilities import methods
from kerasgen.metrics.units import kl_by_unit
from kerasgen.model import GenerativeModel
from kerasgen.plot import animate


def traverse(
    model: GenerativeModel,
    image: Any = None,
    steps: int = 9,
    limit: float = 3.0,
    quantiles: bool = False,
    data: Any = None,
):
    """Means of the likelihood while one latent dimension after the other moves.

    Args:
        model: an unconditional latent-variable model with a Gaussian bottleneck.
        image: `[*event_shape]` in [0, 1], whose posterior mean is the code to start from; None for
            the prior's mean.
        steps: number of values that each dimension takes.
        limit: each goes from -limit to limit, evenly, in standard deviations of the prior.
        quantiles: let the values be evenly spaced quantiles of the prior instead; `limit` is not
            used.
        data: images `[N, *event_shape]`, over which dimensions are put in order of their KL, the
            most active first; None leaves them in the order of the code.

    Returns:
        `[D, steps, *event_shape]`, D the size of the code.

    Raises:
        ValueError: a model that lacks this, fewer than 1 step, a limit that is not positive, images
            of another shape or range.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [8, 8, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((8, 8, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> tuple(traverse(vae, steps=5).shape)
    (2, 5, 8, 8, 1)
    """
    _require(model)
    checks.positive("steps", steps)
    limit = checks.above_zero("limit", limit)
    prior = model.bottleneck.prior()
    start = prior.mean() if image is None else model.encode(single(model, image)).mean()[0]
    start, mean, scale = (
        ops.convert_to_numpy(x).reshape(-1).astype("float32")
        for x in (start, prior.mean(), prior.stddev())
    )
    order = range(len(start))
    if data is not None:
        order = np.argsort(-kl_by_unit(model, data), kind="stable")
    values = _quantiles(steps) if quantiles else np.linspace(-limit, limit, steps)
    z = np.tile(start, (len(start), steps, 1))
    for row, dimension in enumerate(order):
        z[row, :, dimension] = mean[dimension] + scale[dimension] * values
    means = model.decode(z.reshape(-1, *model.bottleneck.latent_shape)).mean()
    grid = len(start), steps
    return keras.tree.map_structure(lambda x: ops.reshape(x, (*grid, *x.shape[1:])), means)


def require(model: GenerativeModel) -> None:
    """Refuses a model that has no pictures to traverse.

    Raises:
        ValueError: what `traverse` raises for it, and a model of something else.

    >>> require(kerasgen.zoo.load("vae_mnist"))
    """
    _require(model)
    if not model.event.is_picture:
        raise ValueError(
            f"Expected a model of pictures. Received: one of {model.event!r}. Name another, such "
            "as vae_mnist."
        )


def _require(model):
    bottleneck = model.bottleneck
    has_prior = bottleneck is not None and bottleneck.has_prior and not bottleneck.is_discrete
    if "encode" not in methods(model) or not has_prior or model.condition.encoded_size:
        raise ValueError(
            "Expected a model with a code under a prior, without a condition. Received: "
            f"{checks.kind(model)} of {model.condition!r}. Name another, such as vae_mnist."
        )


def single(model: GenerativeModel, example: Any) -> Any:
    """A batch of one example `[*event_shape]`.

    Raises:
        ValueError: what the model does not take.

    >>> mixture = kerasgen.families.Mixture([2], num_components=3)
    >>> tuple(single(mixture, [0.5, 1.0]).shape)
    (1, 2)
    """
    example = model.event.array(example)
    shape = keras.tree.map_structure(np.shape, example)
    if shape != model.event_shape:
        raise ValueError(
            f"Expected a single image of shape {model.event_shape}. Received: shape {shape}."
        )
    return model.check(keras.tree.map_structure(lambda x: np.asarray(x)[None], example))[0]


def picture(
    traversal: Any,
    path: str | pathlib.Path | None = None,
    rows: Sequence[object] = (),
    columns: Sequence[object] = (),
) -> np.ndarray:
    """One row a dimension, as `kerasgen.plot.grid`.

    Args:
        traversal: from `traverse`.
        path: of a PNG file to write, or None.
        rows, columns: labels of the dimensions and of their values.

    >>> picture(np.zeros((2, 5, 96, 96, 1))).shape
    (198, 492, 3)
    """
    images = _checked(traversal)
    each = images.reshape(-1, *images.shape[2:])
    return plot.grid(each, path, images.shape[1], row_labels=rows, column_labels=columns)


def animation(traversal: Any, path: str | pathlib.Path, seconds: float = 0.12) -> pathlib.Path:
    """Writes a GIF in which all dimensions move side by side, there and back without end.

    Args:
        traversal: from `traverse`.
        path: of the file.
        seconds: that every step is shown.

    >>> import tempfile
    >>> animation(np.zeros((2, 5, 8, 8, 1)), tempfile.mkdtemp() + "/traversal.gif").name
    'traversal.gif'
    """
    traversal = _checked(traversal)
    frames = [plot.grid(images) for images in traversal.swapaxes(0, 1)]
    return animate(frames + frames[-2:0:-1], path, seconds)


def _checked(traversal):
    images = checks.rows("traversal", ops.convert_to_numpy(traversal), rank=None)
    if images.ndim != 5:
        raise ValueError(
            "Expected a traversal, [D, steps, height, width, channels]. "
            f"Received: shape {images.shape}. Make one with kerasgen.tasks.traverse."
        )
    return images


def _quantiles(steps):
    """Standard normal quantiles of the probabilities 1/2n, 3/2n, ..."""
    from scipy.special import ndtri

    return ndtri((np.arange(steps) + 0.5) / steps)
