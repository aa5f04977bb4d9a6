"""What arrays hold by their names, types and shapes.

Of each split there are `<split>_images` and perhaps `<split>_labels`, int32 `[N]` or `[N, K]`. What
an example is follows from the array:

    uint8, uint16   [N, H, W, C]         image of the levels 0..maximum
    float32         [N, H, W, C]         image in [0, 1]
    float32         [N, D], [N, T, C]    vector, series; beside columns [D] a table
    int32           [N, T], [N, H, W]    tokens below vocab_size
    int32           [N]                  class below vocab_size, as one of several parts

Examples of several parts lie in `<split>_images.<part>`, and `maximum` and `vocab_size` may have a
value for each part, `maximum.<part>`. A table may have `means` and `scales` of its columns, tokens
a `vocabulary` in JSON, as recipes name one, and labels the names of `classes`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen import documents, recipe
from kerasgen.events import Classes, Event, Image, Joint, Sentences, Series, Table, Tokens, Vector
from kerasgen.text import VOCABULARIES

IMAGES, LABELS = "_images", "_labels"
_TYPES = {"f": "float32", "i": "int32", "b": "uint8"}  # by kind; unsigned integers stay as they are


def flat(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of nested ones, in the types of the layout; None is left out.

    Raises:
        ValueError: integers that do not fit into 32 bits.

    Example:
        >>> flat({"train_images": {"x": np.eye(2), "y": None}, "maximum": None})
        {'train_images.x': array([[1., 0.], [0., 1.]], dtype=float32)}
    """
    found = {}
    for key, value in arrays.items():
        if isinstance(value, Mapping):
            found |= flat({f"{key}.{part}": each for part, each in value.items()})
        elif value is not None:
            value = np.asarray(value)
            found[key] = value.astype(_TYPES.get(value.dtype.kind, value.dtype), copy=False)
            if value.dtype.kind == "i" and not np.array_equal(value, found[key]):
                raise ValueError(f"Expected {key} of at most 32 bits. Received: {value.max()}.")
    return found


