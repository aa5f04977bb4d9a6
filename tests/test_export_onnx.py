"""ONNX files, one a signature, run by onnxruntime."""

import importlib.util
import os

import keras
import numpy as np
import pytest
from tiny import tiny_mixture

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import NAMES, assert_equal, dense, inputs

from kerasgen import export
from kerasgen.export import signatures
from kerasgen.export.verification import BoundExceeded

runtime = pytest.importorskip("onnxruntime", reason="pip install 'kerasgen[onnx]'")
pytest.importorskip("tf2onnx", reason="pip install 'kerasgen[onnx]'")


@pytest.mark.slow
def test_onnx_files_agree_with_keras(tmp_path):
    model = dense(num_classes=3)
    report = export.onnx(model, tmp_path / "files")
    assert report.errors.keys() == set(NAMES) and not report.left_out
    assert sorted(os.listdir(tmp_path / "files")) == sorted(f"{name}.onnx" for name in NAMES)
    for name in NAMES:
        session = runtime.InferenceSession(tmp_path / "files" / f"{name}.onnx")
        for n in (1, 5):
            given = inputs(model, name, n)
            want = signatures.of(model)[name].function(**given)
            names = [output.name for output in session.get_outputs()]
            assert_equal(dict(zip(names, session.run(names, given))), want, 1e-4)


@pytest.mark.slow
def test_what_does_not_convert_or_agree_is_said_in_a_line(tmp_path, monkeypatch):
    model, folder = tiny_mixture(), tmp_path / "files"
    tables = model.export_signatures()

    def searched(vectors):
        bins = keras.ops.ones((3,))
        return {"log_prob": keras.ops.cast(keras.ops.searchsorted(bins, vectors[:, 0]), "float32")}

    tables["log_prob"] = (searched, model.event.tensors())
    monkeypatch.setattr(model, "export_signatures", lambda: tables)
    report = export.onnx(model, folder)
    assert report.errors.keys() == {"sample", "responsibilities"}
    assert report.left_out == {"log_prob": "not converted"}
    with pytest.raises(RuntimeError, match="Expected tf2onnx to convert.*'log_prob'") as found:
        export.onnx(model, folder, ["log_prob"])
    assert len(str(found.value).splitlines()) == 1
    with pytest.raises(BoundExceeded):
        export.onnx(model, folder, ["sample"], bound=-1)
    assert sorted(os.listdir(folder)) == ["responsibilities.onnx", "sample.onnx"]


def test_what_is_missing_or_in_the_way_is_told(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    with pytest.raises(ValueError, match="Expected a new folder or one of ONNX files"):
        export.onnx(dense(), tmp_path / "photos")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"kerasgen\[onnx\]"):
        export.onnx(dense(), tmp_path / "files")
    assert np.array_equal(os.listdir(tmp_path), ["photos"])
