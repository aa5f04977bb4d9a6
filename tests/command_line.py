"""What the tests of the command line share: a tiny preset, and commands that fail in one line."""

import keras
import pytest

from kerasgen import cli
from kerasgen.recipe import Recipe

needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="needs the TensorFlow backend"
)

MODEL = {
    "families.LatentVariableModel": {
        "event": [8, 8, 1],
        "encoder": {"networks.ConvEncoder": {"channels": [8], "blocks": [1], "features": 16}},
        "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 4}},
        "decoder": {"networks.MLP": {"output_shape": [8, 8, 1], "hidden": [32]}},
        "likelihood": {"likelihoods.Bernoulli": {}},
    }
}
TINY = Recipe(
    "tiny",
    {"name": "digits", "binarize": "dynamic", "batch_size": 50},
    MODEL,
    {"epochs": 1, "learning_rate": 1e-3},
)
METRICS = {"machine": "a test", "training_time_seconds": 1.0, "figures": {}}


def fails(capsys, *argv):
    """The one line on stderr of a command that ends with status 2."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(argv))
    assert stopped.value.code == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG")
