"""Sets in one `.npz` file, written with `save_npz` and read without TensorFlow.

A file holds `name`, `maximum` (the level that stands for 1), and for each split `<split>_images`, uint8 `[N, H, W, C]`
or, for points, float32 `[N, D]`, and `<split>_labels`, int32 `[N]` or `[N, K]`, where the set has labels.
"""

import os
import pathlib
import zipfile
import zlib

import keras
import numpy as np

from kerasgen.data import sources
from kerasgen.data.batching import Options
from kerasgen.data.catalog import Computed

_IMAGES, _LABELS = "_images", "_labels"
_REMEDY = "Write one with kerasgen.data.save_npz."


def save_npz(name, path, splits=None, data_dir=None, download=False):
    """Writes a set to a `.npz` file for `from_npz`; the file appears whole or not at all.

    Args:
        name: of the set, as in `kerasgen.data.load`.
        path: of the file to write.
        splits: names of the splits to write; all by default.
        data_dir, download: as in `kerasgen.data.load`.

    Returns:
        The path.
    """
    arrays = {}
    for split in splits or sources.reader(name, data_dir, download).sizes:
        source = sources.read(name, split, data_dir, download)
        arrays |= {"name": name, "maximum": source.maximum, split + _IMAGES: source.images}
        if source.labels is not None:
            arrays[split + _LABELS] = source.labels
    path = pathlib.Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "wb") as file:
            np.savez_compressed(file, **arrays)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def from_npz(path, split="train", name=None, **options):
    """Reads a file that `save_npz` wrote, without TensorFlow.

    Args:
        path: of the file.
        split: as in `kerasgen.data.load`, of the splits in the file.
        name: of the set that the file is to hold, or None for any.
        **options: `batch_size`, `binarize`, `labels`, `shuffle`, `seed`, `drop_remainder`, `repeat` and `start_step`,
            with the meaning and the defaults that they have in `kerasgen.data.load`.

    Returns:
        An `ArrayBatches` for Keras' `fit`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that `save_npz` did not write, a damaged one, one of another set, or any bad argument that
            `load` refuses.
    """
    options, source = Options(**options), _read(path, split)
    if name not in (None, source.name):
        raise ValueError(
            f"Expected a file of the set {name!r}. Received: {path}, of {source.name!r}. Name another."
        )
    return ArrayBatches(source, options)


