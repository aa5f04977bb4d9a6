"""What tokenizing writes, read back."""

import numpy as np
import pytest
import tensorflow as tf

parquet = pytest.importorskip("pyarrow.parquet")


def read(output):
    """Names and ids of all shards, in order."""
    names, ids = [], []
    for path in sorted(output.glob("ids-*.parquet")):
        table = parquet.read_table(path).to_pydict()
        names += table["name"]
        ids += table["ids"]
    for path in sorted(output.glob("ids-*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            names.append(features["name"].bytes_list.value[0].decode())
            ids.append(list(features["ids"].int64_list.value))
    return names, np.array(ids)


def expected(tokenizer, pictures):
    pixels = np.stack(list(pictures.values()))[..., None].astype("float32") / 255
    return np.asarray(tokenizer.tokenize(pixels)).reshape(len(pictures), -1)
