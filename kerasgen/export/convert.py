"""From a SavedModel to a TFLite file with builtin operators only.

It imports nothing of kerasgen and runs as a program of its own: the converter is native code, where
a fault ends the process without a traceback, as in calibration, which runs the unfinished file.

    python convert.py SAVED_MODEL OUTPUT QUANTIZE CALIBRATION.npz BATCH_SIZE SIGNATURE ...
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf


def convert(folder, names, quantize=None, calibration=None, batch_size=1):
    """The TFLite file of the named signatures of the SavedModel in `folder`, as bytes.

    Args:
        quantize: None, "float16", "dynamic" or "int8".
        calibration: for "int8", the inputs of each signature by name; arrays of examples, or
            scalars.
        batch_size: how many examples of them a call takes.
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


if __name__ == "__main__":
    folder, output, quantize, archive, batch_size, *names = sys.argv[1:]
    calibration = {}
    for key, value in np.load(archive).items():
        signature, tensor = key.split("|")
        calibration.setdefault(signature, {})[tensor] = value
    quantize = None if quantize == "float32" else quantize
    file = convert(folder, names, quantize, calibration, int(batch_size))
    pathlib.Path(output).write_bytes(file)
