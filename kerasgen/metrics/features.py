"""What sample quality is measured on: the features of a named extractor. A figure carries the name of its extractor."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

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
        slow: whether it is: then it is given training examples for the floor only, and copies are not sought.
    """

    name: str
    function: Callable
    batch_size: int = 500
    slow: bool = False

    def __call__(self, examples):
        """Features `[N, F]` float64 of examples `[N, ...]`, batch by batch."""
        return np.concatenate(list(self.batches(examples)))

    def batches(self, examples):
        """Yields the features of examples `[N, ...]`, at most `batch_size` at once."""
        for _, some in blocks(len(examples), self.batch_size, examples):
            yield keras.ops.convert_to_numpy(self.function(some)).astype("float64")


# The values themselves: for points; of images it sees pixels, not what they show.
VALUES = Extractor("values", lambda examples: keras.ops.reshape(examples, (len(examples), -1)))


def of(judge):
    """The features that the classifier of a `kerasgen.zoo.Judge` reads, or the values where there is none."""
    return VALUES if judge is None else Extractor(judge.name, judge.classifier.features)


def inception(weights):
    """Inception v3's pooled features, `[B, 2048]` (Szegedy and others 2016, arXiv 1512.00567), of images in [0, 1].

    Over these the Fréchet distance is called FID (Heusel and others 2017, arXiv 1706.08500). Keras' weights are not
    those of the first publications: figures compare with others by the same weights only.

    Args:
        weights: a file of the weights of `keras.applications.InceptionV3` without its top, or "imagenet", which Keras
            downloads.

    Raises:
        ValueError: there is no such file.
    """
    if weights != "imagenet" and not pathlib.Path(weights).is_file():
        raise ValueError(
            f"Expected a file of InceptionV3's weights without the top, or imagenet, which Keras downloads. "
            f"Received: {str(weights)!r}, which is not there."
        )
    network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=str(weights))

    def features(images):
        images = keras.ops.image.resize(keras.ops.convert_to_tensor(images, "float32"), _INCEPTION_SIZE)
        return network(keras.ops.broadcast_to(2.0 * images - 1.0, (*images.shape[:3], 3)))

    return Extractor("inception_v3", backend.function(features), batch_size=50, slow=True)
