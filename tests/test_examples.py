"""The examples run, and show what they promise."""

import importlib.util
import pathlib

import keras
import pytest
from command_line import METRICS, TINY

from kerasgen import data, zoo

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the examples read data through TFDS"
)


@pytest.fixture(scope="module")
def finetune():
    path = pathlib.Path(__file__).parents[1] / "examples" / "finetune.py"
    spec = importlib.util.spec_from_file_location("finetune", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
