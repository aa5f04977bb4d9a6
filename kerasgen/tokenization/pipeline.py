"""The pipeline of shards.

    images, in shards  ->  ids-00003-of-00010.tfrecord (or .parquet) and ids-00003-of-00010.json,
    for each shard

A shard is the unit of work. Its files are put in place when they are whole, the ids last, so that a
run that was broken
off goes on where it was: what has its ids is not done again. An image that cannot be read is left
out, counted, and named with the reason in the shard's JSON file.
"""

import hashlib
import json
import os
import posixpath
from typing import NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics.metric import Metrics
from apache_beam.options.pipeline_options import PipelineOptions

from kerasgen import export
from kerasgen.abilities import methods
from kerasgen.tokenization import files, images, runner

FORMATS = tuple(files.WRITERS)
_BATCH = 256
_SETTINGS = "tokens.json"


class Shard(NamedTuple):
    """A share of the images: a part of their source."""

    index: int
    count: int
    part: tuple

    def path(self, output, ending):
        return posixpath.join(output, f"ids-{self.index:05d}-of-{self.count:05d}.{ending}")


def tokenize(
    model,
    source,
    output,
    file_format="tfrecord",
    images_per_shard=10_000,
    resize=False,
    binary=False,
    options=(),
    data_dir=None,
    download=False,
):
    """Writes the ids of any number of images.

    Args:
        model: a tokenizer of grey or RGB images.
        source: a folder of image files, also in folders within; "tfds:NAME" or "tfds:NAME:SPLIT"
            ("train" by default), of any set that kerasgen names; or a pattern of TFRecord files of
            `tf.Example`s with an encoded image in their feature "image".
        output: folder on a disk that all workers reach: the exported tokenizer, `tokens.json` with
            what the ids are, and two files for each shard, of names and of ids in raster order.
        file_format: "tfrecord" or "parquet".
        images_per_shard: of a folder or a TFDS split; a TFRecord file is a shard.
        resize: scale the middle of images of another shape, which otherwise count as unreadable.
        binary: make pixels black or white, whichever is nearer, for a model of binary images.
        options: flags of Beam, such as `["--runner", "FlinkRunner"]`. By default the pipeline runs
            in this process; `["--direct_num_workers", "4", "--direct_running_mode",
            "multi_processing"]` are four.
        data_dir, download: of a TFDS set, as in `kerasgen.data.load`.

    Returns:
        Counts: "images" and "skipped" of all shards, and "shards" with those that this run "wrote".

    Raises:
        ValueError: a source without images, an unknown format or flag, an output folder of other
            settings, or a model that is no such tokenizer.
        RuntimeError: a worker process ended, as for want of memory.
    """
    runner.check(options)
    source, output = os.fspath(source), os.fspath(output)
    _check(model, output, file_format)
    found = images.source(source, data_dir, download)
    parts = _parts(found, source, images_per_shard)
    settings = {
        "source": source,
        "format": file_format,
        "images_per_shard": images_per_shard,
        "resize": resize,
        "binary": binary,
        **_of_model(model),
        "shards": len(parts),
        "images": _digest(json.dumps(parts).encode()),
    }
    _check_settings(output, settings)
    shards = [Shard(index, len(parts), part) for index, part in enumerate(parts)]
    wrote = _write(model, output, settings, found, shards, options)
    reports = [files.read_json(shard.path(output, "json")) for shard in shards]
    skipped = sum(len(report["skipped"]) for report in reports)
    counts = {"images": sum(report["images"] for report in reports), "skipped": skipped}
    return {**counts, "shards": len(shards), "wrote": wrote}


def _check(model, output, file_format):
    if "://" in output:  # the tokenizer that the workers load is no file of Beam's
        raise ValueError(
            "Expected a folder that this process and the workers reach by its path. Received: "
            f"{output!r}. Write to a mounted disk, and copy."
        )
    if file_format not in FORMATS:
        raise ValueError(f"Expected the format to be one of {FORMATS}. Received: {file_format!r}")
    if "tokenize" not in methods(model):
        raise ValueError(
            f"Expected a tokenizer, a DiscreteAutoencoder. Received: {type(model).__name__}."
        )
    if model.event_shape[-1] not in (1, 3):
        raise ValueError(
            "Expected a tokenizer of grey or RGB images. Received: one of shape "
            f"{model.event_shape}."
        )


