"""Images to ids at scale: an exported tokenizer in an Apache Beam pipeline, on one machine or on many.

    images, in shards  ->  ids-00003-of-00010.tfrecord (or .parquet) and ids-00003-of-00010.json, for each shard

A shard is the unit of work. Its files are put in place when they are whole, the ids last, so that a run that was broken
off goes on where it was: what has its ids is not done again. An image that cannot be read is left out, counted, and
named with the reason in the shard's JSON file.
"""

import contextlib
import hashlib
import io
import json
import posixpath
import signal
import threading
import uuid
from typing import NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from kerasgen.data import sources, toys
from kerasgen.export import formats

FORMATS = ("tfrecord", "parquet")
_BATCH = 256
_SETTINGS = "tokens.json"
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


class Shard(NamedTuple):
    """A share of the images: the names of files, a range of a TFDS split, or one TFRecord file."""

    index: int
    count: int
    images: tuple

    def path(self, output, ending):
        return posixpath.join(output, f"ids-{self.index:05d}-of-{self.count:05d}.{ending}")


def tokenize(
    model, source, output, file_format="tfrecord", images_per_shard=10_000, resize=False, binary=False, options=()
):
    """Writes the ids of any number of images.

    Args:
        model: a `kerasgen.families.DiscreteAutoencoder`.
        source: a folder of image files, also in folders within; "tfds:NAME" or "tfds:NAME:SPLIT" (split "train" by
            default), read where TFDS finds it or drawn by kerasgen, as "tfds:scenes"; or a pattern of TFRecord files,
            "images/*.tfrecord", of `tf.Example`s with an encoded image in their feature "image".
        output: folder to write to, on a disk that all workers reach. It holds the exported tokenizer, `tokens.json`
            with what the ids are, and two files for each shard. A TFRecord file has `tf.Example`s of "name" and "ids",
            a Parquet file these columns; ids are in raster order of the grid.
        file_format: "tfrecord" or "parquet".
        images_per_shard: of a folder or a TFDS split; a TFRecord file is a shard.
        resize: cut the middle out of images of another shape and scale it; otherwise they count as unreadable.
        binary: make pixels black or white, whichever is nearer, for a model of binary images.
        options: flags of Beam, such as `["--runner", "FlinkRunner"]`; by default the pipeline runs in this process,
            with `["--direct_num_workers", "4", "--direct_running_mode", "multi_processing"]` in four.

    Returns:
        Counts by name: "images" and "skipped" of all shards, and "shards" with those that this run "wrote".

    Raises:
        ValueError: a source without images, an unknown format or flag, an output folder of other settings, or a model
            that is no tokenizer of grey or RGB images.
        RuntimeError: a worker process was killed.
    """
    _check_flags(options)
    if file_format not in FORMATS:
        raise ValueError(f"Expected the format to be one of {FORMATS}. Received: {file_format!r}")
    if not hasattr(model, "tokenize"):
        raise ValueError(f"Expected a tokenizer, a DiscreteAutoencoder. Received: {type(model).__name__}.")
    if model.event_shape[-1] not in (1, 3):
        raise ValueError(f"Expected a tokenizer of grey or RGB images. Received: one of shape {model.event_shape}.")
    parts = list(_parts(source, images_per_shard))
    if not parts:
        raise ValueError(
            f"Expected images in {source!r}: files that end in {', '.join(_ENDINGS)}, or a pattern of TFRecord files. "
            "Received: none."
        )
    shards = [Shard(index, len(parts), part) for index, part in enumerate(parts)]
    settings = {
        "source": source,
        "format": file_format,
        "images_per_shard": images_per_shard,
        "resize": resize,
        "binary": binary,
        "vocab_size": model.vocab_size,
        "grid_shape": list(model.grid_shape),
        "event_shape": list(model.event_shape),
        "shards": len(parts),
        "images": _digest(json.dumps(parts).encode()),
        "weights": _digest(*(np.ascontiguousarray(weight).tobytes() for weight in model.get_weights())),
    }
    _check_settings(output, settings)
    exported = posixpath.join(output, "tokenizer")
    if not FileSystems.exists(posixpath.join(exported, "saved_model.pb")):
        formats.saved_model(model, exported, ["encode"])
    if partial := _match(posixpath.join(output, "ids-*.partial-*")):
        FileSystems.delete(partial)  # of a run that was broken off
    left = [shard for shard in shards if not FileSystems.exists(shard.path(output, file_format))]
    if left:
        work = Tokenize(exported, output, source, settings)
        pipeline = beam.Pipeline(runner=_runner(options), options=PipelineOptions(list(options)))
        with _ended_by_a_lost_worker(), pipeline:
            _ = pipeline | beam.Create(left) | beam.Reshuffle() | beam.ParDo(work)
    reports = [_read_json(shard.path(output, "json")) for shard in shards]
    return {
        "images": sum(report["images"] for report in reports),
        "skipped": sum(len(report["skipped"]) for report in reports),
        "shards": len(shards),
        "wrote": len(left),
    }


