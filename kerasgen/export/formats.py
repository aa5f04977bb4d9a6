"""Files of every format, of the signatures that each format can hold."""

import pathlib

from kerasgen.export.conversion import one_process
from kerasgen.export.saved_models import saved_model
from kerasgen.export.tflite_files import tflite
from kerasgen.export.verification import BOUNDS, BoundExceeded

_QUANTIZED = [format for format in BOUNDS if format not in ("saved_model", None)]


def every_format(model, folder, batch_size=1):
    """Writes the SavedModel, whose batch size is free, and the TFLite file of every kind into
    `folder`, and returns their reports; a kind of which no signature can be written is missing.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> [report.quantize for report in every_format(model, "formats")]
    ['saved_model', None, 'float16', 'dynamic', 'int8']
    """
    folder = pathlib.Path(folder)
    with one_process():
        reports = [
            saved_model(model, folder / "saved_model"),
            tflite(model, folder / "float32.tflite", batch_size=batch_size),
        ]
        for quantize in _QUANTIZED:
            try:
                path = folder / f"{quantize}.tflite"
                reports.append(tflite(model, path, quantize, batch_size=batch_size))
            except (BoundExceeded, RuntimeError):
                continue
    return reports
