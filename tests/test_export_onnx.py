"""ONNX files, one a signature, run by onnxruntime."""

import importlib.util
import os

import keras
import numpy as np
import pytest

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
    """ONNX has no expm1, which the bound takes, and tf2onnx no graph whose input and output share a
    name: that is said, and left out."""
    model, folder = dense(num_classes=3), tmp_path / "files"
    report = export.onnx(model, folder)
    assert report.left_out.keys() == {"elbo", "reconstruct"}
    assert report.errors.keys() == {*NAMES} - report.left_out.keys()
    files = sorted(f"{name}.onnx" for name in report.errors)
    assert sorted(os.listdir(folder)) == files
    for name in report.errors:
        session = runtime.InferenceSession(str(folder / f"{name}.onnx"))
        names = [output.name for output in session.get_outputs()]
        for n in (1, 5):
            given = inputs(model, name, n)
            want = signatures.of(model)[name].function(**given)
            assert_equal(dict(zip(names, session.run(names, given))), want, 1e-4)
    with pytest.raises(BoundExceeded, match="that onnxruntime runs.*'elbo'") as found:
        export.onnx(model, folder, ["elbo"])
    assert len(str(found.value).splitlines()) == 1
    with pytest.raises(BoundExceeded, match="'encode'"):
        export.onnx(model, folder, ["encode"], bound=-1)
    assert sorted(os.listdir(folder)) == files


def test_what_is_missing_or_in_the_way_is_told(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    with pytest.raises(ValueError, match="Expected a new folder or one of ONNX files"):
        export.onnx(dense(), tmp_path / "photos")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"kerasgen\[onnx\]"):
        export.onnx(dense(), tmp_path / "files")
    assert np.array_equal(os.listdir(tmp_path), ["photos"])