def _parts(found, source, images_per_shard):
    """What each shard holds."""
    if parts := found.parts(images_per_shard):
        return parts
    raise ValueError(
        f"Expected images in {source!r}: files that end in {', '.join(images.ENDINGS)}, or a "
        "pattern of TFRecord files. Received: none."
    )


def _of_model(model):
    """What a run that goes on must find again in its tokenizer."""
    weights = (np.ascontiguousarray(weight).tobytes() for weight in model.get_weights())
    return {
        "vocab_size": model.vocab_size,
        "grid_shape": list(model.grid_shape),
        "event_shape": list(model.event_shape),
        "weights": _digest(*weights),
    }


def _write(model, output, settings, source, shards, options):
    """Writes the shards that are not there yet, and returns their number."""
    exported = posixpath.join(output, "tokenizer")
    if not FileSystems.exists(posixpath.join(exported, "saved_model.pb")):
        export.saved_model(model, exported, ["encode"])
    if partial := files.match(posixpath.join(output, "ids-*.partial-*")):
        FileSystems.delete(partial)  # of a run that was broken off
    left = [
        each for each in shards if not FileSystems.exists(each.path(output, settings["format"]))
    ]
    if left:
        work = Tokenize(exported, output, settings, source)
        pipeline = beam.Pipeline(
            runner=runner.named(options), options=PipelineOptions(list(options))
        )
        with runner.ended_by_a_lost_worker(), pipeline:
            _ = pipeline | beam.Create(left) | beam.Reshuffle() | beam.ParDo(work)
    return len(left)


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _check_settings(output, settings):
    path = posixpath.join(output, _SETTINGS)
    if not FileSystems.exists(path):
        files.write_json(path, settings)
        return
    there = files.read_json(path)
    if there != settings:
        other = {key: there.get(key) for key in settings if there.get(key) != settings[key]}
        raise ValueError(
            f"Expected {output} to be empty or of the same settings, to go on. Received: {other} "
            "there. Name another folder."
        )


class Tokenize(beam.DoFn):
    """Shards to files.

    Args:
        exported: folder of the SavedModel.
        output: folder of the files.
        settings: what `tokens.json` says.
        source: of the images, of `kerasgen.tokenization.images`.
    """

    def __init__(self, exported, output, settings, source):
        self.exported = exported
        self.output = output
        self.settings = settings
        self.source = source
        self.counters = {name: Metrics.counter("tokenize", name) for name in ("images", "skipped")}

    def setup(self):
        import tensorflow as tf

        self.loaded = tf.saved_model.load(self.exported)
        self.encode = self.loaded.signatures["encode"]

    def process(self, shard):
        skipped, count = [], 0
        path = shard.path(self.output, self.settings["format"])
        writer = files.WRITERS[self.settings["format"]](files.partial(path))
        try:
            names, batch = [], []
            for name, load in self.source.read(shard.part):
                try:
                    pixels = images.pixels(
                        load(), self.settings["event_shape"], self.settings["resize"]
                    )
                    batch.append(np.round(pixels) if self.settings["binary"] else pixels)
                    names.append(name)
                except Exception as error:  # whatever a decoder raises on a damaged file
                    skipped.append(
                        {
                            "name": name,
                            "reason": " ".join(str(error).split()) or type(error).__name__,
                        }
                    )
                if len(batch) == _BATCH:
                    count += self._write(writer, names, batch)
                    names, batch = [], []
            count += self._write(writer, names, batch)
        finally:
            writer.close()
        files.write_json(shard.path(self.output, "json"), {"images": count, "skipped": skipped})
        FileSystems.rename([writer.path], [path])
        self.counters["images"].inc(count)
        self.counters["skipped"].inc(len(skipped))

    def _write(self, writer, names, batch):
        if batch:
            ids = next(iter(self.encode(images=np.stack(batch)).values())).numpy()
            writer.write(names, ids.reshape(len(ids), -1))
        return len(batch)
