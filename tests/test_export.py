"""Exported files: every round trip on a tiny model, in processes and loaders that know nothing of
kerasgen.
"""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import tiny_gan

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

import kerasgen
from kerasgen import backend, export, likelihoods, machine
from kerasgen.bottlenecks import Gaussian
from kerasgen.export import signatures, tflite_files
from kerasgen.export.verification import BOUNDS, BoundExceeded
from kerasgen.likelihoods import Bernoulli, DiscretizedLogistic
from kerasgen.networks import MLP, ConvDecoder, ConvEncoder

NAMES = ["encode", "decode", "sample", "reconstruct", "elbo"]
QUANTIZE = [None, "float16", "dynamic", "int8"]


def dense(num_classes=None, likelihood=None):
    keras.utils.set_random_seed(0)
    likelihood = likelihood or Bernoulli()
    decoder = MLP((4, 4, likelihood.channels(1)), hidden=(8,))
    return kerasgen.LatentVariableModel(
        (4, 4, 1), MLP((8,), hidden=(8,)), Gaussian(2), decoder, likelihood, condition=num_classes
    )


def inputs(model, name, n, seed=5):
    return signatures.draw(model, signatures.of(model)[name], n, seed)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    decoder = ConvDecoder((8, 8, 1), (8,), (1,), 16)
    return kerasgen.LatentVariableModel(
        (8, 8, 1), ConvEncoder((8,), (1,), 16), Gaussian(4), decoder, Bernoulli()
    )


@pytest.fixture(scope="module")
def reports(model, tmp_path_factory):
    return {
        report.quantize: report
        for report in export.every_format(model, tmp_path_factory.mktemp("export") / "new")
    }


@pytest.fixture(scope="module")
def folder(reports):
    return reports["saved_model"].path


def interpreter(path):
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(str(path))


def assert_equal(have, want, tolerance=1e-5):
    assert have.keys() == want.keys()
    for name in want:
        np.testing.assert_allclose(
            np.asarray(have[name]), np.asarray(want[name]), rtol=tolerance, atol=tolerance
        )


def test_elbo_signature_is_the_bound(model):
    """Its mean over noise is the mean of `model.elbo` over samples."""
    x = keras.ops.convert_to_numpy(model.sample(1, seed=0))
    many = np.repeat(x, 20000, axis=0)
    noise = np.random.default_rng(0).standard_normal((20000, 4)).astype("float32")
    have = signatures.of(model)["elbo"].function(images=many, noise=noise)["elbo"]
    want = model.elbo(x, num_samples=20000, seed=0)[0]
    assert abs(float(np.mean(have)) - float(want)) < 0.05


def test_sample_signature_of_prior_noise_decodes_it(model):
    table = signatures.of(model)
    z = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")
    assert_equal(table["sample"].function(z), table["decode"].function(z))


@pytest.fixture(scope="module")
def loaded(folder):
    return pytest.importorskip("tensorflow_hub").load(str(folder))


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("name", NAMES)
def test_saved_model_by_hub(model, loaded, name, n):
    given = inputs(model, name, n)
    want = signatures.of(model)[name].function(**given)
    assert_equal(loaded.signatures[name](**given), want)
    assert_equal(getattr(loaded, name)(*given.values()), want)


