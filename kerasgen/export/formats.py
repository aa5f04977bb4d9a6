"""Files of every format, of the signatures that each format can hold."""

import contextlib
import pathlib

from kerasgen.export.conversion import one_process
from kerasgen.export.saved_models import saved_model
from kerasgen.export.tflite_files import calibration_data, from_trace, signatures_of
from kerasgen.export.traces import traced
from kerasgen.export.verification import BOUNDS, BoundExceeded

_QUANTIZED = [format for format in BOUNDS if format not in ("saved_model", None)]


def every_format(model, folder, batch_size=1, calibration=None):
    """Writes the SavedModel, whose batch size is free, and the TFLite file of every kind into
    `folder`, and returns their reports; a kind of which no signature can be written is missing.
    `calibration` is as of `tflite`.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> [report.quantize for report in every_format(model, "formats")]
    ['saved_model', None, 'float16', 'dynamic', 'int8']
    """
    folder, signatures = pathlib.Path(folder), signatures_of(model, batch_size=batch_size)
    data = calibration_data(model, calibration)
    with one_process(), traced(model, signatures, batch_size) as trace:
        reports = [
            saved_model(model, folder / "saved_model"),
            from_trace(trace, folder / "float32.tflite"),
        ]
        for quantize in _QUANTIZED:
            with contextlib.suppress(BoundExceeded, RuntimeError):
                path = folder / f"{quantize}.tflite"
                reports.append(from_trace(trace, path, quantize, whole=False, data=data))
    return reports
