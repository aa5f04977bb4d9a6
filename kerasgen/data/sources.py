"""Whole sets in memory, images decoded once, as uint8: where every pipeline starts."""

import difflib
import functools
import os
from typing import NamedTuple

import numpy as np

from kerasgen import backend
from kerasgen.data import splits
from kerasgen.data.synthetic import scenes, shapes, toys

# The level that stands for 1, where it is not 255.
_MAXIMUM = {"binarized_mnist": 1, "digits": 16}
_DIGITS_TRAIN = 1500
_TOY_SEEDS = {"train": 0, "test": 1}
_TOY_SIZE = 10_000  # points in each split
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


def read(name, split="train", data_dir=None, download=False):
    """Reads one split of a set.

    Args:
        name: "digits" (scikit-learn's 1,797 images of 8x8 pixels, 1,500 for training and 297 for
            testing by a fixed draw), a name in `kerasgen.data.synthetic.toys.TOYS` (10,000 points
            for training, which are those that its `sample` draws with seed 0, and 10,000 for
            testing, with seed 1), a name in the `SETS` of `kerasgen.data.synthetic.shapes` or
            `kerasgen.data.synthetic.scenes`, or the TFDS name of an image set.
        split: as TFDS writes it, such as "train", "train[50000:]" or "test[:10%]".
        data_dir: the TFDS folder; by default the environment's TFDS_DATA_DIR, or TFDS' own default.
        download: let TFDS download and prepare a set that is not in that folder.

    Raises:
        ValueError: an unknown name or split, a set without 8-bit images of one size.
        FileNotFoundError: the set is not in the folder.
        ConnectionError: it could not be downloaded.
    """
    parts = _embedded(name)
    if parts:
        return select(parts, parts.get, split)
    return _read_tfds(tfds_builder(name, data_dir, download), split)


def sizes(name, data_dir=None, download=False):
    """Number of examples by split name."""
    parts = _embedded(name)
    if parts:
        return {split: len(source.images) for split, source in parts.items()}
    return {split: info.num_examples for split, info in tfds_builder(name, data_dir, download).info.splits.items()}


def size(name, split="train", data_dir=None, download=False):
    """Number of examples in a split, without reading them. Arguments and errors are those of `kerasgen.data.load`."""
    if name in EMBEDDED:
        known = sizes(name)
        return sum(stop - start for _, start, stop in splits.parse(split, known, known.get))
    return num_examples(tfds_builder(name, data_dir, download), split)


def select(names, part, split):
    """The slices of whole splits that a split string stands for, as one source.

    Args:
        names: of the splits that there are.
        part: function from a name to its `Source`.
        split: a split string.

    Raises:
        ValueError: a split string that does not fit.
    """
    part = functools.cache(part)
    slices = splits.parse(split, names, lambda name: len(part(name).images))
    slices = [(part(name), slice(start, stop)) for name, start, stop in slices]
    first = slices[0][0]
    images = [source.images[rows] for source, rows in slices]
    labelled = all(source.labels is not None for source, _ in slices)
    labels = [source.labels[rows] for source, rows in slices] if labelled else [None]
    images, labels = (np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in (images, labels))
    return first._replace(images=images, labels=labels)


# The sets that need no file.
EMBEDDED = ("digits", *toys.TOYS, *shapes.SETS, *scenes.SETS)


def _embedded(name):
    """The splits by name of a set that needs no file; none for any other name."""
    if name == "digits":
        return _digits()
    if name in shapes.SETS:
        return {split: Source(name, *part, 1) for split, part in shapes.splits(name).items()}
    if name in scenes.SETS:
        return {split: Source(name, *part, 255) for split, part in scenes.splits(name).items()}
    toy = toys.TOYS.get(name)
    return toy and {split: Source(name, toy.sample(_TOY_SIZE, seed), None, 1) for split, seed in _TOY_SEEDS.items()}


