"""Exported files: every round trip on a tiny model, in processes and loaders that know nothing of
kerasgen.
"""

import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import NAMES, assert_equal, dense, inputs, interpreter

import kerasgen
from kerasgen import export, likelihoods, machine
from kerasgen.bottlenecks import Gaussian
from kerasgen.export import signatures
from kerasgen.export.verification import BOUNDS
from kerasgen.likelihoods import Bernoulli
from kerasgen.networks import ConvDecoder, ConvEncoder

QUANTIZE = [None, "float16", "dynamic", "int8"]


def names_in(mode):
    """Signatures of a file with a free batch size."""
    return {*NAMES, "sample_seeded"} - ({"elbo"} if mode == "int8" else set())


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
        for report in export.every_format(
            model, tmp_path_factory.mktemp("export") / "new", batch_size=None
        )
    }


@pytest.fixture(scope="module")
def folder(reports):
    return reports["saved_model"].path


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


@pytest.mark.parametrize("name", ["encode", "decode", "elbo"])
def test_saved_model_as_a_keras_layer(model, folder, name):
    given = inputs(model, name, 3)
    layer = keras.layers.TFSMLayer(folder, call_endpoint=name)
    (_, first), *others = given.items()
    assert_equal(layer(first, **dict(others)), signatures.of(model)[name].function(**given))


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
    assert set(file.get_signature_list()) == names_in(mode)
    for name in names_in(mode) - {"sample_seeded"}:
        given = inputs(model, name, n)
        want = signatures.of(model)[name].function(**given)
        assert_equal(file.get_signature_runner(name)(**given), want, BOUNDS[mode].largest)


def test_reports(reports):
    assert reports["saved_model"].errors.keys() == set(NAMES)
    for mode in QUANTIZE:
        report = reports[mode]
        assert report.size == report.path.stat().st_size
        assert report.errors.keys() == names_in(mode)
        assert report.left_out.keys() == {*NAMES, "sample_seeded"} - names_in(mode)
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
    assert np.int8 in [detail["dtype"] for detail in file.get_tensor_details()]
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


def test_contract_is_read_from_the_files(reports, tmp_path):
    path = export.contract({"tiny": reports.values()}, tmp_path / "export" / "README.md")
    text = path.read_text()
    assert "## tiny" in text
    assert "| `elbo` | `images` [batch, 8, 8, 1], `noise` [batch, 4] | `elbo` [batch] |" in text
    assert "| `sample_seeded` | `count` scalar |" in text
    formats = ("SavedModel", *(f"TFLite, {mode or 'float32'}" for mode in QUANTIZE))
    assert f"| signature | takes | gives | {' | '.join(formats)} |" in text
    elbo = next(line for line in text.splitlines() if line.startswith("| `elbo` | `images`"))
    cells = [cell.strip() for cell in elbo.strip("|").split("|")][3:]
    number = r"\d\S*"
    in_keras, *in_files, in_int8 = cells
    assert in_int8 == "-" and "TFLite, int8 lacks `elbo`" in text
    assert re.fullmatch(rf"{number} \({number}\), {number} ms", in_keras)
    for cell in in_files:  # with one thread and with two
        assert re.fullmatch(rf"{number} \({number}\), {number} / {number} ms", cell)
    sizes = [f"{reports[mode].size / 1000:,.0f} kB" for mode in ("saved_model", *QUANTIZE)]
    assert f"| size | | | {' | '.join(sizes)} |" in text
    assert re.search(r"\| memory \| \| \| - \|( \d+\.\d MB \|){4}", text)
    assert machine.describe() in text
    assert os.listdir(path.parent) == ["README.md"]
    both = export.contract({"another": reports.values()}, path).read_text()
    head, tiny = text.split("## tiny")
    assert both.startswith(f"{head}## another\n") and both.endswith(f"\n## tiny{tiny}")
