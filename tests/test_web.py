"""`kerasgen web`: its folder, its runtime, its server, and what it refuses."""

import http.client
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
from browser import serving
from command_line import fails
from PIL import Image

from kerasgen import web
from kerasgen.web import digits, laboratory, runtime

PAGE = pathlib.Path(web.__file__).parent / "page"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder as npm leaves it, with other files than the pinned ones."""
    for path, _ in runtime.FILES.values():
        (tmp_path / "node_modules/@litertjs" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "node_modules/@litertjs" / path).write_text("another version")
    return tmp_path


def test_a_runtime_is_of_the_pinned_version_and_whole(installed):
    with pytest.raises(ValueError, match=rf"{runtime.VERSION}.*another file from"):
        runtime.read(installed)
    (installed / "node_modules/@litertjs/core/dist/index.js").unlink()
    with pytest.raises(FileNotFoundError, match="without core/dist/index.js"):
        runtime.read(installed)


def test_without_a_network_the_download_says_what_to_do(monkeypatch):
    monkeypatch.setattr(runtime, "_TARBALLS", {"core": "http://127.0.0.1:1/core.tgz"})
    with pytest.raises(ConnectionError, match="npm install"):
        runtime.download()


def test_the_command_names_the_remedy_in_one_line(capsys, tmp_path):
    assert "--download" in fails(capsys, "web", str(tmp_path / "new"))
    assert "npm install" in fails(capsys, "web", str(tmp_path / "new"), "--runtime", str(tmp_path))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("mine")
    assert "something else" in fails(capsys, "web", str(tmp_path / "other"), "--download")
    assert (tmp_path / "other" / "thesis.tex").read_text() == "mine"


def test_the_server_is_on_loopback_and_knows_the_types(capsys, tmp_path):
    for name in ("page.js", "core.wasm", "index.html"):
        (tmp_path / name).write_text("")
    with serving(tmp_path) as address:
        assert address.startswith("http://127.0.0.1:")
        port = int(address.rstrip("/").rpartition(":")[2])
        types = {}
        for name in ("page.js", "core.wasm", ""):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", f"/{name}")
            types[name] = connection.getresponse().getheader("Content-Type").partition(";")[0]
            connection.close()
        for wrong in (port, 99999):
            with pytest.raises(ValueError, match="--port"):
                web.serve(tmp_path, wrong)
        taken = ("--download", "--serve", "--port", str(port))
        assert "--port" in fails(capsys, "web", str(tmp_path / "new"), *taken)
    assert types == {"page.js": "text/javascript", "core.wasm": "application/wasm", "": "text/html"}


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
@pytest.mark.parametrize("module", sorted(PAGE.rglob("*.js")), ids=lambda path: path.name)
def test_modules_are_javascript(module):
    source = module.read_text("utf-8")
    command = ["node", "--input-type=module", "--check"]
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_model_of_the_page_is_one_that_the_folder_has():
    """Models are named in JavaScript by their presets."""
    sources = "".join(path.read_text("utf-8") for path in PAGE.rglob("*.js"))
    for name in laboratory.MODELS:
        assert f"'{name}'" in sources


def test_the_digits_are_real_ones():
    try:
        expected = digits.grid()
    except Exception as error:
        pytest.skip(f"needs MNIST: {str(error)[:100]}")
    np.testing.assert_array_equal(np.asarray(Image.open(PAGE / "digits.png")), expected)