def _digits():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = digits.images.astype("uint8")[..., None]
    labels = digits.target.astype("int32")
    order = np.random.default_rng(0).permutation(len(images))
    rows = {"train": order[:_DIGITS_TRAIN], "test": order[_DIGITS_TRAIN:]}
    return {split: Source("digits", images[row], labels[row], _MAXIMUM["digits"]) for split, row in rows.items()}


def tfds_builder(name, data_dir=None, download=False):
    """The TFDS builder of a set that is there; arguments and errors as of `read`."""
    tfds = backend.library("tensorflow_datasets")

    # TFDS looks at the environment once, when it is imported.
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR")
    try:
        builder = tfds.builder(name, data_dir=data_dir and os.path.expanduser(data_dir))
    except tfds.core.DatasetNotFoundError:
        near = difflib.get_close_matches(name, [*EMBEDDED, *tfds.list_builders(with_community_datasets=False)], n=5)
        message = f"Expected one of {list(EMBEDDED)} or the name of a TFDS set. Received: {name!r}. Near names: {near}"
        raise ValueError(message) from None
    except (AssertionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"Expected a configuration and a version that TFDS has. Received: {name!r}. {reason}"
        ) from None
    if download:
        try:
            builder.download_and_prepare()
        except (OSError, tfds.download.DownloadError) as error:
            raise ConnectionError(
                f"Expected to download the set {name!r} to {builder.data_dir}. Received: {error}. Check the network, "
                "or set TFDS_DATA_DIR or data_dir= to a folder that holds the set."
            ) from error
    elif not builder.data_path.exists():
        raise FileNotFoundError(
            f"Expected the set {name!r} in {builder.data_dir}. Received: no such folder. Set TFDS_DATA_DIR or "
            "data_dir= to a TFDS folder that holds it, or pass download=True (--download), which needs a "
            "network."
        )
    return builder


def num_examples(builder, split):
    """Number of examples in a split of a TFDS builder, or a ValueError that names the splits there are."""
    try:
        return builder.info.splits[split].num_examples
    except (KeyError, ValueError):
        known = {name: info.num_examples for name, info in builder.info.splits.items()}
        raise ValueError(
            f"Expected split to be one of {known}, or a slice such as 'train[:100]' or 'train[90%:]'. "
            f"Received: split={split!r}"
        ) from None


def _read_tfds(builder, split):
    import tensorflow_datasets as tfds

    count = num_examples(builder, split)
    features = dict(builder.info.features)
    image = features.get("image")
    if not isinstance(image, tfds.features.Image) or image.np_dtype != np.uint8 or None in image.shape:
        raise ValueError(
            f"Expected a set with 8-bit images of one size in its feature 'image'. Received: {builder.name!r}, "
            f"with the features {features}"
        )
    label = features.get("label")
    labelled = label is not None and label.shape == () and np.issubdtype(label.np_dtype, np.integer)
    once = tfds.ReadConfig(try_autocache=False)
    examples = builder.as_dataset(split=split, read_config=once, shuffle_files=False)

    images = np.empty((count, *image.shape), "uint8")
    labels = np.empty(count, "int32") if labelled else None
    start = 0
    for batch in examples.batch(_CHUNK).as_numpy_iterator():
        rows = slice(start, start + len(batch["image"]))
        images[rows] = batch["image"]
        if labelled:
            labels[rows] = batch["label"]
        start = rows.stop
    return Source(builder.name, upright(builder.name, images), labels, maximum(builder.name))


def upright(name, images):
    """Images `[..., H, W, C]` of the TFDS set `name` as they are meant to be seen."""
    # EMNIST's files hold columns as rows, and TFDS keeps them so: its letters lie on their sides,
    # mirrored.
    return np.ascontiguousarray(np.swapaxes(images, -3, -2)) if name == "emnist" else images


def maximum(name):
    """The largest value of a pixel of the set `name`."""
    return _MAXIMUM.get(name, 255)