class ArrayBatches(keras.utils.PyDataset):
    """Batches of numpy arrays, float32 images `[B, H, W, C]` in [0, 1] or points `[B, D]`, or with int32 labels `[B]`.

    Item k is a function of the seed and of k, counted from `start_step`, when the dataset is endless. A finite one goes
    to its next epoch at every iteration, and with it to the next order and the next draws. Call Keras' `fit` with
    `shuffle=False`: the order is made here, and `fit` would visit the batches of a finite dataset in another.

    Args:
        source: a `kerasgen.data.sources.Source`.
        options: a `kerasgen.data.batching.Options`.
    """

    def __init__(self, source, options):
        super().__init__()
        self.source, self.schedule = options.prepare(source)
        self.options = options
        self.num_examples = len(source.images)
        self._epoch = self._next_epoch = self.schedule.first_epoch
        self._order = None, None

    @property
    def num_batches(self):
        """Batches in the current epoch, or None for an endless dataset."""
        return None if self.options.repeat else self.schedule.steps_per_epoch - self._first_step

    @property
    def _first_step(self):
        return self.schedule.first_step if self._epoch == self.schedule.first_epoch else 0

    def on_epoch_begin(self):
        self._epoch = self._next_epoch
        self._next_epoch += 1

    def __iter__(self):
        self.on_epoch_begin()
        return super().__iter__()

    def __getitem__(self, index):
        if self.options.repeat:
            epoch, step = divmod(self.options.start_step + index, self.schedule.steps_per_epoch)
        else:
            if not 0 <= index < self.num_batches:
                raise IndexError(
                    f"Expected an index in 0..{self.num_batches - 1}. Received: {index}"
                )
            epoch, step = self._epoch, self._first_step + index
        return self._batch(epoch, step * self.options.batch_size)

    def _batch(self, epoch, position):
        rows = self._epoch_order(epoch)[position : position + self.options.batch_size]
        images = self.source.images[rows].astype("float32") / np.float32(self.source.maximum)
        if self.options.binarize == "dynamic":
            images = (self._uniform(epoch, position, images.shape) < images).astype("float32")
        return (images, self.source.labels[rows]) if self.options.labels else images

    def _epoch_order(self, epoch):
        known, order = (
            self._order
        )  # one read, so that threads that share the dataset see a pair that belongs together
        if known != epoch:
            order = np.arange(self.num_examples)
            if self.options.shuffle:
                order = np.random.default_rng([self.options.seed, epoch, 1]).permutation(order)
            self._order = epoch, order
        return order

    def _uniform(self, epoch, position, shape):
        """float32 in [0, 1): the rows from `position` on of one endless matrix (see `pipeline._uniform`)."""
        num_examples, size = shape[0], int(np.prod(shape[1:]))
        counts = -(-size // 8)  # numpy's Philox yields four 64-bit words a count, two numbers each
        key = np.random.SeedSequence([self.options.seed, epoch, 2]).generate_state(2, np.uint64)
        rng = np.random.Generator(np.random.Philox(key=key, counter=position * counts))
        return rng.random((num_examples, 8 * counts), dtype="float32")[:, :size].reshape(shape)


def _read(path, split):
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"Expected a .npz file. Received: {path}, which is not there. {_REMEDY}"
        )
    with open(path, "rb") as file:
        signature = file.read(4)
    if signature != b"PK\x03\x04" or not zipfile.is_zipfile(path):
        raise ValueError(
            f"Expected a .npz file. Received: {path}, which is not one, or is cut short. {_REMEDY}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            names = [key.removesuffix(_IMAGES) for key in file.files if key.endswith(_IMAGES)]
            if not names or not {"name", "maximum"} <= set(file.files):
                raise _foreign(path, f"with the arrays {file.files}")
            return _select(file, names, path, split)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise ValueError(
            f"Expected a whole .npz file. Received: {path}, damaged: {error}. {_REMEDY}"
        ) from None


def _select(file, names, path, split):
    parts = {name: _part(file, name, path) for name in names}
    reader = Computed({name: len(images) for name, (images, _) in parts.items()}, parts.get)
    maximum = _array(file, "maximum", path)
    if maximum.shape or maximum.dtype.kind not in "iu" or not 1 <= maximum <= 255:
        raise _foreign(path, f"with maximum {maximum}")
    return sources.select(reader, str(_array(file, "name", path)), int(maximum), split)


def _part(file, split, path):
    images = _array(file, split + _IMAGES, path)
    labels = _array(file, split + _LABELS, path) if split + _LABELS in file.files else None
    if (images.dtype, images.ndim) not in ((np.uint8, 4), (np.float32, 2)):
        raise _foreign(path, f"with {images.dtype} {split}{_IMAGES} of shape {images.shape}")
    if labels is not None and labels.shape[:1] != images.shape[:1]:
        raise _foreign(
            path, f"with {len(images)} images and {split}{_LABELS} of shape {labels.shape}"
        )
    return images, labels


def _array(file, key, path):
    try:
        return file[key]
    except ValueError as error:  # an array of Python objects, which numpy would unpickle
        raise _foreign(path, f"with {key} that cannot be read: {error}") from None


def _foreign(path, what):
    return ValueError(
        "Expected a .npz file with name, maximum (1 to 255), <split>_images (uint8 [N, H, W, C] or float32 [N, D]) and "
        f"perhaps <split>_labels (int32 [N]). Received: {path}, {what}. {_REMEDY}"
    )
