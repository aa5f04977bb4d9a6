"""What callers may pass, checked before any work is done: what was expected, what came, what to do."""

import math
import numbers

import keras
import numpy as np

from kerasgen import backend


def data(x, event_shape):
    """Checks `x` `[B, *event_shape]`, finite and, for images, in [0, 1], and returns it as a float32 tensor.

    Values are checked only where there are any: inside a traced function only the shape is known.

    Raises:
        ValueError: wrong rank or size, NaN or infinity, pixels outside [0, 1].
    """
    expected = "[batch, " + ", ".join(map(str, event_shape)) + "]"
    shape = tuple(keras.ops.shape(x))
    if len(shape) != len(event_shape) + 1:
        hint = " For a single example, add a batch axis: x[None]." if shape == tuple(event_shape) else ""
        raise ValueError(f"Expected data of shape {expected}. Received: rank {len(shape)}, shape {shape}.{hint}")
    if any(have != want for have, want in zip(shape[1:], event_shape) if isinstance(have, int)):
        raise ValueError(f"Expected data of shape {expected}. Received: shape {shape}. Resize or crop the data first.")
    if isinstance(shape[0], int) and shape[0] == 0:
        raise ValueError("Expected at least 1 example. Received: 0.")
    if backend.is_concrete(x):
        _values(keras.ops.convert_to_numpy(x), bounded=len(event_shape) == 3)
    return keras.ops.cast(x, "float32")


def _values(x, bounded):
    if not np.all(np.isfinite(x)):
        raise ValueError(
            f"Expected finite values. Received: {np.count_nonzero(~np.isfinite(x))} NaN or infinite values. "
            "Remove or repair those examples."
        )
    if bounded and x.size and (x.min() < 0 or x.max() > 1):
        remedy = "Divide by 255." if x.min() >= 0 and 1 < x.max() <= 255 else "Rescale the data."
        raise ValueError(f"Expected values in [0, 1]. Received: values in [{x.min():g}, {x.max():g}]. {remedy}")


def levels(x, count):
    """Checks that pixels `x` are of `count` levels, 0, 1/(count-1), ..., 1, where there are values.

    Raises:
        ValueError: a pixel between two levels.
    """
    if not backend.is_concrete(x):
        return
    x = keras.ops.convert_to_numpy(x)
    steps = x * (count - 1)
    between = np.abs(steps - np.round(steps)) > 0.01  # of a step; rounding in float32 errs by less
    if np.any(between):
        remedy = 'Binarize them: binarize="dynamic" in kerasgen.data.load.' if count == 2 else "Round them."
        raise ValueError(
            f"Expected pixels of {count} levels, multiples of 1/{count - 1}. Received: {x[between][0]:g} and "
            f"{np.count_nonzero(between) - 1:,} more between two levels. {remedy}"
        )


def labels(condition, num_classes):
    """Checks class labels `[B]` in 0..num_classes-1, and that they are given exactly where the model needs them.

    Raises:
        ValueError: a missing or an unexpected condition, wrong rank, labels out of range.
    """
    if num_classes is None:
        if condition is not None:
            raise ValueError("Expected condition=None: this model is unconditional. Received: a condition. Drop it.")
        return None
    if condition is None:
        raise ValueError(
            f"Expected a condition: this model is conditional on {num_classes} classes. Received: condition=None. "
            f"Pass integer labels of shape [batch] in 0..{num_classes - 1}."
        )
    if isinstance(condition, (list, tuple)):
        condition = np.asarray(condition)
    shape = tuple(keras.ops.shape(condition))
    if len(shape) != 1:
        raise ValueError(f"Expected integer labels of shape [batch]. Received: shape {shape}.")
    if backend.is_concrete(condition):
        values = keras.ops.convert_to_numpy(condition)
        _whole(values, "labels")
        if values.size and (values.min() < 0 or values.max() >= num_classes):
            raise ValueError(
                f"Expected labels in 0..{num_classes - 1}. Received: labels in {values.min()}..{values.max()}."
            )
    return keras.ops.cast(condition, "int32")


