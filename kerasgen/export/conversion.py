"""From a SavedModel to a TFLite file, in a process that may end."""

import contextlib
import subprocess
import sys
from unittest import mock

import numpy as np


@contextlib.contextmanager
def convertible():
    """Traces two operators as others, which survive the conversion, and loops without lists of
    tensors.

    TFLite has no softplus and computes log(exp(x) + 1), which overflows past 88: the
    log-probability of an image under confident logits was wrong by thousands of nats, with no
    error. And full-integer files misread the scale of what one_hot gives: 1 became 3.3 and 0
    became -3.9.
    """
    import tensorflow as tf
    from tensorflow.python.ops import gen_array_ops, gen_nn_ops

    from kerasgen.backend import tensorflow as loops

    def softplus(features, name=None):
        return tf.maximum(features, 0.0) + tf.math.log1p(tf.exp(-tf.abs(features)))

    def one_hot(indices, depth, on_value, off_value, axis=-1, name=None):
        hit = tf.equal(tf.expand_dims(indices, axis), tf.range(tf.cast(depth, indices.dtype)))
        return tf.where(hit, on_value, off_value)

    with (
        mock.patch.object(gen_nn_ops, "softplus", softplus),
        mock.patch.object(gen_array_ops, "one_hot", one_hot),
        mock.patch.object(loops, "_LISTS", False),
    ):
        yield


def convert(source, path, names, quantize=None, examples=None, batch_size=1):
    """Writes the SavedModel `source` as a TFLite file of the named signatures, in another process,
    since a fault of the converter ends its process.

    Args:
        source, path: of the SavedModel, and of the file.
        names: of the signatures.
        quantize: as of `tflite`.
        examples: for "int8", inputs of each signature to measure ranges on.
        batch_size: how many of them a call takes.

    Raises:
        RuntimeError: a conversion that fails.
    """
    from kerasgen.export import convert as program

    archive = source.with_suffix(".npz")
    np.savez(
        archive,
        **{
            f"{name}|{key}": value
            for name, inputs in (examples or {}).items()
            for key, value in inputs.items()
        },
    )
    options = [quantize or "float32", archive, str(batch_size), *names]
    command = [sys.executable, program.__file__, source, path, *options]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(
            f"Expected TFLite to convert the signatures {list(names)}. Received: "
            f"{_reason(done)}. Leave the one that it cannot convert out with signatures=."
        )


def _reason(done):
    """Why a conversion failed, in a line: the signature, and what TFLite lacks, if it says so."""
    telling = [
        line[line.find(text) :].strip()
        for line in done.stderr.splitlines()
        for text in ("error: failed while converting", "TF Select ops", "Custom ops")
        if text in line
    ]
    return " ".join(dict.fromkeys(telling))[:300] or f"exit status {done.returncode}"
