"""Where images to be tokenized lie: a folder, a TFDS split or TFRecord files, cut into shards and
read one by one.

A source has `parts(images_per_shard)`, what each shard is to hold, as JSON can write it, and
`read(part)`, which yields a part's images as names and functions that load them: encoded, or as an
array `[H, W, C]` of uint8.
"""

import io
import posixpath
from typing import NamedTuple

import numpy as np

from kerasgen.data import catalog, splits, tfds
from kerasgen.tokenization import files

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


def source(text, data_dir=None, download=False):
    """The source that `--input` names; `data_dir` and `download` are of `kerasgen.data.open`.

    Raises:
        ValueError: a set of anything but images.
    """
    if text.startswith("tfds:"):
        name, _, split = text.removeprefix("tfds:").partition(":")
        event = catalog.entry(name).event
        if event and not event.is_picture:
            raise ValueError(
                f"Expected a set of images after tfds:. Received: {name!r}, {event.meaning}. Name "
                "another."
            )
        return Split(name, split or "train", data_dir, download)
    return Records(text) if ".tfrecord" in posixpath.basename(text) else Folder(text)


class Folder(NamedTuple):
    """Image files in a folder and in those within; a part is their names."""

    path: str

    def parts(self, images_per_shard):
        found = files.match(posixpath.join(self.path, "**"))
        names = [
            posixpath.relpath(path, self.path)
            for path in sorted(found)
            if path.lower().endswith(ENDINGS)
        ]
        return [
            tuple(names[start : start + images_per_shard])
            for start in range(0, len(names), images_per_shard)
        ]

    def read(self, part):
        for name in part:
            yield name, lambda name=name: files.read(posixpath.join(self.path, name))


class Split(NamedTuple):
    """A split, as TFDS writes it, of a set that TFDS finds or that kerasgen draws; a part is a
    range of a whole one.
    """

    name: str
    split: str
    data_dir: str | None
    download: bool

    def parts(self, images_per_shard):
        sizes = catalog.entry(self.name).open(self.data_dir, self.download).sizes
        return [
            (whole, first, min(first + images_per_shard, stop))
            for whole, start, stop in splits.parse(self.split, sizes)
            for first in range(start, stop, images_per_shard)
        ]

    def read(self, part):
        _, start, _ = part
        for index, image in enumerate(self._examples(*part), start):
            yield f"{part[0]}/{index}", lambda image=image: image

    def _examples(self, whole, start, stop):
        """Yields images `[H, W, C]`, uint8 up to 255."""
        reader = catalog.entry(self.name).open(self.data_dir)
        if isinstance(reader, tfds.Reader):  # images of any sizes
            examples = reader.examples(f"{whole}[{start}:{stop}]").as_numpy_iterator()
            images, levels = (reader.upright(each["image"]) for each in examples), reader.levels
        else:
            images, levels = np.asarray(reader.read(whole, start, stop)[0]), reader.event.levels
        for image in images:
            yield np.rint(image * (255 / (levels - 1))).astype("uint8")


class Records(NamedTuple):
    """TFRecord files of `tf.Example`s with an encoded image in their feature "image"; a part is one
    file.
    """

    pattern: str

    def parts(self, images_per_shard):
        return [(path,) for path in sorted(files.match(self.pattern))]

    def read(self, part):
        """What follows a damaged place in a file is one image that cannot be loaded."""
        import tensorflow as tf

        (path,), index = part, 0
        try:
            for record in tf.data.TFRecordDataset(path):
                data = record.numpy()
                yield f"{path}:{index}", lambda data=data: _encoded(data)
                index += 1
        except tf.errors.DataLossError as error:
            reason = f"the file is damaged from here on: {error.message}"

            def load():
                raise ValueError(reason)

            yield f"{path}:{index}", load


def _encoded(record):
    import tensorflow as tf

    values = tf.train.Example.FromString(record).features.feature["image"].bytes_list.value
    if len(values) != 1:
        raise ValueError(
            f"Expected one encoded image in the feature 'image'. Received: {len(values)}."
        )
    return values[0]


def pixels(image, event_shape, resize=False):
    """An image, encoded or `[H, W, C]` uint8, as float32 in [0, 1] of `event_shape`.

    Raises:
        ValueError: no image, or one of another height or width that `resize` does not let be cut
            and scaled.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    height, width, channels = event_shape
    try:
        image = (
            Image.open(io.BytesIO(image))
            if isinstance(image, bytes)
            else Image.fromarray(np.squeeze(image))
        )
    except UnidentifiedImageError:
        raise ValueError("Expected an image. Received: bytes that Pillow cannot read.") from None
    image = image.convert({1: "L", 3: "RGB"}[channels])
    if resize:
        image = ImageOps.fit(image, (width, height))
    elif image.size != (width, height):
        raise ValueError(
            f"Expected {width}x{height} pixels. Received: {image.width}x{image.height}. Resize it."
        )
    return np.asarray(image, "float32").reshape(event_shape) / 255
