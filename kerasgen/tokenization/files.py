"""Files on any disk that Beam reaches, put in place when they are whole, and the two formats of
ids.
"""

import json
import uuid

from apache_beam.io.filesystems import FileSystems


def match(pattern):
    """Paths of the files that a pattern names."""
    return [found.path for found in FileSystems.match([pattern])[0].metadata_list]


def read(path):
    with FileSystems.open(path, compression_type="uncompressed") as file:
        return file.read()


def read_json(path):
    return json.loads(read(path))


def write_json(path, value):
    """Writes a file that nobody sees before it is whole."""
    part = partial(path)
    with FileSystems.create(part, compression_type="uncompressed") as file:
        file.write(json.dumps(value, indent=1).encode())
    if FileSystems.exists(path):
        FileSystems.delete([path])
    FileSystems.rename([part], [path])


def partial(path):
    """A name of its own for a file that is not whole yet."""
    return f"{path}.partial-{uuid.uuid4().hex}"


class TFRecordWriter:
    """`tf.Example`s of "name" and "ids"."""

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
            self.file.write(
                tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
            )

    def close(self):
        self.file.close()


class ParquetWriter:
    """Columns "name" and "ids"."""

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


WRITERS = {"tfrecord": TFRecordWriter, "parquet": ParquetWriter}
