"""What leaves Keras: SavedModels, TFLite and ONNX files with named signatures, verified against the
model before they appear.

A family lists what its files can do in `export_signatures()`; nothing here knows one family from
another.
"""

from kerasgen.export.formats import every_format
from kerasgen.export.onnx_files import onnx
from kerasgen.export.readme import contract
from kerasgen.export.saved_models import saved_model
from kerasgen.export.sidecar import facts
from kerasgen.export.tflite_files import tflite
from kerasgen.export.verification import Report

__all__ = ["Report", "contract", "every_format", "facts", "onnx", "saved_model", "tflite"]
