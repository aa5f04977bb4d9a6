"""From a SavedModel to a TFLite file, in a process that may end."""

import contextlib
import contextvars
import json
import pathlib
import subprocess
import sys
import tempfile
from unittest import mock

import numpy as np


@contextlib.contextmanager
def convertible(lists=False):
    """Traces two operators as others, which survive the conversion, and loops without lists of
    tensors, which cost LiteRT time: `python -m benchmarks.export_loops`.

    TFLite has no softplus and computes log(exp(x) + 1), which overflows past 88: the
    log-probability of an image under confident logits was wrong by thousands of nats, with no
    error. And full-integer files misread the scale of what one_hot gives: 1 became 3.3 and 0
    became -3.9.

    Args:
        lists: whether loops keep their lists.

    >>> with convertible():
    ...     one = float(keras.ops.softplus(1000.0))
    >>> one
    1000.0
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
        mock.patch.object(loops, "_LISTS", lists),
    ):
        yield


class Converter:
    """A process that converts one SavedModel after another.

    Importing TensorFlow takes it longer than most conversions. A fault of the converter ends it,
    and the next conversion starts another.

    >>> with one_process() as converter:
    ...     isinstance(converter, Converter)
    True
    """

    def __init__(self):
        self._process = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, `close` closes it

    def __call__(self, **request):
        """Converts what `convert.py` is asked for; raises a RuntimeError that says why
        it cannot.
        """
        if self._process is None:
            self._process = self._started()
        process, before = self._process, self._log.seek(0, 2)
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._end()
        if answer != "converted":
            self._log.seek(before)
            said = self._log.read().decode(errors="replace")
            raise RuntimeError(_reason(said) or f"exit status {process.returncode or 1}")

    def _started(self):
        from kerasgen.export import convert as program

        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, program.__file__],
            stdin=pipe,
            stdout=pipe,
            stderr=self._log,
            text=True,
        )

    def _end(self):
        """Ends the process, which stops where its input does."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
            process.stdout.close()

    def close(self):
        self._end()
        self._log.close()


_KEPT: contextvars.ContextVar[Converter | None] = contextvars.ContextVar("converter", default=None)


@contextlib.contextmanager
def one_process():
    """Conversions within it share a process, instead of starting one each.

    >>> with one_process() as converter, one_process() as inner:
    ...     assert inner is converter
    """
    if (kept := _KEPT.get()) is not None:
        yield kept
        return
    converter = Converter()
    token = _KEPT.set(converter)
    try:
        yield converter
    finally:
        _KEPT.reset(token)
        converter.close()


def convert(
    source: pathlib.Path,
    path: pathlib.Path,
    names,
    quantize=None,
    examples=None,
    batch_size=1,
    io=None,
):
    """Writes the SavedModel `source` as a TFLite file of the named signatures, in another process,
    since a fault of the converter ends its process.

    Args:
        source, path: of the SavedModel, and of the file.
        names: of the signatures.
        quantize, io: as of `tflite`.
        examples: for "int8", inputs of each signature to measure ranges on.
        batch_size: how many of them a call takes.

    Raises:
        RuntimeError: a conversion that fails.

    >>> from kerasgen.export import saved_models, signatures
    >>> sample = signatures.of(kerasgen.families.Mixture([2], num_components=3), ["sample"])
    >>> saved_models.archive(sample, "saved", batch_size=1)
    >>> convert(pathlib.Path("saved"), pathlib.Path("sample.tflite"), ["sample"])
    >>> pathlib.Path("sample.tflite").read_bytes()[4:8]
    b'TFL3'
    """
    source, path = source.absolute(), path.absolute()  # the process may work in another folder
    calibration = source.with_suffix(".npz")
    arrays = {
        f"{name}|{key}": value
        for name, inputs in (examples or {}).items()
        for key, value in inputs.items()
    }
    np.savez(calibration, **arrays)
    request = {
        "folder": str(source),
        "output": str(path),
        "names": list(names),
        "quantize": quantize,
        "calibration": str(calibration),
        "batch_size": batch_size,
        "io": io,
    }
    try:
        with one_process() as converter:
            converter(**request)
    except RuntimeError as error:
        raise RuntimeError(
            f"Expected TFLite to convert the signatures {list(names)}. Received: {error}. Leave "
            "the one that it cannot convert out with signatures=."
        ) from None


def _reason(said):
    """Why a conversion failed, in a line: the signature, and what TFLite lacks, if it says so."""
    telling = [
        line[line.find(text) :].strip()
        for line in said.splitlines()
        for text in ("error: failed while converting", "TF Select ops", "Custom ops")
        if text in line
    ]
    return " ".join(dict.fromkeys(telling))[:300]
