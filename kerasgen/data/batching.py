"""Which examples make which batch: the options and the arithmetic that both pipelines share.

Batches are counted from 0 over all epochs: batch k belongs to epoch k // steps_per_epoch. All that is random in it is a
function of the seed, the epoch and the positions of its examples in that epoch. So any batch can be had without
those before it, and the batch size does not change what an example at a position looks like.
"""

import contextlib
import dataclasses
import numbers

import numpy as np

from kerasgen import checks

_BINARIZE = (None, "dynamic", "fixed")


@dataclasses.dataclass(frozen=True)
class Options:
    """The keyword arguments of `kerasgen.data.load` that say how batches are made; they are described there."""

    batch_size: int = 64
    binarize: str | None = None
    labels: bool = False
    shuffle: bool = False
    seed: int = 0
    drop_remainder: bool = False
    repeat: bool = False
    start_step: int = 0

    def __post_init__(self):
        checks.positive("batch_size", self.batch_size)
        if self.binarize not in _BINARIZE:
            raise ValueError(
                f"Expected binarize to be one of {_BINARIZE}. Received: binarize={self.binarize!r}"
            )
        for name in ("seed", "start_step"):
            value = getattr(self, name)
            if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 0:
                raise ValueError(
                    f"Expected {name} to be an integer of at least 0. Received: {name}={value!r}"
                )

    def prepare(self, source):
        """The source with its fixed binarization drawn, and the order of its batches.

        Raises:
            ValueError: labels asked of a set without labels, points to be binarized, or too few examples for one batch.
        """
        if self.binarize and source.images.dtype != np.uint8:
            raise ValueError(
                f"Expected binarize=None: {source.name!r} holds points, not images. "
                f"Received: binarize={self.binarize!r}. Drop it."
            )
        if self.labels and source.labels is None:
            raise ValueError(
                f"Expected labels=False: {source.name!r} has no labels. Received: labels=True. Drop it."
            )
        schedule = Schedule(len(source.images), self)
        if not schedule.steps_per_epoch:
            raise ValueError(
                f"Expected at least one batch of {source.name!r}. Received: {len(source.images)} examples, "
                f"batch_size={self.batch_size}, drop_remainder={self.drop_remainder}. Read a larger split or make the "
                "batches smaller."
            )
        if self.binarize == "fixed":
            source = source.binarized(self.seed)
        return source, schedule


class Schedule:
    """Where epochs and batches begin and end.

    Attributes:
        steps_per_epoch: batches in one epoch.
        examples_per_epoch: examples in one epoch, less than all where the remainder is dropped.
        first_epoch, first_step: of the batch `start_step`: its epoch, and its place in that epoch.
    """

    def __init__(self, num_examples, options):
        size = options.batch_size
        self.steps_per_epoch = (
            num_examples // size if options.drop_remainder else -(-num_examples // size)
        )
        self.examples_per_epoch = min(num_examples, self.steps_per_epoch * size)
        if self.steps_per_epoch:
            self.first_epoch, self.first_step = divmod(options.start_step, self.steps_per_epoch)


class Epochs:
    """The epochs of a finite dataset: each iteration over it starts the next, but one within `looking` starts none.

    Args:
        first: the first epoch.
    """

    _looking = False  # of all datasets, as one that was mapped over another is not known

    def __init__(self, first):
        self._next = first

    def __call__(self):
        """The epoch of an iteration that starts, in a list."""
        epoch = self._next
        if not Epochs._looking:
            self._next += 1
        return [epoch]

    @staticmethod
    @contextlib.contextmanager
    def looking():
        """For a look at the first batch of a dataset that is to be iterated over from its start."""
        Epochs._looking = True
        try:
            yield
        finally:
            Epochs._looking = False
