"""Int8 files with whole numbers at both ends: a program without floats reads their scales beside
the file.
"""

import json
import os

import keras
import numpy as np
import pytest
from tiny import tiny_classifier, tiny_gan

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import dense, inputs, interpreter

from kerasgen import export
from kerasgen.export import signatures, tflite_files
from kerasgen.export.verification import BOUNDS


def stored(value, told):
    """Numbers as the JSON beside a file says that it takes them."""
    if "scale" not in told:
        return value.astype(told["dtype"])
    limits = np.iinfo(told["dtype"])
    steps = np.round(value / told["scale"]) + told["zero_point"]
    return np.clip(steps, limits.min, limits.max).astype(told["dtype"])


def meant(value, told):
    assert value.dtype == told["dtype"]
    return (value.astype(float) - told["zero_point"]) * told["scale"]


@pytest.mark.parametrize("io", ["int8", "uint8"])
@pytest.mark.parametrize("build", [dense, tiny_classifier, lambda: tiny_gan(num_classes=10)])
def test_the_json_alone_says_how_to_call_them(tmp_path, io, build):
    model, file = build(), tmp_path / "model.tflite"
    report = export.tflite(model, file, "int8", io=io)
    beside = json.loads((tmp_path / "model.tflite.json").read_text())["signatures"]
    assert beside.keys() == report.errors.keys() != set()
    calls = interpreter(file)
    for name, told in beside.items():
        given = inputs(model, name, 1)
        want = signatures.of(model)[name].function(**given)
        both = told["inputs"] | told["outputs"]
        assert {each["dtype"] for each in both.values()} <= {io, "int32"}
        assert {each["dtype"] for each in told["outputs"].values()} == {io}
        have = calls.get_signature_runner(name)(
            **{key: stored(value, told["inputs"][key]) for key, value in given.items()}
        )
        for key, value in want.items():
            error = np.abs(meant(have[key], told["outputs"][key]) - np.asarray(value))
            assert error.max() <= BOUNDS["int8"].largest * max(1, np.abs(value).max())


def test_a_signature_that_stays_in_float_is_refused(tmp_path, monkeypatch):
    convert, file = tflite_files.convert, tmp_path / "model.tflite"

    def in_float(source, path, names, quantize, examples, batch_size, io):
        convert(source, path, names, quantize, examples, batch_size)

    monkeypatch.setattr(tflite_files, "convert", in_float)
    with pytest.raises(ValueError) as refusal:
        export.tflite(dense(), file, "int8", ["encode"], io="int8")
    assert "Received: {'encode': 'images, mean, scale" in str(refusal.value)
    assert "\n" not in str(refusal.value) and os.listdir(tmp_path) == []


@pytest.mark.parametrize("wrong", [{"io": "int8"}, {"quantize": "int8", "io": "int16"}])
def test_other_types_and_other_files_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError) as refusal:
        export.tflite(dense(), tmp_path / "model.tflite", **wrong)
    assert f"io={wrong['io']!r}" in str(refusal.value) and os.listdir(tmp_path) == []
