"""Sets by name, or from a file: as one source, or in batches."""

import os
from typing import Any

import numpy as np
from keras import tree

from kerasgen.data import catalog, splits
from kerasgen.data.batching import Batches
from kerasgen.data.npz import File
from kerasgen.data.source import Source


def open(
    name: str | None,
    split: str = "train",
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
    npz: str | os.PathLike | None = None,
) -> Source:
    """Reads one split of a set, images as integers.

    Args:
        name: a set that is computed, as `kerasgen.data.catalog.computed()` lists them: points in
            the plane, sprites with known factors, captioned scenes, house numbers; "digits", of
            scikit-learn; "spoken_digits"; "digits_in_three"; one that `kerasgen.data.catalog.add`
            put there; a path that ends in .npz, which is the same as `npz`; or an image set of
            TFDS: "mnist", "fashion_mnist", "binarized_mnist", "emnist/letters", ... Beside a file,
            the set that it is to hold, or None for any.
        split: as TFDS writes it. "train[50000:]" is the last 10,000 training images of MNIST.
        data_dir: the folder of TFDS' sets and of spoken digits; by default the environment's
            TFDS_DATA_DIR, or TFDS' own default.
        download: let TFDS download and prepare a set that is not in that folder.
        npz: a file of `save_npz` or `export_npz` to read instead.

    Raises:
        ValueError: an unknown set or split, a TFDS set without 8-bit images of one size, a file of
            another set, a foreign or a damaged one.
        FileNotFoundError: the set is not in the folder, or there is no such file.
        ConnectionError: it could not be downloaded.

    Example:
        >>> from kerasgen import data
        >>> data.open("pinwheel", "test[:10%]").array().shape
        (1000, 2)
    """
    if npz is None and str(name).endswith(".npz"):
        name, npz = None, name
    if npz is not None:
        reader = File(npz)
        if name not in (None, reader.name):
            raise ValueError(
                f"Expected a file of the set {name!r}. Received: {npz}, of {reader.name!r}. Name "
                "another."
            )
        name = reader.name
    elif name is not None:
        reader = catalog.entry(name).open(data_dir, download)
    else:
        raise ValueError("Expected the name of a set, or a file as npz=. Received: neither.")
    slices = splits.parse(split, reader.sizes)
    if not sum(stop - start for _, start, stop in slices):
        raise ValueError(
            f"Expected at least 1 example. Received: split={split!r}, which has none. A slice ends "
            "behind its start, as 'train[2:5]' does."
        )
    parts = [reader.read(*part) for part in slices]
    if len(parts) == 1:
        return Source(name, reader.event, *parts[0])
    stored, labels = zip(*parts)
    stored = tree.map_structure(lambda *each: np.concatenate(each), *stored)
    labels = None if any(each is None for each in labels) else np.concatenate(labels)
    return Source(name, reader.event, stored, labels)


def size(
    name: str,
    split: str = "train",
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
) -> int:
    """Number of examples in a split, without reading them; arguments and errors as of `open`.

    Example:
        >>> from kerasgen import data
        >>> data.size("scenes", "train[:10%]")
        20000
    """
    known = catalog.entry(name).open(data_dir, download).sizes
    return sum(stop - start for _, start, stop in splits.parse(split, known))


def load(
    name: str,
    split: str = "train",
    batch_size: int = 64,
    binarize: str | None = None,
    labels: bool = False,
    shuffle: bool = False,
    seed: int = 0,
    drop_remainder: bool = False,
    repeat: bool = False,
    start_step: int = 0,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
):
    """Reads a set into memory and gives batches `[B, *event.shape]`: images float32 in [0, 1].

    Everything random is a function of the seed, the epoch and the position in the epoch: two
    datasets with equal arguments give equal batches, on every backend. Iterating over a finite
    dataset again gives its next epoch, so that `fit` for several epochs sees new orders and new
    draws; an endless one (`repeat=True`, with `steps_per_epoch` in `fit`) starts at the same batch
    every time, which is what exact resuming needs.

    Args:
        name, split, data_dir, download: as of `open`.
        batch_size, binarize, labels, shuffle, seed, drop_remainder, repeat, start_step: as of
            `kerasgen.data.batching.Batches`.

    Returns:
        A prefetching `tf.data.Dataset`, deterministic, with autotuning off.

    Raises:
        ValueError: the errors of `open` and of `Batches`.
        FileNotFoundError: the set is not in the folder looked in.
        ConnectionError: it could not be downloaded.

    Example:
        >>> from kerasgen import data
        >>> images, labels = next(iter(data.load("digits", labels=True)))
        >>> tuple(images.shape), tuple(labels.shape)
        ((64, 8, 8, 1), (64,))
    """
    source = open(name, split, data_dir, download)
    how = batch_size, binarize, labels, shuffle, seed, drop_remainder, repeat, start_step
    return Batches(source, *how).dataset()


def from_npz(
    path: str | os.PathLike, split: str = "train", name: str | None = None, **options: Any
) -> Batches:
    """Reads a file of `save_npz` or `export_npz`, without TensorFlow.

    Args:
        path: of the file.
        split: of the splits in the file, as of `open`.
        name: of the set that the file is to hold, or None for any.
        **options: of `kerasgen.data.batching.Batches`.

    Returns:
        `Batches` for Keras' `fit`, the same as `load` gives of the same set.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a foreign file, a damaged one, one of another set, or any option that `load`
            refuses.

    Example:
        >>> import numpy as np
        >>> from kerasgen import data
        >>> path = data.save_npz("table.npz", train_images=np.eye(3, dtype="float32"))
        >>> data.from_npz(path, batch_size=2)[0]
        array([[1., 0., 0.],
               [0., 1., 0.]], dtype=float32)
    """
    return open(name, split, npz=path).batches(**options)
