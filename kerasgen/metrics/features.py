"""What sample quality is measured on: the features of a named extractor. A figure carries the name of its extractor."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from kerasgen.metrics import fidelity

_BATCH = 500


class Extractor(NamedTuple):
    """A named function from examples to features.

    Attributes:
        name: that its figures carry.
        function: examples `[B, *event_shape]` to features `[B, F]`.
    """

    name: str
    function: Callable

    def __call__(self, examples):
        """Features `[N, F]` float64 of examples `[N, ...]`, batch by batch."""
        return np.concatenate(list(self.batches(examples)))

    def batches(self, examples):
        """Yields the features of examples `[N, ...]`, at most 500 at once."""
        for start in range(0, len(examples), _BATCH):
            features = self.function(examples[start : start + _BATCH])
            yield keras.ops.convert_to_numpy(features).astype("float64")


# The values themselves: for points; of images it sees pixels, not what they show.
VALUES = Extractor("values", lambda examples: keras.ops.reshape(examples, (len(examples), -1)))


def of(data_name):
    """The features that the zoo's classifier of a data set reads, or the values where there is none."""
    judge = fidelity.judge(data_name)
    return VALUES if judge is None else Extractor(fidelity.JUDGES[data_name], judge.features)
