"""From a SavedModel to a TFLite file, here or in a process that may end."""

import contextlib
import subprocess
import sys
from unittest import mock

import numpy as np


@contextlib.contextmanager
def convertible():
    """Traces two operators as others, which survive the conversion.

    TFLite has no softplus and computes log(exp(x) + 1), which overflows past 88: the
    log-probability of an image under confident logits was wrong by thousands of nats, with no
    error. And full-integer files misread the scale of what one_hot gives: 1 became 3.3 and 0
    became -3.9.
    """
    import tensorflow as tf
    from tensorflow.python.ops import gen_array_ops, gen_nn_ops

    def softplus(features, name=None):
        return tf.maximum(features, 0.0) + tf.math.log1p(tf.exp(-tf.abs(features)))

    def one_hot(indices, depth, on_value, off_value, axis=-1, name=None):
        hit = tf.equal(tf.expand_dims(indices, axis), tf.range(tf.cast(depth, indices.dtype)))
        return tf.where(hit, on_value, off_value)

    with (
        mock.patch.object(gen_nn_ops, "softplus", softplus),
        mock.patch.object(gen_array_ops, "one_hot", one_hot),
    ):
        yield


def convert(source, path, names, quantize):
    """Writes the SavedModel `source` as a TFLite file of the named signatures."""
    from kerasgen.export import convert as program

    try:
        path.write_bytes(program.convert(source, names, quantize))
    except Exception as error:  # types of the converter's own, with hundreds of lines of message
        raise RuntimeError(_conversion_failed(names, str(error))) from error


def convert_apart(source, path, examples, batch_size):
    """Full-integer conversion in another process, since a fault of the calibration ends its
    process.
    """
    from kerasgen.export import convert as program

    archive = source.with_suffix(".npz")
    np.savez(
        archive,
        **{
            f"{name}|{key}": value
            for name, inputs in examples.items()
            for key, value in inputs.items()
        },
    )
    command = [sys.executable, program.__file__, source, path, archive, str(batch_size)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(
            _conversion_failed(examples, f"{done.stderr}\nexit status {done.returncode}")
        )


def _conversion_failed(names, message):
    lines = message.strip().splitlines()
    # The signature, and what TFLite lacks.
    telling = ("error: failed while converting", "TF Select ops", "Custom ops")
    reason = " ".join(
        [line.strip() for line in lines if any(text in line for text in telling)] or lines[-1:]
    )[:300]
    return (
        f"Expected TFLite to convert the signatures {list(names)}. Received: {reason}. "
        "Leave the one that it cannot convert out with signatures=."
    )