def no_classes(kwargs, why):
    """Checks that the arguments of a model that cannot be conditional on classes name none.

    Raises:
        ValueError: num_classes among `kwargs`; `why` says what there is instead.
    """
    if kwargs.get("num_classes") is not None:
        raise ValueError(f"Expected no num_classes: {why}. Received: num_classes={kwargs['num_classes']}. Drop it.")


def ids(values, grid_shape, vocab_size):
    """Checks ids `[B, *grid_shape]`, whole numbers in 0..vocab_size-1, and returns them as int32.

    Raises:
        ValueError: wrong rank or size, values that are not whole, or out of the vocabulary.
    """
    shape = tuple(keras.ops.shape(values))
    expected = "[batch, " + ", ".join(map(str, grid_shape)) + "]"
    if len(shape) != len(grid_shape) + 1 or any(
        have != want for have, want in zip(shape[1:], grid_shape) if isinstance(have, int)
    ):
        hint = " For a single grid, add a batch axis: ids[None]." if shape == tuple(grid_shape) else ""
        raise ValueError(f"Expected ids of shape {expected}. Received: shape {shape}.{hint}")
    if backend.is_concrete(values):
        array = keras.ops.convert_to_numpy(values)
        _whole(array, "ids")
        if array.size and (array.min() < 0 or array.max() >= vocab_size):
            raise ValueError(f"Expected ids in 0..{vocab_size - 1}. Received: ids in {array.min()}..{array.max()}.")
    return keras.ops.cast(values, "int32")


def _whole(array, what):
    if array.dtype.kind not in "biuf" or np.any(array != np.floor(array)):
        raise ValueError(f"Expected integer {what}. Received: {array.dtype} {what} that are not whole numbers.")


def attributes(values, sizes):
    """Checks attributes `[B, A]`, attribute a in 0..sizes[a]-1, and returns them as int32.

    Raises:
        ValueError: wrong shape, or values out of range.
    """
    shape = tuple(keras.ops.shape(values))
    if len(shape) != 2 or shape[1] != len(sizes):
        raise ValueError(f"Expected attributes of shape [batch, {len(sizes)}]. Received: shape {shape}.")
    if backend.is_concrete(values):
        array = keras.ops.convert_to_numpy(values)
        wrong = np.flatnonzero(np.any((array < 0) | (array >= np.array(sizes)) | (array != np.floor(array)), axis=0))
        if wrong.size:
            first, column = wrong[0], array[:, wrong[0]]
            raise ValueError(
                f"Expected attribute {first} to be whole numbers in 0..{sizes[first] - 1}. "
                f"Received: {column.min()}..{column.max()}."
            )
    return keras.ops.cast(values, "int32")


def words(condition, vocabulary):
    """Checks sentences, or their word numbers `[B, T]`, and returns the numbers as an int32 tensor.

    Raises:
        ValueError: no condition, a sentence that the vocabulary cannot tell, wrong shape, numbers out of range.
    """
    if condition is None:
        raise ValueError(
            "Expected a condition: this model draws what a sentence says. Received: condition=None. "
            "Pass a sentence for each example."
        )
    several = isinstance(condition, (list, tuple)) and all(isinstance(each, str) for each in condition)
    if several or isinstance(condition, str):
        condition = vocabulary.encode(condition)
    shape = tuple(keras.ops.shape(condition))
    if len(shape) != 2 or shape[1] != vocabulary.length or (isinstance(shape[0], int) and shape[0] == 0):
        raise ValueError(
            f"Expected sentences, or word numbers of shape [batch, {vocabulary.length}]. Received: shape {shape}."
        )
    if backend.is_concrete(condition):
        values = keras.ops.convert_to_numpy(condition)
        if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= vocabulary.size:
            raise ValueError(
                f"Expected integer word numbers in 0..{vocabulary.size - 1}. "
                f"Received: {values.dtype} in {values.min()}..{values.max()}."
            )
    return keras.ops.cast(condition, "int32")


def positive(name, value):
    """Checks that a count is an integer of at least 1.

    Raises:
        ValueError: anything else.
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"Expected {name} to be an integer of at least 1. Received: {name}={value!r}")
    return int(value)


def above_zero(name, value):
    """Checks that a value is a finite number above 0.

    Raises:
        ValueError: anything else.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:
        raise ValueError(f"Expected {name} to be a number above 0. Received: {name}={value!r}")
    return float(value)
