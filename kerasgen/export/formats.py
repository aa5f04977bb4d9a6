"""Files of every format, of the signatures that each format can hold."""

import pathlib

from kerasgen.export import signatures as _signatures
from kerasgen.export.saved_models import saved_model
from kerasgen.export.tflite_files import tflite
from kerasgen.export.verification import BOUNDS, BoundExceeded


def every_format(model, folder):
    """Writes the SavedModel and the TFLite file of every kind into `folder`, and returns their
    reports.

    Quantized files do without the signatures that would disagree with the model, or not run; where
    the converter ends, which does not say over which one, without those that are drawn in turn,
    whose loop it is.
    """
    folder = pathlib.Path(folder)
    reports = [saved_model(model, folder / "saved_model"), tflite(model, folder / "float32.tflite")]
    for quantize in [format for format in BOUNDS if format not in ("saved_model", None)]:
        signatures = list(_signatures.of(model))
        while signatures:
            try:
                reports.append(tflite(model, folder / f"{quantize}.tflite", quantize, signatures))
                break
            except BoundExceeded as error:
                wrong = {
                    name.removesuffix("_seeded") for name in error.signatures
                }  # which goes with `sample`
                signatures = [name for name in signatures if name not in wrong]
            except RuntimeError:
                others = [
                    name
                    for name in signatures
                    if not name.startswith(model.autoregressive_signatures)
                ]
                signatures = others if len(others) < len(signatures) else []
    return reports