def _check_flags(options):
    """Beam itself lets pass what it does not know, and with it misspelt flags of ours."""
    known = PipelineOptions([]).get_all_options()
    flags = [flag.removeprefix("--").partition("=")[0] for flag in options if flag.startswith("--")]
    unknown = [flag for flag in flags if not known.keys() & {flag, f"{flag}s", flag.removeprefix("no_")}]
    if unknown:
        raise ValueError(
            f"Expected flags of kerasgen tokenize or of Apache Beam. Received: {', '.join(f'--{f}' for f in unknown)}."
        )


def _runner(options):
    """Beam's own Python runner, unless another is named: what Beam takes by itself is fetched from a network."""
    if StandardOptions(list(options)).runner:
        return None
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    return FnApiRunner()


@contextlib.contextmanager
def _ended_by_a_lost_worker():
    """Ends a run one of whose processes was killed, as for want of memory; Beam's own runner would wait for it.

    It takes a signal, which reaches the main thread only, and which Windows lacks: there Beam waits.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGUSR1"):
        yield
        return
    main, report = threading.main_thread().ident, threading.excepthook

    def watch(failure):
        if failure.thread is not None and failure.thread.name == "run_worker":  # Beam's, which waits for a process
            signal.pthread_kill(main, signal.SIGUSR1)
        else:
            report(failure)

    def end(*_):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # the other workers are lost with the run
        raise RuntimeError(
            "Expected all workers to live. Received: one that was killed. Run the same again, with fewer workers if "
            "memory was short: it goes on where it was."
        )

    before = signal.signal(signal.SIGUSR1, end)
    threading.excepthook = watch
    try:
        yield
    except RuntimeError as error:
        if isinstance(error.__context__, KeyboardInterrupt):  # which the workers received too
            raise error.__context__ from None
        raise
    finally:
        threading.excepthook = report
        signal.signal(signal.SIGUSR1, before)


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _check_settings(output, settings):
    path = posixpath.join(output, _SETTINGS)
    if not FileSystems.exists(path):
        _write_whole(path, json.dumps(settings, indent=2).encode())
        return
    there = _read_json(path)
    if there != settings:
        other = {key: there.get(key) for key in settings if there.get(key) != settings[key]}
        raise ValueError(
            f"Expected {output} to be empty or of the same settings, to go on. Received: {other} there. "
            "Name another folder."
        )


def _parts(source, images_per_shard):
    """What each shard holds: names of files, a TFDS range `(start, stop)`, or a TFRecord file."""
    if source.startswith("tfds:"):
        size = sources.size(*_tfds(source))
        yield from ((start, min(start + images_per_shard, size)) for start in range(0, size, images_per_shard))
    elif ".tfrecord" in posixpath.basename(source):
        yield from ((path,) for path in sorted(_match(source)))
    else:
        names = sorted(path for path in _match(posixpath.join(source, "**")) if path.lower().endswith(_ENDINGS))
        names = [posixpath.relpath(name, source) for name in names]
        yield from (tuple(names[start : start + images_per_shard]) for start in range(0, len(names), images_per_shard))


def _match(pattern):
    return [found.path for found in FileSystems.match([pattern])[0].metadata_list]


def _tfds(source):
    """The set and the split that "tfds:NAME:SPLIT" names."""
    name, _, split = source.removeprefix("tfds:").partition(":")
    if name in toys.TOYS:
        raise ValueError(
            f"Expected a set of images after tfds:. Received: {name!r}, points in the plane. Name another."
        )
    return name, split or "train"


class Tokenize(beam.DoFn):
    """Shards to files.

    Args:
        exported: folder of the SavedModel.
        output: folder of the files.
        source: of `tokenize`.
        settings: what `tokens.json` says.
    """

    def __init__(self, exported, output, source, settings):
        self.exported = exported
        self.output = output
        self.source = source
        self.settings = settings
        self.counters = {name: Metrics.counter("tokenize", name) for name in ("images", "skipped")}

    def setup(self):
        import tensorflow as tf

        self.loaded = tf.saved_model.load(self.exported)
        self.encode = self.loaded.signatures["encode"]

    def process(self, shard):
        skipped, count = [], 0
        path = shard.path(self.output, self.settings["format"])
        writer = _WRITERS[self.settings["format"]](_partial(path))
        try:
            names, images = [], []
            for name, load in self._images(shard):
                try:
                    pixels = _pixels(load(), self.settings["event_shape"], self.settings["resize"])
                    images.append(np.round(pixels) if self.settings["binary"] else pixels)
                    names.append(name)
                except Exception as error:  # whatever a decoder raises on a damaged file
                    skipped.append({"name": name, "reason": " ".join(str(error).split()) or type(error).__name__})
                if len(images) == _BATCH:
                    count += self._write(writer, names, images)
                    names, images = [], []
            count += self._write(writer, names, images)
        finally:
            writer.close()
        report = {"images": count, "skipped": skipped}
        _write_whole(shard.path(self.output, "json"), json.dumps(report, indent=1).encode())
        FileSystems.rename([writer.path], [path])
        self.counters["images"].inc(count)
        self.counters["skipped"].inc(len(skipped))

    def _write(self, writer, names, images):
        if images:
            ids = next(iter(self.encode(images=np.stack(images)).values())).numpy()
            writer.write(names, ids.reshape(len(ids), -1))
        return len(images)

    def _images(self, shard):
        """Yields names and functions that load an image, encoded or as an array."""
        if self.source.startswith("tfds:"):
            (name, split), (start, stop) = _tfds(self.source), shard.images
            for index, image in enumerate(_examples(name, f"{split}[{start}:{stop}]"), start):
                yield f"{split}/{index}", lambda image=image: image
        elif shard.images[0].lower().endswith(_ENDINGS):
            for name in shard.images:
                yield name, lambda name=name: _read(posixpath.join(self.source, name))
        else:
            yield from _records(shard.images[0])


def _examples(name, split):
    """Yields the images of a set, `[H, W, C]` uint8 up to 255."""
    if name in sources.EMBEDDED:
        source = sources.read(name, split)
        images, maximum = np.asarray(source.images), source.maximum
    else:
        import tensorflow_datasets as tfds

        builder = sources.tfds_builder(name)
        examples = builder.as_dataset(split=split, shuffle_files=False)  # of any sizes
        images = (sources.upright(builder.name, example["image"]) for example in tfds.as_numpy(examples))
        maximum = sources.maximum(builder.name)
    for image in images:
        yield image if maximum == 255 else np.rint(image * (255 / maximum)).astype("uint8")


def _records(path):
    """Yields the images of a TFRecord file; what follows a damaged place in it is one image that cannot be loaded."""
    import tensorflow as tf

    index = 0
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
        raise ValueError(f"Expected one encoded image in the feature 'image'. Received: {len(values)}.")
    return values[0]


def _pixels(image, event_shape, resize):
    """An image, encoded or `[height, width, channels]` uint8, as float32 in [0, 1] of `event_shape`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    height, width, channels = event_shape
    try:
        image = Image.open(io.BytesIO(image)) if isinstance(image, bytes) else Image.fromarray(np.squeeze(image))
    except UnidentifiedImageError:
        raise ValueError("Expected an image. Received: bytes that Pillow cannot read.") from None
    image = image.convert({1: "L", 3: "RGB"}[channels])
    if resize:
        image = ImageOps.fit(image, (width, height))
    elif image.size != (width, height):
        raise ValueError(f"Expected {width}x{height} pixels. Received: {image.width}x{image.height}. Resize it.")
    return np.asarray(image, "float32").reshape(event_shape) / 255