def vocab_sizes(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`vocab_size` of each part of tokens: one more than the largest in any split.

    Example:
        >>> int(vocab_sizes({"train_images": np.array([[3, 1]])})["vocab_size"])
        4
    """
    sizes = {}
    for key, values in arrays.items():
        _, images, part = key.partition(IMAGES)
        if images and values.dtype.kind == "i":
            key = f"vocab_size{part}"
            sizes[key] = np.maximum(sizes.get(key, 0), values.max(initial=0) + 1)
    return sizes


def describe(arrays: Mapping[str, np.ndarray]) -> tuple[Event, dict[str, int]]:
    """What an example is, and the number of examples by split; of values only numbers are read.

    Raises:
        ValueError: no examples, other types or shapes than the module names, splits of different
            events, parts or labels of another number than the examples.

    Example:
        >>> describe({"train_images": np.zeros((4, 24, 3), "float32")})
        (Series(length=24, channels=3), {'train': 4})
    """
    events, sizes = {}, {}
    for split, parts in _splits(arrays).items():
        each = {part: _event(arrays, key, part) for part, key in parts.items()}
        events[split] = each.get("") or Joint(each)
        counts = {key: len(arrays[key]) for key in parts.values()}
        sizes[split] = next(iter(counts.values()))
        if (labels := arrays.get(split + LABELS)) is not None:
            if labels.dtype != np.int32 or labels.ndim not in (1, 2):
                raise ValueError(
                    f"Expected labels int32 [N] or [N, K]. Received: {labels.dtype} "
                    f"{split}{LABELS} of shape {labels.shape}. Number them: "
                    "np.unique(labels, return_inverse=True)[1]."
                )
            counts[split + LABELS] = len(labels)
        if len(set(counts.values())) > 1:
            raise ValueError(
                f"Expected as many of each. Received: {counts}. Leave out what has no partner."
            )
    first, *others = events.values() or [None]
    if first is None:
        raise ValueError(
            f"Expected arrays <split>{IMAGES}. Received: the arrays {[*arrays]}. Name examples of "
            f"training train{IMAGES}, also those that are no images, and held-out ones "
            f"test{IMAGES}."
        )
    if any(other != first for other in others):
        raise ValueError(f"Expected splits of one event. Received: {events}.")
    return first, sizes


def examples(arrays: Mapping[str, np.ndarray], split: str) -> Any:
    """The array of a split's examples, or a dict of those of its parts.

    Example:
        >>> examples({"train_images.x": np.zeros(2), "train_images.y": np.ones(2)}, "train")
        {'x': array([0., 0.]), 'y': array([1., 1.])}
    """
    parts = {part: arrays[key] for part, key in _splits(arrays)[split].items()}
    return parts.get("", parts)


def _splits(arrays):
    """The keys of examples by part, "" where there is one, by split."""
    found = {}
    for key in arrays:
        split, images, part = key.partition(IMAGES)
        if images and part[:1] in ("", "."):
            found.setdefault(split, {})[part[1:]] = key
    return found


def _event(arrays, key, part):
    """The event of one array."""
    values = arrays[key]
    shape = values.shape[1:]
    if values.dtype in (np.uint8, np.uint16) and len(shape) == 3:
        maximum = _number(arrays, "maximum", part)
        return Image(*shape, levels=(maximum or np.iinfo(values.dtype).max) + 1)
    if values.dtype == np.float32 and len(shape) == 1 and "columns" in arrays:
        names = np.broadcast_to(arrays["columns"], shape).tolist()
        units = (arrays.get("means", np.zeros(shape)), arrays.get("scales", np.ones(shape)))
        return Table(names, *([float(str(value)) for value in each] for each in units))
    if values.dtype == np.float32 and len(shape) in (1, 2, 3):
        return {1: Vector, 2: Series, 3: Image}[len(shape)](*shape)
    if values.ndim and values.dtype == np.int32 and len(shape) in ((0, 1, 2) if part else (1, 2)):
        size = _number(arrays, "vocab_size", part)
        if size is None:
            raise ValueError(f"Expected vocab_size beside the tokens {key}. Received: none.")
        if "vocabulary" in arrays and not part:
            return _sentences(str(arrays["vocabulary"]), shape, size)
        return Tokens(shape[0] if len(shape) == 1 else shape, size) if shape else Classes(size)
    raise ValueError(
        "Expected images uint8, uint16 or float32 [N, H, W, C], vectors float32 [N, D], series "
        "float32 [N, T, C] or tokens int32 [N, T] or [N, H, W]. Received: "
        f"{values.dtype} {key} of shape {values.shape}. {_remedy(values)}"
    )


def _remedy(values):
    """How an array that stands for no examples becomes one that does."""
    if values.dtype.kind not in "uif":
        return "Convert it: x.astype('float32')."
    if values.ndim == 1:
        return "A number is a vector of one: x[:, None] of float32."
    if values.ndim == 3 and values.dtype.kind == "u":
        return "Add the channel axis of grey images: x[..., None]."
    return "Bring it into one of these shapes and types."


def _sentences(told, shape, size):
    """Sentences of the vocabulary that stands beside their tokens."""
    vocabulary = recipe.build(documents.read_json(told))
    if not isinstance(vocabulary, VOCABULARIES) or shape != (vocabulary.length,):
        raise ValueError(
            f"Expected a vocabulary of rows of {shape}. Received: {type(vocabulary).__name__}."
        )
    if vocabulary.size != size:
        raise ValueError(f"Expected vocab_size {vocabulary.size}. Received: {size}.")
    return Sentences(vocabulary)


def _number(arrays, name, part):
    """A number that stands beside the arrays, for this part or for all; None without any."""
    key = f"{name}.{part}" if f"{name}.{part}" in arrays else name
    value = arrays.get(key)
    if value is None:
        return None
    if value.shape or value.dtype.kind not in "iu" or value < 1:
        raise ValueError(f"Expected {key} to be an integer of at least 1. Received: {value}.")
    return int(value)
