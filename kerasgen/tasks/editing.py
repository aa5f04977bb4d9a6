"""Pictures changed in one thing and kept in the others, by their codes.

restyled     p(x | z, another class),     z the code of the picture given its class
edited       p(x | z + amount (mean code of some - mean code of the others))
between      codes on the great circle from one to another (White 2016, arXiv 1609.04468)
"""

from typing import Any

import numpy as np
from keras import ops

from kerasgen import checks
from kerasgen.batches import mapped
from kerasgen.model import GenerativeModel
from kerasgen.tasks.codes import has_code

_AT_ONCE = 256


def restyle(model: GenerativeModel, x: Any, labels: Any, new_labels: Any) -> np.ndarray:
    """The style of pictures, and another content: what their codes say, with other classes.

    A code is style alone where the prior is the same for all classes. Of a prior of each class it
    is the noise that leads to the code.

    Args:
        model: with a code of one layer, a prior and a condition.
        x: `[N, height, width, channels]`.
        labels: what they show, `[N]`.
        new_labels: what they are to show, `[N]` or one for all.

    Returns:
        Means of the likelihood, `[N, height, width, channels]`.

    Raises:
        ValueError: a model without a condition or a code, other numbers of labels.

    >>> model = kerasgen.zoo.load("cvae_mnist")
    >>> restyle(model, np.zeros((2, 28, 28, 1)), [1, 7], 3).shape
    (2, 28, 28, 1)
    """
    has_noise = hasattr(getattr(model, "bottleneck", None), "to_noise")
    fits = has_noise and model.condition.encoded_size > 0
    _require(model, fits, "with a code of one layer, a prior and a condition")
    x, given = model.check(x, labels)
    asked = model.condition.request(len(x), new_labels)
    bottleneck = model.bottleneck

    def restyled(i):
        rows = slice(i, i + _AT_ONCE)
        z = model.encode(x[rows], given[rows]).mean()
        noise = bottleneck.to_noise(model.prior(given[rows]), z)  # which has no class in it
        z = bottleneck.from_noise(model.prior(asked[rows]), noise)
        return model.decode(z, asked[rows]).mean()

    shown = [restyled(i) for i in range(0, len(x), _AT_ONCE)]
    return ops.convert_to_numpy(model.event.clip(ops.concatenate(shown)))


def direction(model: GenerativeModel, examples: Any, others: Any) -> np.ndarray:
    """The difference of the mean codes of pictures with an attribute and of those without.

    Args:
        model: with a code, without a condition.
        examples, others: `[N, height, width, channels]`; three of each side say a little.

    Returns:
        `latent_shape`, for `edit`.

    Raises:
        ValueError: a model without a code, pictures that it does not take.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> direction(model, np.ones((3, 28, 28, 1)), np.zeros((3, 28, 28, 1))).shape
    (40,)
    """
    _require(model, model.condition.encoded_size == 0, "with a code and without a condition")
    with_it, without = (_codes(model, each).mean(axis=0) for each in (examples, others))
    return with_it - without


def edit(model: GenerativeModel, x: Any, along: Any, amount: float = 1.0) -> np.ndarray:
    """Pictures with more of an attribute: `amount` times `along` added to their codes.

    Args:
        model: with a code, without a condition.
        x: `[N, height, width, channels]`.
        along: of `direction`.
        amount: below 0 takes from it.

    Returns:
        Means of the likelihood, `[N, height, width, channels]`.

    Raises:
        ValueError: a model without a code, pictures that it does not take.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> edit(model, np.zeros((2, 28, 28, 1)), np.ones(40), 0.5).shape
    (2, 28, 28, 1)
    """
    _require(model, model.condition.encoded_size == 0, "with a code and without a condition")
    return _shown(model, _codes(model, x) + amount * np.asarray(along))


def between(model: GenerativeModel, start: Any, end: Any, steps: int) -> np.ndarray:
    """Pictures on the great circle between the codes of two, as `interpolate` on a straight line.

    Args:
        model: with a code, without a condition.
        start, end: `[height, width, channels]`.
        steps: number of pictures, at least 2.

    Returns:
        `[steps, height, width, channels]`.

    Raises:
        ValueError: a model without a code, fewer than 2 steps.

    >>> model = kerasgen.zoo.load("vae_mnist")
    >>> between(model, np.zeros((28, 28, 1)), np.ones((28, 28, 1)), steps=4).shape
    (4, 28, 28, 1)
    """
    _require(model, model.condition.encoded_size == 0, "with a code and without a condition")
    if checks.positive("steps", steps) < 2:
        raise ValueError(f"Expected at least 2 steps, the two ends. Received: steps={steps}")
    return _shown(model, slerp(*_codes(model, np.stack([start, end])), steps))


def slerp(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Points on the great circle between two directions, their lengths between those of the ends.

    Args:
        start, end: `[D]`.
        steps: number of points.

    Returns:
        `[steps, D]`; where no circle is told from another, points of the straight line.

    >>> slerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 3).round(2).tolist()
    [[1.0, 0.0], [0.71, 0.71], [0.0, 1.0]]
    """
    share = np.linspace(0, 1, steps)[:, None]
    lengths = [np.linalg.norm(each) for each in (start, end)]
    units = [each / max(length, 1e-9) for each, length in zip((start, end), lengths)]
    angle = np.arccos(np.clip(np.dot(*units), -1, 1))
    if np.sin(angle) < 1e-6:
        return (1 - share) * start + share * end
    way = np.sin((1 - share) * angle) * units[0] + np.sin(share * angle) * units[1]
    return way / np.sin(angle) * ((1 - share) * lengths[0] + share * lengths[1])


def _codes(model, x):
    """Means of the posteriors, flattened."""
    x = model.check(x)[0]
    codes = mapped(lambda rows: model.encode(rows).mean(), _AT_ONCE, x)
    return codes.reshape(len(codes), -1)


def _shown(model, codes):
    codes = codes.reshape(-1, *model.bottleneck.latent_shape).astype("float32")
    shown = mapped(lambda z: model.decode(z).mean(), _AT_ONCE, codes)
    return ops.convert_to_numpy(model.event.clip(shown))


def _require(model, fits, what):
    if not fits or not has_code(model):
        raise ValueError(
            f"Expected a model {what}. Received: a {type(model).__name__} of "
            f"{model.condition!r}. Name another."
        )
