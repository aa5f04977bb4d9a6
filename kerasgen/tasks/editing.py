"""Pictures changed in one thing and kept in the others, by their codes.

restyled     p(x | z, another class),     z the code of the picture given its class
edited       p(x | z + amount (mean code of some - mean code of the others))
"""

import math
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
        model: with a code of one layer, a prior and a condition that is no picture.
        x: `[N, height, width, channels]`.
        labels: what they show, `[N]`.
        new_labels: what they are to show, `[N]` or one for all.

    Returns:
        Means of the likelihood, `[N, height, width, channels]`.

    Raises:
        ValueError: a model without such a condition or a code, other numbers of labels.

    >>> model = kerasgen.zoo.load("cvae_mnist")
    >>> restyle(model, np.zeros((2, 28, 28, 1)), [1, 7], 3).shape
    (2, 28, 28, 1)
    """
    require_style(model)
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
    require(model)
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
    require(model)
    along = np.asarray(along, "float32").ravel()
    size = math.prod(model.bottleneck.latent_shape)
    if along.size != size or not np.all(np.isfinite(amount * along)):
        raise ValueError(
            f"Expected a direction of {size} finite numbers and a finite amount. Received: "
            f"{along.size} numbers, amount={amount!r}. Take it from direction(...)."
        )
    return _shown(model, _codes(model, x) + amount * along)


def require(model: GenerativeModel) -> None:
    """Refuses a model whose pictures cannot be edited.

    Raises:
        ValueError: what `edit` raises for it.

    >>> require(kerasgen.zoo.load("vae_mnist"))
    """
    _require(
        model, model.condition.encoded_size == 0, "with a code of numbers, without a condition"
    )


def require_style(model: GenerativeModel) -> None:
    """Refuses a model that cannot tell style from content.

    Raises:
        ValueError: what `restyle` raises for it.

    >>> require_style(kerasgen.zoo.load("cvae_mnist"))
    """
    has_noise = model.bottleneck is not None and model.bottleneck.has_noise
    condition = model.condition  # a picture, such as a small one, says the style, too
    fits = has_noise and condition.encoded_size > 0 and not condition.is_picture
    _require(model, fits, "with a code of one layer, a prior and a condition that is no picture")


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
            f"Expected a model of pictures {what}. Received: {checks.kind(model)} of "
            f"{checks.short(model.event)} given {model.condition!r}. Name another."
        )
