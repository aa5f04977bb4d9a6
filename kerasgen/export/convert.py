"""From a SavedModel to a TFLite file with builtin operators only.

It imports nothing of kerasgen and runs as a program of its own: the converter is native code, where
a fault ends the process without a traceback, as in calibration, which runs the unfinished file.

Each line of its input asks for a file, as JSON of the arguments of `_write`. It answers a
line, "converted" or "failed", and says why on its standard error.
"""

import json
import os
import pathlib
import sys
import traceback

import numpy as np
import tensorflow as tf


def convert(folder, names, quantize=None, calibration=None, batch_size=1):
    """The TFLite file of the named signatures of the SavedModel in `folder`, as bytes.

    Args:
        quantize: None, "float16", "dynamic" or "int8".
        calibration: for "int8", the inputs of each signature by name; arrays of examples, or
            scalars.
        batch_size: how many examples of them a call takes.

    >>> from kerasgen.export import saved_models, signatures
    >>> sample = signatures.of(kerasgen.families.Mixture([2], num_components=3), ["sample"])
    >>> saved_models.archive(sample, "saved", batch_size=1)
    >>> convert("saved", ["sample"])[4:8]
    b'TFL3'
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=list(names))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        # Scales by channel are repeated in every signature: of a dense layer that is half its size.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            tf.lite.OpsSet.TFLITE_BUILTINS,
        ]
        converter.representative_dataset = lambda: _examples(calibration, batch_size)
    return converter.convert()


def _examples(calibration, batch_size):
    """`(signature, inputs)` with one batch at a time, as the converter asks for them."""
    for name, inputs in calibration.items():
        sizes = [len(value) for value in inputs.values() if value.ndim]
        for i in range(0, max(sizes, default=1), batch_size):
            yield (
                name,
                {
                    key: value[i : i + batch_size] if value.ndim else value
                    for key, value in inputs.items()
                },
            )


def _write(folder, output, names, quantize, calibration, batch_size):
    """Writes the file that `convert` gives to `output`; `calibration` is an archive of arrays by
    "signature|tensor".
    """
    inputs = {}
    with np.load(calibration) as arrays:
        for key, value in arrays.items():
            signature, tensor = key.split("|")
            inputs.setdefault(signature, {})[tensor] = value
    file = convert(folder, names, quantize, inputs, batch_size)
    pathlib.Path(output).write_bytes(file)


def serve(requests, answers):
    """Writes the file that each line of `requests` asks for.

    >>> serve(["{}"], sys.stdout)
    failed
    """
    for line in requests:
        try:
            _write(**json.loads(line))
            answer = "converted"
        except Exception:
            traceback.print_exc()
            answer = "failed"
        sys.stderr.flush()
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # native code prints, too
    serve(sys.stdin, answers)
