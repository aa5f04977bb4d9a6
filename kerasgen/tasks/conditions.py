"""The condition of compressed images: labels lie in the file, at the bits of their classes.

Others, such as sentences and pictures, are to be given again; the file knows them by a checksum.
"""

import base64
import hashlib
from typing import Any

import numpy as np
from keras import ops

from kerasgen.tasks.frequencies import coder

_DRAWS = 8  # of a code, by which labels are compared


def of(model: Any, x: Any, condition: Any) -> tuple[Any, np.ndarray | None]:
    """Checked images and their condition, as numbers; where none is given the likeliest labels.

    Raises:
        ValueError: a condition that the model does not take, or lacks.

    >>> of(kerasgen.zoo.load("vae_mnist"), np.zeros((2, 28, 28, 1)), None)[1] is None
    True
    """
    if condition is None and model.condition.count:
        condition = _likeliest(model, x)
    elif condition is None and model.condition.encoded_size:
        raise ValueError(
            f"Expected a condition of each image, {model.condition!r}. Received: none. Pass it."
        )
    x, given = model.check(x, condition)
    return x, None if given is None else ops.convert_to_numpy(given)


def to_text(model: Any, given: np.ndarray | None) -> str | None:
    """Labels as text, of another condition its checksum.

    >>> to_text(kerasgen.zoo.load("cvae_mnist"), np.zeros(200, "int32"))
    '000000...'
    """
    if given is None:
        return None
    if not model.condition.count:
        return hashlib.sha256(np.ascontiguousarray(given).tobytes()).hexdigest()
    encoder = coder().queue.RangeEncoder()
    encoder.encode(given.astype("int32"), coder().model.Uniform(model.condition.count))
    return base64.b85encode(encoder.get_compressed().astype("<u4").tobytes()).decode()


def from_text(model: Any, text: str | None, count: int, condition: Any) -> np.ndarray | None:
    """The condition of `count` images that `to_text` told.

    Args:
        condition: given by the reader, where it is no label.

    Raises:
        ValueError: none is told, or another.

    >>> model = kerasgen.zoo.load("cvae_mnist")
    >>> from_text(model, to_text(model, np.array([7, 0, 3])), 3, None)
    array([7, 0, 3], dtype=int32)
    """
    if text is None or not model.condition.encoded_size:
        if text is None and not model.condition.encoded_size:
            return None
        raise _unlike(model, "another")
    if not model.condition.count:
        if condition is None:
            raise _unlike(model, "none")
        given = ops.convert_to_numpy(model.condition.request(count, condition))
        if to_text(model, given) != text:
            raise _unlike(model, "another")
        return given
    try:
        words = np.frombuffer(base64.b85decode(text), "<u4").astype("uint32")
    except ValueError:
        raise _unlike(model, "no labels") from None
    return (
        coder()
        .queue.RangeDecoder(words)
        .decode(coder().model.Uniform(model.condition.count), count)
    )


def _unlike(model, what):
    return ValueError(
        f"Expected the condition that the images were compressed with, of {model.condition!r}. "
        f"Received: {what}. Pass that one."
    )


def _likeliest(model, x):
    """The label under which each image is expected to take the fewest bits."""
    exact = model.likelihood_kind == "exact"
    bound = {} if exact else {"num_samples": _DRAWS, "seed": 0}
    score = model.log_prob if exact else model.elbo
    of_class = [score(x, np.full(len(x), label), **bound) for label in range(model.condition.count)]
    return np.argmax([ops.convert_to_numpy(each) for each in of_class], axis=0)
