"""SavedModels as servers read them: by command, by hub, by a request that names no signature."""

import functools
import http.server
import subprocess
import sys
import tarfile
import threading

import keras
import numpy as np
import pytest
from tiny import tiny_autoencoder, tiny_classifier, tiny_mixture

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import assert_equal, dense, inputs

from kerasgen import export
from kerasgen.export import signatures


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A conditional model, and where it is served from."""
    model = dense(num_classes=3)
    base = tmp_path_factory.mktemp("served") / "model"
    export.saved_model(model, base / "1")
    return model, base


@pytest.mark.slow
def test_the_command_of_tensorflow_runs_it(served, tmp_path):
    model, base = served
    given = inputs(model, "sample", 2)
    for key, value in given.items():
        np.save(tmp_path / f"{key}.npy", value)
    program = "from tensorflow.python.tools.saved_model_cli import main; main()"
    named = ";".join(f"{key}={tmp_path / key}.npy" for key in given)
    command = [sys.executable, "-c", program, "run", "--dir", base / "1", "--tag_set", "serve"]
    options = ["--signature_def", "sample", "--inputs", named, "--outdir", tmp_path]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    want = signatures.of(model)["sample"].function(**given)
    assert_equal({"images": np.load(tmp_path / "images.npy")}, want)


@pytest.mark.parametrize(
    ("build", "default"),
    [
        (lambda: dense(num_classes=3), "sample"),
        (tiny_mixture, "sample"),
        (tiny_classifier, "classify"),
        (tiny_autoencoder, "encode"),
    ],
)
def test_a_request_without_a_name_gets_what_the_model_is_for(tmp_path, build, default):
    import tensorflow as tf

    model = build()
    export.saved_model(model, tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures
    given = inputs(model, default, 2)
    assert_equal(served["serving_default"](**given), served[default](**given), 0)


def test_hub_loads_it_from_an_address(served, tmp_path, monkeypatch):
    hub = pytest.importorskip("tensorflow_hub")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    model, base = served
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(base / "1", ".")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            loaded = hub.load(f"http://127.0.0.1:{server.server_port}/model.tar.gz")
        finally:
            server.shutdown()
    given = inputs(model, "sample", 2)
    want = signatures.of(model)["sample"].function(**given)
    assert_equal(loaded.signatures["sample"](**given), want)


def test_a_wrong_label_is_refused_within_the_graph(served):
    import tensorflow as tf

    model, base = served
    hub = pytest.importorskip("tensorflow_hub")
    sample = hub.load(str(base / "1")).signatures["sample"]
    given = inputs(model, "sample", 2)
    want = signatures.of(model)["sample"].function(**given)
    assert_equal(sample(**given), want)
    for labels in ([0, 3], [-1, 2]):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"labels in 0\.\.2"):
            sample(**given | {"labels": np.array(labels, "int32")})