def test_saved_model_in_a_process_with_tensorflow_only(model, folder, tmp_path):
    given = {name: inputs(model, name, 3) for name in NAMES}
    np.savez(
        tmp_path / "in.npz",
        **{f"{name}|{key}": value for name in given for key, value in given[name].items()},
    )
    script = """
import sys
import numpy as np, tensorflow as tf
model, results = tf.saved_model.load(sys.argv[1]), {}
calls = {}
for key, value in np.load(sys.argv[2]).items():
    name, tensor = key.split("|")
    calls.setdefault(name, {})[tensor] = value
for name, inputs in calls.items():
    results |= {f"{name}|{key}": value for key, value in model.signatures[name](**inputs).items()}
np.savez(sys.argv[3], **results)
assert not {"kerasgen", "tensorflow_probability"} & set(sys.modules)
"""
    command = [sys.executable, "-c", script, folder, tmp_path / "in.npz", tmp_path / "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    table = signatures.of(model)
    want = {
        f"{n}|{key}": value for n in NAMES for key, value in table[n].function(**given[n]).items()
    }
    assert_equal(dict(np.load(tmp_path / "out.npz")), want)


@pytest.mark.parametrize("name", ["encode", "decode"])
def test_saved_model_as_a_keras_layer(model, folder, name):
    given = inputs(model, name, 3)
    layer = keras.layers.TFSMLayer(folder, call_endpoint=name)
    assert_equal(layer(*given.values()), signatures.of(model)[name].function(**given))


def test_saved_model_holds_each_weight_once(model, folder):
    size = (folder / "variables" / "variables.data-00000-of-00001").stat().st_size
    weights = sum(np.asarray(variable).nbytes for variable in model.variables)
    assert weights <= size < 1.5 * weights


def test_saved_model_replaces_a_saved_model_only(model, tmp_path):
    folder = tmp_path / "model"
    small = dense()
    export.saved_model(small, folder, signatures=["decode"])
    (folder / "old").touch()
    export.saved_model(small, folder, signatures=["encode"])
    assert sorted(os.listdir(folder)) == ["assets", "fingerprint.pb", "saved_model.pb", "variables"]
    assert os.listdir(tmp_path) == ["model"]

    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    with pytest.raises(
        ValueError,
        match=r"Expected a new folder or a SavedModel to replace. Received: .*photos. Name",
    ):
        export.saved_model(small, tmp_path / "photos")
    assert os.listdir(tmp_path / "photos") == ["cat.png"]


@pytest.mark.parametrize("mode", QUANTIZE)
@pytest.mark.parametrize("n", [1, 7])
def test_tflite_agrees_with_keras(model, reports, mode, n):
    file = interpreter(reports[mode].path)
    assert set(file.get_signature_list()) == {*NAMES, "sample_seeded"}
    for name in NAMES:
        given = inputs(model, name, n)
        want = signatures.of(model)[name].function(**given)
        assert_equal(file.get_signature_runner(name)(**given), want, BOUNDS[mode].largest)


def test_reports(reports):
    assert reports["saved_model"].errors.keys() == set(NAMES)
    for mode in QUANTIZE:
        report = reports[mode]
        assert report.size == report.path.stat().st_size
        assert report.errors.keys() == {*NAMES, "sample_seeded"}
        assert report.bound == BOUNDS[mode]
        assert (
            report.milliseconds.keys() == report.errors.keys()
            and min(report.milliseconds.values()) > 0
        )
        for name, error in report.errors.items():
            assert 0 <= report.mean_errors[name] <= error
    errors = [max(reports[mode].errors.values()) for mode in QUANTIZE]
    assert errors == sorted(errors)  # fewer bits, larger error: the files do differ as asked
    assert reports["float16"].size < reports[None].size
    size = f"{reports[None].size / 1000:,.0f} kB"
    assert str(reports[None]).startswith(f"{size}, any batch size, largest (mean) error")


@pytest.mark.parametrize(
    "likelihood",
    [likelihoods.Gaussian(), likelihoods.DiscretizedLogistic(2), likelihoods.Categorical()],
)
def test_other_likelihoods_convert(tmp_path, likelihood):
    report = export.tflite(
        dense(likelihood=likelihood), tmp_path / "model.tflite", signatures=["decode", "elbo"]
    )
    assert report.errors.keys() == {"decode", "elbo"}


def test_what_tflite_cannot_convert_is_one_clear_error(tmp_path, monkeypatch):
    model, signatures = dense(), dense().export_signatures()

    def rank(images):
        return {
            "elbo": keras.ops.searchsorted(
                keras.ops.ones((3,)), keras.ops.ravel(images), side="right"
            )
        }

    monkeypatch.setattr(
        model, "export_signatures", lambda: {**signatures, "elbo": (rank, model.event.tensors())}
    )
    with pytest.raises(
        RuntimeError, match=r"convert the signatures \['elbo'\].*UpperBound\. Leave"
    ):
        export.tflite(model, tmp_path / "model.tflite", signatures=["elbo"])
    assert os.listdir(tmp_path) == []
    assert export.tflite(model, tmp_path / "model.tflite", signatures=["decode"]).errors.keys() == {
        "decode"
    }


@pytest.mark.parametrize("mode", QUANTIZE)
def test_tflite_has_builtin_operators_only(reports, mode):
    from ai_edge_litert import schema_py_generated as schema

    file = schema.Model.GetRootAs(reports[mode].path.read_bytes(), 0)
    codes = [file.OperatorCodes(i) for i in range(file.OperatorCodesLength())]
    assert codes
    assert not [
        code.CustomCode() for code in codes if code.BuiltinCode() == schema.BuiltinOperator.CUSTOM
    ]


def test_int8_computes_in_int8(reports):
    file = interpreter(reports["int8"].path)
    types = {detail["name"]: detail["dtype"] for detail in file.get_tensor_details()}
    assert np.int8 in types.values()
    details = file.get_signature_runner("decode").get_input_details()
    assert details["z"]["dtype"] == np.float32


def test_sample_seeded_repeats_in_every_interpreter(reports):
    first, second = (
        interpreter(reports[None].path).get_signature_runner("sample_seeded") for _ in range(2)
    )
    noise = first(count=np.int32(4000))["noise"]
    np.testing.assert_array_equal(noise, second(count=np.int32(4000))["noise"])
    assert not np.allclose(noise, first(count=np.int32(4000))["noise"])
    assert abs(noise.mean()) < 0.05 and abs(noise.std() - 1) < 0.05


def test_confident_logits_survive_tflite(tmp_path):
    """TFLite's own softplus overflows past 88, which a wrong pixel of a confident
    decoder reaches.
    """
    model = dense()
    model.decoder.set_weights([1000 * weights for weights in model.decoder.get_weights()])
    given = inputs(model, "elbo", 64)
    want = np.asarray(signatures.of(model)["elbo"].function(**given)["elbo"])
    assert want.min() < -1000
    report = export.tflite(model, tmp_path / "model.tflite", signatures=["elbo"], batch_size=None)
    have = interpreter(report.path).get_signature_runner("elbo")(**given)["elbo"]
    np.testing.assert_allclose(have, want, rtol=1e-4)


def test_labels_survive_full_integer_files(tmp_path):
    """TFLite's own one_hot gives 3.3 and -3.9 there, for 1 and 0."""
    report = export.tflite(tiny_gan(num_classes=10), tmp_path / "model.tflite", "int8")
    assert max(report.mean_errors.values()) < 0.005


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
        export.tflite(dense(), tmp_path / "new" / "model.tflite", "int8", signatures=["decode"])
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
        ValueError, match="Expected the path of a file. Received: .*, which is a folder"
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


def test_contract_is_read_from_the_files(reports, tmp_path):
    path = export.contract({"tiny": reports.values()}, tmp_path / "export" / "README.md")
    text = path.read_text()
    assert "## tiny" in text
    assert "| `elbo` | `images` [batch, 8, 8, 1], `noise` [batch, 4] | `elbo` [batch] |" in text
    assert "| `sample_seeded` | `count` scalar |" in text
    for name in (
        "SavedModel",
        "TFLite, float32",
        "TFLite, float16",
        "TFLite, dynamic",
        "TFLite, int8",
    ):
        assert f"| {name} | " in text
    assert f"{reports[None].milliseconds['elbo']:.3g} ms |" in text
    assert machine.describe() in text
    assert os.listdir(path.parent) == ["README.md"]
    both = export.contract({"another": reports.values()}, path).read_text()
    head, tiny = text.split("## tiny")
    assert both == f"{head}## another{tiny}\n## tiny{tiny}"