class _TFRecordWriter:
    def __init__(self, path):
        import tensorflow as tf

        self.path, self.file = path, tf.io.TFRecordWriter(path)

    def write(self, names, ids):
        import tensorflow as tf

        for name, row in zip(names, ids):
            feature = {
                "name": tf.train.Feature(bytes_list=tf.train.BytesList(value=[name.encode()])),
                "ids": tf.train.Feature(int64_list=tf.train.Int64List(value=row)),
            }
            self.file.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())

    def close(self):
        self.file.close()


class _ParquetWriter:
    def __init__(self, path):
        import pyarrow as pa
        from pyarrow import parquet

        self.path, self.stream = path, FileSystems.create(path, compression_type="uncompressed")
        self.schema = pa.schema([("name", pa.string()), ("ids", pa.list_(pa.int32()))])
        self.file = parquet.ParquetWriter(self.stream, self.schema)

    def write(self, names, ids):
        import pyarrow as pa

        self.file.write_table(pa.table({"name": names, "ids": list(ids)}, schema=self.schema))

    def close(self):
        self.file.close()
        self.stream.close()


_WRITERS = {"tfrecord": _TFRecordWriter, "parquet": _ParquetWriter}


def _partial(path):
    return f"{path}.partial-{uuid.uuid4().hex}"


def _read(path):
    with FileSystems.open(path, compression_type="uncompressed") as file:
        return file.read()


def _read_json(path):
    return json.loads(_read(path))


def _write_whole(path, data):
    partial = _partial(path)
    with FileSystems.create(partial, compression_type="uncompressed") as file:
        file.write(data)
    if FileSystems.exists(path):
        FileSystems.delete([path])
    FileSystems.rename([partial], [path])
