"""Batches of a source: what batch k holds is a function of the seed and of k.

Batches are counted from 0 over all epochs: batch k belongs to epoch k // steps_per_epoch. All that
is random in it is a function of the seed, the epoch and the positions of its examples in that
epoch. So any batch can be had without those before it, the batch size does not change what an
example at a position looks like, and every backend sees the same batches.
"""

import itertools
import math
import numbers
from typing import Any

import keras
import numpy as np
from keras import tree

from kerasgen import backend, checks
from kerasgen.data.ahead import ReadAhead
from kerasgen.events import Event, Image

_BINARIZE = (None, "dynamic", "fixed")
_ORDER, _NOISE = 1, 2  # streams of random numbers, independent of each other


class Batches(keras.utils.PyDataset):
    """Batches of NumPy arrays: examples `[B, *event.shape]`, or pairs of them and int32 labels.

    Item k is batch `start_step + k` when the batches are endless. Finite ones go to their next
    epoch at every iteration, and with it to the next order and the next draws. Call Keras' `fit`
    with `shuffle=False`: the order is made here, and `fit` would visit the batches in another.

    Args:
        source: a `kerasgen.data.source.Source`.
        batch_size: examples in a batch; the last batch of an epoch may hold fewer.
        binarize: None for examples as they are; "dynamic": pixels drawn anew as Bernoulli(pixel) at
            every visit; "fixed": drawn once, the draw of an image depending on the seed and its
            place in the split only.
        labels: give (examples, int32 labels `[B]`) instead of examples; captions, attributes and
            factors are `[B, K]`.
        shuffle: give every epoch an order of its own.
        seed: of the order and of the binarization, an integer of at least 0.
        drop_remainder: leave out a last batch that is not full.
        repeat: go on over epochs without end.
        start_step: number of batches, over all epochs, to leave out at the start.

    Raises:
        ValueError: a bad option, labels asked of a set without labels, anything but images to be
            binarized, too few examples for one batch.

    Example:
        >>> from kerasgen import data
        >>> batches = data.open("digits").batches(shuffle=True, labels=True, repeat=True)
        >>> images, labels = batches[1000]
        >>> images.shape, labels.shape
        ((64, 8, 8, 1), (64,))
    """

    def __init__(
        self,
        source,
        batch_size: int = 64,
        binarize: str | None = None,
        labels: bool = False,
        shuffle: bool = False,
        seed: int = 0,
        drop_remainder: bool = False,
        repeat: bool = False,
        start_step: int = 0,
    ):
        super().__init__()
        self.batch_size = checks.positive("batch_size", batch_size)
        self.binarize = binarize
        self.labels = labels
        self.shuffle = shuffle
        self.seed = _count("seed", seed)
        self.drop_remainder = drop_remainder
        self.repeat = repeat
        self.start_step = _count("start_step", start_step)
        self._check(source)
        self.source = source.binarized(self.seed) if binarize == "fixed" else source
        self._epoch = self._next_epoch = self.start_step // self.steps_per_epoch
        self._order = None, None
        self._ahead = ReadAhead(self.batch)

    @property
    def num_examples(self) -> int:
        """Examples in the source."""
        return self.source.num_examples

    @property
    def event(self) -> Event:
        """What an example is."""
        event = self.source.event
        return Image(*event.shape, levels=2) if self.binarize else event

    @property
    def steps_per_epoch(self) -> int:
        """Batches in a whole epoch."""
        whole, rest = divmod(self.num_examples, self.batch_size)
        return whole + (rest > 0 and not self.drop_remainder)

    @property
    def num_batches(self):
        """Batches in the current epoch, or None for endless ones."""
        return None if self.repeat else int(np.diff(self._ends(self._epoch))[0])

    def on_epoch_begin(self):
        self._epoch = self._next_epoch
        self._next_epoch += 1

    def __iter__(self):
        self.on_epoch_begin()
        return super().__iter__()

    def __getitem__(self, index):
        if self.repeat:
            return self._ahead(self.start_step + index)
        if not 0 <= index < self.num_batches:
            raise IndexError(f"Expected an index in 0..{self.num_batches - 1}. Received: {index}")
        return self._ahead(int(self._ends(self._epoch)[0]) + index)

    def batch(self, k: int) -> Any:
        """Batch k, counted from 0 over all epochs."""
        epoch, step = divmod(k, self.steps_per_epoch)
        position = step * self.batch_size
        rows = self._rows(epoch)[position : position + self.batch_size]
        examples = self.source.read(rows)
        if self.binarize == "dynamic":
            noise = self._noise(epoch, position, examples.shape)
            examples = (noise < examples).astype("float32")
        return (examples, self.source.labels[rows]) if self.labels else examples

    def dataset(self):
        """The same batches as a `tf.data.Dataset`, deterministic and with autotuning off."""
        tf = backend.library("tensorflow")
        size = self.batch_size if self.drop_remainder else None
        signature = tree.map_structure(
            lambda each: tf.TensorSpec((size, *each.shape[1:]), each.dtype), self.event.symbolic()
        )
        if self.labels:
            signature = (
                signature,
                tf.TensorSpec((size, *self.source.labels.shape[1:]), self.source.labels.dtype),
            )
        specs = tree.flatten(signature)

        def batch(k):
            parts = tf.numpy_function(
                lambda k: tree.flatten(self._ahead(int(k))), [k], [spec.dtype for spec in specs]
            )
            parts = [tf.ensure_shape(part, spec.shape) for part, spec in zip(parts, specs)]
            return tree.pack_sequence_as(signature, parts)

        epochs = itertools.count(self.start_step // self.steps_per_epoch)

        def next_steps(_):
            ends = tf.numpy_function(lambda: self._ends(next(epochs)), [], "int64")
            return tf.data.Dataset.range(*tf.unstack(tf.ensure_shape(ends, (2,))))

        settings = tf.data.Options()
        settings.autotune.enabled = False
        settings.deterministic = True
        if self.repeat:
            steps = tf.data.Dataset.range(self.start_step, tf.int64.max)
        else:
            steps = tf.data.Dataset.range(1).flat_map(next_steps)
        dataset = steps.map(batch).with_options(settings)
        if not self.repeat and self.start_step % self.steps_per_epoch:
            return dataset  # its first epoch is shorter than the others
        count = tf.data.INFINITE_CARDINALITY if self.repeat else self.steps_per_epoch
        return dataset.apply(tf.data.experimental.assert_cardinality(count))

    def _ends(self, epoch):
        """The first batch of an epoch, from `start_step` on, and the first of the next."""
        first = epoch * self.steps_per_epoch
        return np.array([max(self.start_step, first), first + self.steps_per_epoch])

    def _rows(self, epoch):
        """The positions of the examples in the order of an epoch."""
        known, order = self._order  # one read: threads that share the batches see one pair
        if known != epoch:
            order = np.arange(self.num_examples)
            if self.shuffle:
                order = np.random.default_rng([self.seed, epoch, _ORDER]).permutation(order)
            self._order = epoch, order
        return order

    def _noise(self, epoch, position, shape):
        """float32 in [0, 1) of `shape`: the rows from `position` on of one matrix of an epoch.

        Philox is a cipher of a counter: where a row starts is known without those before it.
        """
        size = math.prod(shape[1:])
        counts = -(-size // 8)  # a count gives four 64-bit words, two numbers each
        key = np.random.SeedSequence([self.seed, epoch, _NOISE]).generate_state(2, np.uint64)
        philox = np.random.Philox(key=key, counter=position * counts)
        noise = np.random.Generator(philox).random((shape[0], 8 * counts), dtype="float32")
        return noise[:, :size].reshape(shape)

    def _check(self, source):
        if not isinstance(self.binarize, str | None) or self.binarize not in _BINARIZE:
            raise ValueError(
                f"Expected binarize to be one of {_BINARIZE}. "
                f"Received: binarize={checks.short(self.binarize)}"
            )
        if self.binarize and not source.event.is_picture:
            raise ValueError(
                f"Expected binarize=None: {source.name!r} holds {source.event.meaning}, not "
                f"images. Received: binarize={self.binarize!r}. Drop it."
            )
        if self.labels and source.labels is None:
            raise ValueError(
                f"Expected labels=False: {source.name!r} has no labels. Received: labels=True. "
                "Drop it."
            )
        if not source.num_examples >= (self.batch_size if self.drop_remainder else 1):
            raise ValueError(
                f"Expected at least one batch of {source.name!r}. Received: {source.num_examples} "
                f"examples, batch_size={self.batch_size}, drop_remainder={self.drop_remainder}. "
                "Read a larger split or make the batches smaller."
            )


def _count(name, value):
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 0:
        raise ValueError(
            f"Expected {name} to be an integer of at least 0. "
            f"Received: {name}={checks.short(value)}"
        )
    return int(value)
