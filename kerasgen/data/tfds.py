"""Sets of TensorFlow Datasets."""

import difflib
import os
from collections.abc import Iterable

import numpy as np

from kerasgen import backend
from kerasgen.events import Image

_CHUNK = 1000  # examples decoded at once


class Reader:
    """Reads the 8-bit images of a TFDS set; a `kerasgen.data.reader.Reader`.

    Args:
        name: of the set, perhaps with a configuration and a version.
        levels: of its images.
        transposed: whether TFDS keeps the columns of its images as rows.
        data_dir, download: as of `kerasgen.data.open`.
        others: sets that are not of TFDS, for whom a mistyped name may stand.

    Raises:
        ValueError: an unknown name.
        FileNotFoundError: the set is not in the folder.
        ConnectionError: it could not be downloaded.

    >>> Reader("mnits", others=["ring"])
    Traceback (most recent call last):
    ValueError: Expected one of ['ring'] or the name of a TFDS set. Received: 'mnits'. ...
    """

    def __init__(
        self, name, levels=256, transposed=False, data_dir=None, download=False, others=()
    ):
        self.levels = levels
        self.transposed = transposed
        self.builder = builder(name, data_dir, download, others)
        splits = self.builder.info.splits
        self.sizes = {split: info.num_examples for split, info in splits.items()}

    @property
    def event(self) -> Image:
        """What an example is.

        Raises:
            ValueError: a set without 8-bit images of one size.
        """
        import tensorflow_datasets as tfds

        features = dict(self.builder.info.features)
        image = features.get("image")
        is_image = isinstance(image, tfds.features.Image)
        if not is_image or image.np_dtype != np.uint8 or None in image.shape:
            raise ValueError(
                "Expected a set with 8-bit images of one size in its feature 'image'. Received: "
                f"{self.builder.name!r}, with the features {features}"
            )
        return Image(*image.shape, levels=self.levels)

    def examples(self, split: str):
        """The `tf.data.Dataset` of what TFDS holds of a split, in its order."""
        import tensorflow_datasets as tfds

        once = tfds.ReadConfig(try_autocache=False)
        return self.builder.as_dataset(split=split, read_config=once, shuffle_files=False)

    def upright(self, images):
        """Images `[..., H, W, C]` as they are meant to be seen."""
        return np.swapaxes(images, -3, -2) if self.transposed else images

    def read(self, split, start, stop):
        """Images `[N, H, W, C]` uint8 and, where the set has one label, labels `[N]` int32."""
        images = np.empty((stop - start, *self.event.shape), "uint8")
        label = dict(self.builder.info.features).get("label")
        is_labelled = label and label.shape == () and np.issubdtype(label.np_dtype, np.integer)
        labels = np.empty(len(images), "int32") if is_labelled else None
        done = 0
        examples = self.examples(f"{split}[{start}:{stop}]")
        for batch in examples.batch(_CHUNK).as_numpy_iterator():
            rows = slice(done, done + len(batch["image"]))
            images[rows] = self.upright(batch["image"])
            if is_labelled:
                labels[rows] = batch["label"]
            done = rows.stop
        return images, labels


def builder(
    name: str,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
    others: Iterable[str] = (),
):
    """TFDS' own builder of a set, whose files are there; arguments and errors as of `Reader`.

    >>> builder("mnist", data_dir="empty")
    Traceback (most recent call last):
    FileNotFoundError: Expected the set 'mnist' in empty... Received: no such folder. ...
    """
    tfds = backend.library("tensorflow_datasets")
    # TFDS looks at the environment once, when it is imported.
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR")
    try:
        builder = tfds.builder(name, data_dir=data_dir and os.path.expanduser(data_dir))
    except tfds.core.DatasetNotFoundError:
        every = [*others, *tfds.list_builders(with_community_datasets=False)]
        near = difflib.get_close_matches(name, every, n=5)
        raise ValueError(
            f"Expected one of {list(others)} or the name of a TFDS set. Received: {name!r}. "
            f"Near names: {near}"
        ) from None
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
                f"Expected to download the set {name!r} to {builder.data_dir}. Received: {error}. "
                "Check the network, or set TFDS_DATA_DIR or data_dir= to a folder that holds the "
                "set."
            ) from error
    elif not builder.data_path.exists():
        raise FileNotFoundError(
            f"Expected the set {name!r} in {builder.data_dir}. Received: no such folder. Set "
            "TFDS_DATA_DIR or data_dir= to a TFDS folder that holds it, or pass download=True "
            "(--download), which needs a network."
        )
    return builder
