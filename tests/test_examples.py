"""The examples run, and show what they promise."""

import importlib.util
import json
import pathlib
import re
import socket
import urllib.error
import urllib.request

import keras
import pytest
from command_line import METRICS, TINY

from kerasgen import data, zoo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        keras.backend.backend() != "tensorflow", reason="the examples read data through TFDS"
    ),
]


def example(name):
    path = pathlib.Path(__file__).parents[1] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def finetune():
    return example("finetune")


def test_finetune_runs_on_any_preset_and_data(finetune, tmp_path, capsys):
    preset = zoo.save(TINY.build(), tmp_path / "tiny", TINY, METRICS)
    options = (
        "--fine-tune-on digits --classify digits --steps 5 --held-out 50 --labels 60 --pool 1000 "
        "--draws 2"
    )
    tuned, scratch, features, pixels = finetune.main(["--preset", str(preset), *options.split()])
    # The preset is untrained, from the seed that training from scratch starts at: the same run
    # twice.
    assert tuned == pytest.approx(scratch, abs=0.5)
    assert 0.1 < features <= 1 and 0.5 < pixels <= 1
    assert f"fine-tuned {tuned:.1f}, from scratch {scratch:.1f} nats" in capsys.readouterr().out


def test_finetune_beats_scratch_and_pixels(finetune):
    if "vae_mnist" not in zoo.names():
        pytest.skip("zoo/vae_mnist has no weights")
    try:
        for name in ("fashion_mnist", "mnist"):
            data.size(name)
    except FileNotFoundError as error:
        pytest.skip(f"a data set is absent: {error}")
    tuned, scratch, features, pixels = finetune.main(["--steps", "40", "--held-out", "500"])
    assert tuned > scratch
    assert features > pixels


def test_a_preset_is_served_to_many_clients(tmp_path):
    pytest.importorskip("fastapi", reason="needs FastAPI: pip install 'kerasgen[serve]'")
    serve = example("serve")
    preset = zoo.save(TINY.build(), tmp_path / "tiny", TINY, METRICS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serve.server(str(preset), port) as url:
        said = serve.tried(url, seconds=3, clients=8)
        with pytest.raises(urllib.error.HTTPError, match="422"):
            urllib.request.urlopen(f"{url}/sample?n=1000")
    assert int(re.search(r"(\d+) requests", said)[1]) > 0 and " 0 errors" in said


def test_own_pictures_are_a_folder_to_import(tmp_path):
    example("own_pictures").main([str(tmp_path / "pictures")])
    done = data.folder(tmp_path / "pictures", tmp_path / "mine.npz")
    assert done.classes == ["apple", "car", "house", "star", "tree"] and done.notes == []
    assert done.event.shape == (36, 40, 3) and sum(done.sizes.values()) == 400


def test_the_notebook_draws_the_digit_that_it_hears(tmp_path, monkeypatch):
    notebook = pathlib.Path(__file__).parents[1] / "examples/notebooks/hear_a_digit.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in code)
    shown, first, *others = [], *("".join(cell["source"]) for cell in code)
    namespace = {"Audio": pathlib.Path, "display": shown.append}
    # What plays sounds in a notebook is nothing that kerasgen depends on.
    exec(re.sub("from IPython.*", "", first), namespace)
    monkeypatch.chdir(tmp_path)
    for source in others:
        exec(source, namespace)
    assert namespace["digit"] == namespace["said"] == 7 and namespace["count"] > 50  # most
    assert [path.name for path in shown] == ["seven.wav", "again.wav"]
    assert all(path.stat().st_size > 5000 for path in shown)
