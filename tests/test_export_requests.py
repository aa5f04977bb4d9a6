"""Batch sizes, bounds, calibration and other requests of exported files."""

import contextvars
import os

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import NAMES, assert_equal, dense, inputs, interpreter

import kerasgen
from kerasgen import backend, export
from kerasgen.bottlenecks import Gaussian
from kerasgen.export import signatures, tflite_files
from kerasgen.export.verification import BOUNDS, BoundExceeded
from kerasgen.likelihoods import DiscretizedLogistic
from kerasgen.networks import ConvDecoder, ConvEncoder


def test_a_violated_bound_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match=r"agree with Keras within -1 \(mean -1\)\. .*decode"):
        export.tflite(dense(), tmp_path / "model.tflite", signatures=["decode"], bound=-1)
    assert os.listdir(tmp_path) == []


def test_a_violated_bound_keeps_the_file_of_before(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the file of before")
    with pytest.raises(ValueError, match="Nothing was written"):
        export.tflite(dense(), path, "float16", signatures=["decode"], bound=-1)
    assert path.read_bytes() == b"the file of before"
    assert os.listdir(tmp_path) == ["model.tflite"]


def test_a_violated_bound_leaves_no_folder(tmp_path):
    with pytest.raises(
        ValueError, match="Expected the exported model to agree with Keras within -1"
    ):
        export.saved_model(dense(), tmp_path / "model", signatures=["decode"], bound=-1)
    assert os.listdir(tmp_path) == []


def test_a_crash_of_calibration_is_an_error(tmp_path, monkeypatch):
    from kerasgen.export import convert

    crash = tmp_path / "crash.py"
    crash.write_text("import os\nos.abort()\n")
    monkeypatch.setattr(convert, "__file__", str(crash))
    with pytest.raises(
        RuntimeError,
        match=r"Expected TFLite to convert the signatures \['decode'\].*exit status -6",
    ):
        alone = contextvars.Context()  # without the process that the tests share
        path = tmp_path / "new" / "model.tflite"
        alone.run(export.tflite, dense(), path, "int8", signatures=["decode"])
    assert os.listdir(tmp_path / "new") == []


@pytest.mark.parametrize("batch_size", [1, 3])
def test_files_of_one_batch_size_have_static_shapes(tmp_path, batch_size):
    """Browsers and graphics processors refuse a free size, which TFLite marks by -1."""
    mixture = DiscretizedLogistic(2, levels=17)
    decoder = ConvDecoder(None, (8,), (1,), 16)
    model = kerasgen.LatentVariableModel(
        (8, 8, 1), ConvEncoder((8,), (1,), 16), Gaussian(4), decoder, mixture
    )
    report = export.tflite(model, tmp_path / "model.tflite", batch_size=batch_size)
    assert set(report.errors) == set(NAMES) and report.batch_size == batch_size
    file = interpreter(report.path)
    for name in NAMES:
        runner = file.get_signature_runner(name)
        details = runner.get_input_details() | runner.get_output_details()
        for tensor in details.values():
            assert tensor["shape_signature"].tolist() == tensor["shape"].tolist()
            assert tensor["shape"][0] == batch_size
        given = inputs(model, name, batch_size)
        want = signatures.of(model)[name].function(**given)
        assert_equal(runner(**given), want, BOUNDS[None].largest)


def test_quantized_files_tell_what_they_lack(tmp_path, monkeypatch):
    model = dense()
    verify = tflite_files.verify

    def fails(model, signatures, *others):
        if "encode" in signatures:
            raise BoundExceeded("Expected agreement. Received: none.", {"encode": "off by 3"})
        return verify(model, signatures, *others)

    monkeypatch.setattr(tflite_files, "verify", fails)
    path = tmp_path / "model.tflite"
    report = export.tflite(model, path, "dynamic")
    assert report.left_out == {"encode": "off by 3"} and "encode, off by 3" in str(report)
    assert set(interpreter(path).get_signature_list()) == set(NAMES) - {"encode"}
    with pytest.raises(BoundExceeded):
        export.tflite(model, path, "dynamic", ["encode"])
    with pytest.raises(BoundExceeded):
        export.tflite(model, path)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "free"])
