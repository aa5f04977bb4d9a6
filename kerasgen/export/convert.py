"""From a SavedModel to a TFLite file with builtin operators only.

It imports nothing of kerasgen, so that it also runs as a program of its own: calibration for
full-integer files runs the unfinished file in native code, where a fault ends the process without a
traceback.

    python convert.py SAVED_MODEL OUTPUT CALIBRATION.npz
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf


def convert(folder, names, quantize=None, calibration=None):
    """The TFLite file of the named signatures of the SavedModel in `folder`, as bytes.

    Args:
        quantize: None, "float16", "dynamic" or "int8".
        calibration: for "int8", the inputs of each signature by name; arrays of examples, or
            scalars.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=list(names))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            tf.lite.OpsSet.TFLITE_BUILTINS,
        ]
        converter.representative_dataset = lambda: _examples(calibration)
    return converter.convert()


def _examples(calibration):
    """`(signature, inputs)` with one example at a time, as the converter asks for them."""
    for name, inputs in calibration.items():
        sizes = [len(value) for value in inputs.values() if value.ndim]
        for i in range(max(sizes, default=1)):
            yield (
                name,
                {key: value[i : i + 1] if value.ndim else value for key, value in inputs.items()},
            )


if __name__ == "__main__":
    folder, output, archive = sys.argv[1:]
    calibration = {}
    for key, value in np.load(archive).items():
        signature, tensor = key.split("|")
        calibration.setdefault(signature, {})[tensor] = value
    pathlib.Path(output).write_bytes(convert(folder, calibration, "int8", calibration))
