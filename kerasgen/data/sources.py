"""Whole sets in memory, images decoded once, as uint8: where every pipeline starts."""

from typing import NamedTuple

import numpy as np

from kerasgen.data import catalog, splits, tfds

_CHUNK = 1000  # examples handled at once, which bounds the memory needed beside the set itself


class Source(NamedTuple):
    """One split of a set.

    Attributes:
        name: of the set.
        images: uint8 `[N, H, W, C]`, or the points of a toy set, float32 `[N, 2]`; or `Drawn`.
        labels: int32 `[N]`, captions, attributes or factors `[N, K]`, also `Drawn`; None for a set
            without.
        maximum: the level that stands for 1; 1 for points.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray | None
    maximum: int

    def binarized(self, seed):
        """The same images with every pixel drawn once as Bernoulli(pixel).

        The draws are `numpy.random.default_rng(seed).random(images.shape) < images / maximum`, so
        that a test set binarized with one seed is the same set on every backend and for every batch
        size.
        """
        if self.maximum == 1:  # binary already
            return self
        rng = np.random.default_rng(seed)
        binary = np.empty_like(self.images)
        for start in range(0, len(binary), _CHUNK):
            grey = np.asarray(self.images[start : start + _CHUNK]) / self.maximum
            binary[start : start + _CHUNK] = rng.random(grey.shape) < grey
        return self._replace(images=binary, maximum=1)


def reader(name, data_dir=None, download=False):
    """What reads a set, a `kerasgen.data.catalog.Reader`; arguments and errors as of `read`."""
    return catalog.entry(name).reader or tfds.Reader(name, data_dir, download)


def read(name, split="train", data_dir=None, download=False):
    """Reads one split of a set.

    Args:
        name: of a set in `kerasgen.data.catalog`, or of TFDS.
        split: as TFDS writes it, such as "train", "train[50000:]" or "test[:10%]".
        data_dir: the TFDS folder; by default the environment's TFDS_DATA_DIR, or TFDS' own default.
        download: let TFDS download and prepare a set that is not in that folder.

    Raises:
        ValueError: an unknown name or split, a set without 8-bit images of one size.
        FileNotFoundError: the set is not in the folder.
        ConnectionError: it could not be downloaded.
    """
    return select(reader(name, data_dir, download), name, catalog.entry(name).maximum, split)


def size(name, split="train", data_dir=None, download=False):
    """Number of examples in a split, without reading them; arguments and errors as of `read`."""
    known = reader(name, data_dir, download).sizes
    return sum(stop - start for _, start, stop in splits.parse(split, known))


def select(reader, name, maximum, split):
    """The `Source` that a split string stands for.

    Args:
        reader: a `kerasgen.data.catalog.Reader`.
        name, maximum: of the set.
        split: a split string.

    Raises:
        ValueError: a split string that does not fit.
    """
    parts = [reader.read(*part) for part in splits.parse(split, reader.sizes)]
    images, labels = zip(*parts)
    if any(part is None for part in labels):
        labels = [None]
    whole = (parts[0] if len(parts) == 1 else np.concatenate(parts) for parts in (images, labels))
    return Source(name, *whole, maximum)