def test_bad_batch_sizes_are_told(tmp_path, batch_size):
    with pytest.raises(ValueError, match="Expected batch_size"):
        export.tflite(dense(), tmp_path / "model.tflite", batch_size=batch_size)
    with pytest.raises(ValueError, match="Expected batch_size"):
        export.saved_model(dense(), tmp_path / "model", batch_size=batch_size)
    assert not any(tmp_path.iterdir())


def test_conditional_models_take_labels(tmp_path):
    model = dense(num_classes=3)
    report = export.tflite(model, tmp_path / "model.tflite", batch_size=None)
    assert set(report.errors) == {*NAMES, "sample_seeded"}
    file = interpreter(report.path)
    noise = np.zeros((3, 2), "float32")
    images = file.get_signature_runner("sample")(noise=noise, labels=np.arange(3, dtype="int32"))[
        "images"
    ]
    assert not np.allclose(images[0], images[1])
    drawn = file.get_signature_runner("sample_seeded")(labels=np.zeros(5, "int32"))
    assert drawn["images"].shape == (5, 4, 4, 1)
    assert set(export.saved_model(model, tmp_path / "model").errors) == set(NAMES)


def test_calibration_images_of_the_caller(tmp_path):
    images = np.zeros((3, 4, 4, 1), "float32")
    path = tmp_path / "model.tflite"
    assert (
        export.tflite(dense(), path, "int8", ["encode"], calibration=images, bound=10).quantize
        == "int8"
    )
    with pytest.raises(ValueError, match=r"Expected values in \[0, 1\]"):
        export.tflite(dense(), path, "int8", ["encode"], calibration=images + 2)
    with pytest.raises(
        ValueError, match="Expected calibration= with quantize='int8' only. Received: quantize=None"
    ):
        export.tflite(dense(), path, calibration=images)


def test_files_are_compared_on_the_examples_that_they_are_calibrated_on(tmp_path, monkeypatch):
    """Noise says nothing of a classifier of photographs: its ranges are not those of noise."""
    images, compared = np.zeros((3, 4, 4, 1), "float32"), []
    images[:, 1:3, 1:3] = 1
    draw = signatures.draw

    def drawn(*arguments, **named):
        compared.append(draw(*arguments, **named)["images"])
        return draw(*arguments, **named)

    monkeypatch.setattr(signatures, "draw", drawn)
    path = tmp_path / "model.tflite"
    export.tflite(dense(), path, "int8", ["encode"], calibration=images, bound=10)
    calibrated, verified, _ = compared
    np.testing.assert_array_equal(calibrated, images)
    assert len(verified) > len(images) and np.all(verified == images[0])


def test_bad_arguments(tmp_path):
    with pytest.raises(
        ValueError, match=r"Expected quantize to be one of .*'int8'\]. Received: quantize='int4'"
    ):
        export.tflite(dense(), tmp_path / "model.tflite", "int4")
    with pytest.raises(
        ValueError, match=r"Expected signatures among \['encode', .* Received: \['encod'\]"
    ):
        export.saved_model(dense(), tmp_path / "model", signatures=["encod"])
    with pytest.raises(
        ValueError, match="Expected a path of a file. Received: .*, a folder. Name a file"
    ):
        export.tflite(dense(), tmp_path)
    with pytest.raises(
        ValueError, match=r"Expected a model with export_signatures\(\). Received: Sequential"
    ):
        export.saved_model(keras.Sequential(), tmp_path / "model")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        reduced = dense()
    finally:
        keras.config.set_dtype_policy("float32")
    with pytest.raises(
        ValueError, match="Expected a model that computes in float32. Received: bfloat16"
    ):
        export.tflite(reduced, tmp_path / "model.tflite")
    assert os.listdir(tmp_path) == []


def test_other_backends_are_told_so(monkeypatch, tmp_path):
    monkeypatch.setattr(backend, "CAN_EXPORT", False)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    for write in (export.saved_model, export.tflite):
        with pytest.raises(
            RuntimeError,
            match="Expected the TensorFlow backend, which alone exports. Received: 'jax'",
        ):
            write(None, tmp_path / "model")
