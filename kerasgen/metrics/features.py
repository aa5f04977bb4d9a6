"""What sample quality is measured on: the features of an extractor, whose name figures carry."""

import pathlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasgen import backend
from kerasgen.batches import blocks

_INCEPTION_SIZE = (299, 299)


class Extractor(NamedTuple):
    """A named function from examples to features.

    Attributes:
        name: that its figures carry.
        function: examples `[B, *event_shape]` to features `[B, F]`.
        batch_size: examples that it is given at once.
        slow: whether it is: then it is given training examples for the floor only, and copies are
            not sought.

    >>> Extractor("sums", lambda x: x.sum(axis=1, keepdims=True))(np.ones((3, 4)))
    array([[4.], [4.], [4.]])
    """

    name: str
    function: Callable[[Any], Any]
    batch_size: int = 500
    slow: bool = False

    def __call__(self, examples: Any) -> np.ndarray:
        """Features `[N, F]` float64 of examples `[N, ...]`, batch by batch."""
        return np.concatenate(list(self.batches(examples)))

    def batches(self, examples: Any) -> Iterator[np.ndarray]:
        """Yields the features of examples `[N, ...]`, at most `batch_size` at once."""
        for _, some in blocks(len(examples), self.batch_size, examples):
            yield keras.ops.convert_to_numpy(self.function(some)).astype("float64")


# The values themselves: for points; of images it sees pixels, not what they show.
VALUES = Extractor("values", lambda x: keras.ops.reshape(x, (len(x), -1)))


def of(judge: Any) -> Extractor:
    """The features that a classifier reads, or the values where there is none.

    Args:
        judge: a `kerasgen.zoo.Judge`, or None.

    >>> of(None).name
    'values'
    """
    return VALUES if judge is None else Extractor(judge.name, judge.classifier.features)


def inception(weights: str | pathlib.Path) -> Extractor:
    """Inception v3's pooled features, `[B, 2048]`, of images in [0, 1].

    Szegedy and others 2016, arXiv 1512.00567. Over these the Fréchet distance is called FID (Heusel
    and others 2017, arXiv 1706.08500). Keras' weights are not those of the first publications:
    figures compare with others by the same weights only.

    Args:
        weights: a file of the weights of `keras.applications.InceptionV3` without its top, or
            "imagenet", which Keras downloads.

    Raises:
        ValueError: there is no such file.

    >>> inception("inception.weights.h5")
    Traceback (most recent call last):
    ValueError: Expected a file of InceptionV3's weights ...
    """
    if weights != "imagenet" and not pathlib.Path(weights).is_file():
        raise ValueError(
            "Expected a file of InceptionV3's weights without the top, or imagenet, which Keras "
            f"downloads. Received: {str(weights)!r}, which is not there."
        )
    network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=str(weights))

    def features(images):
        images = keras.ops.convert_to_tensor(images, "float32")
        images = keras.ops.image.resize(images, _INCEPTION_SIZE)
        return network(keras.ops.broadcast_to(2.0 * images - 1.0, (*images.shape[:3], 3)))

    return Extractor("inception_v3", backend.function(features), batch_size=50, slow=True)
