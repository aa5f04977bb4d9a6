"""A run is a function of its recipe: killed, resumed, on one device or two, it ends on the same weights."""

import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from kerasgen import training, zoo
from kerasgen.recipe import Recipe

RECIPE = {
    "name": "digits",
    "title": "A tiny VAE",
    "data": {"name": "digits", "batch_size": 100, "binarize": "dynamic"},
    "model": {
        "families.LatentVariableModel": {
            "event_shape": [8, 8, 1],
            "encoder": {"networks.ConvEncoder": {"channels": [8], "blocks": [1], "features": 16}},
            "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 4}},
            "decoder": {
                "networks.ConvDecoder": {"output_shape": [8, 8, 1], "channels": [8], "blocks": [1], "features": 16}
            },
            "likelihood": {"likelihoods.Bernoulli": {}},
            "objective": {"objectives.ELBO": {"warmup_steps": 40}},
        }
    },
    "training": {"epochs": 4, "learning_rate": 0.01, "warmup_steps": 5, "decay": 0.5, "ema": 0.9},
}

COMMAND = """
import json, sys
from kerasgen import training
from kerasgen.recipe import Recipe
recipe, output, options = json.loads(sys.argv[1])
training.run(Recipe.from_dict(recipe), output, **options)
"""


def run_in_subprocess(recipe, output, environment=None, **options):
    arguments = json.dumps([recipe.to_dict(), str(output), options])
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def weights(output):
    return zoo.load(output / "preset").get_weights()


@pytest.fixture(scope="module")
def recipe():
    return Recipe.from_dict(RECIPE)


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    output = tmp_path_factory.mktemp("finished") / "run"
    training.run(recipe, output)
    return output


def test_a_killed_run_resumes_exactly(recipe, finished, tmp_path):
    output = tmp_path / "run"
    process = run_in_subprocess(recipe, output)
    state = output / "checkpoints" / "state.json"
    deadline = time.monotonic() + 400
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)  # somewhere in the second epoch or later
    assert process.wait() == -signal.SIGKILL
    assert json.loads(state.read_text())["epoch"] < recipe.training["epochs"]
    training.run(recipe, output, resume=True)
    for resumed, whole in zip(weights(output), weights(finished), strict=True):
        np.testing.assert_array_equal(resumed, whole)


def test_the_history_has_every_epoch_once(finished):
    rows = (finished / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3"]


def test_the_loss_falls(finished):
    header, *rows = [row.split(",") for row in (finished / "history.csv").read_text().splitlines()]
    losses = [float(row[header.index("reconstruction")]) for row in rows]
    assert losses[-1] < losses[0]


def test_a_checkpoint_of_another_recipe_is_refused(recipe, finished):
    other = recipe.override(["training.learning_rate=0.02", "seed=1"])
    with pytest.raises(ValueError, match="seed is 0 there, 1 here") as error:
        training.run(other, finished, resume=True)
    assert "training.learning_rate is 0.01 there, 0.02 here" in str(error.value)


def test_a_folder_with_a_run_is_refused_without_resume(recipe, finished):
    with pytest.raises(ValueError, match="Resume it, or name another"):
        training.run(recipe, finished)


def test_a_loss_that_is_not_finite_keeps_the_last_checkpoint(recipe, tmp_path):
    good = recipe.override(["training.epochs=1"])
    training.run(good, tmp_path / "run")
    checkpoints = training.Checkpoints(tmp_path / "run" / "checkpoints", good)
    before = (tmp_path / "run" / "checkpoints" / "state.json").read_text()
    checkpoints.on_epoch_begin(1)
    with pytest.raises(FloatingPointError, match="Expected a finite loss"):
        checkpoints.on_epoch_end(1, {"loss": float("nan")})
    assert (tmp_path / "run" / "checkpoints" / "state.json").read_text() == before


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.learning_rates=0.1", "Expected training keys in"),
        ("data.batch_size=5000", "Expected a batch_size of at most 1500"),
    ],
)
def test_recipe_errors(recipe, tmp_path, override, message):
    with pytest.raises(ValueError, match=message):
        training.run(recipe.override([override]), tmp_path / "run")


def test_an_unknown_strategy_is_refused(recipe, tmp_path):
    with pytest.raises(ValueError, match="'none', 'mirrored' or 'multiworker'"):
        training.run(recipe, tmp_path / "run", strategy="parameter server")


def test_two_replicas_train(recipe, finished, tmp_path):
    output = tmp_path / "run"
    finish(run_in_subprocess(recipe, output, strategy="mirrored", devices=2))
    final = [float((o / "history.csv").read_text().splitlines()[-1].split(",")[2]) for o in (finished, output)]
    # Replicas draw their own noise, so the curves agree only as two runs of one recipe do.
    np.testing.assert_allclose(*final, rtol=0.1)


def test_two_workers_train(recipe, tmp_path):
    import socket

    output = tmp_path / "run"

    def start(recipe, **options):
        with socket.socket() as first, socket.socket() as second:
            for server in (first, second):
                server.bind(("localhost", 0))
            workers = [f"localhost:{server.getsockname()[1]}" for server in (first, second)]
        return [
            run_in_subprocess(
                recipe,
                output,
                {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": i}})},
                strategy="multiworker",
                **options,
            )
            for i in range(2)
        ]

    for process in start(recipe):
        finish(process)
    assert zoo.load(output / "preset").sample(2, seed=0).shape == (2, 8, 8, 1)
    assert len((output / "history.csv").read_text().splitlines()) == 1 + recipe.training["epochs"]


def test_learning_rate_schedule():
    rate = training.WarmupStableDecay(0.5, warmup_steps=4, decay_start=10, total_steps=20)
    np.testing.assert_allclose([float(rate(step)) for step in (0, 3, 9, 15, 20, 30)], [0.125, 0.5, 0.5, 0.25, 0, 0])
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(rate))
    assert float(copy(15)) == 0.25
