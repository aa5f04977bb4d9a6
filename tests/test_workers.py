"""Two workers, of which one is lost or disagrees."""

import json
import signal

import numpy as np
import pytest
from command_line import needs_tensorflow
from run_processes import (
    assert_every_epoch_once,
    finish,
    start_workers,
    weights,
    work_in_forks,
)

from kerasgen import training
from kerasgen.recipe import Recipe

pytestmark = [needs_tensorflow, pytest.mark.slow]
# An autoencoder draws no noise: two replicas of a VAE draw other noise than one.
RECIPE = {
    "name": "points",
    "data": {"name": "ring", "split": "train[:400]", "batch_size": 100},
    "model": {
        "families.Autoencoder": {
            "event": [2],
            "encoder": {"networks.MLP": {"output_shape": [4], "hidden": []}},
            "bottleneck": {"bottlenecks.Deterministic": {"latent_dim": 1}},
            "decoder": {"networks.MLP": {"output_shape": [2], "hidden": [4]}},
            "likelihood": {"likelihoods.Gaussian": {"scale": 1.0}},
        }
    },
    "training": {"epochs": 4, "learning_rate": 0.01},
}


@pytest.fixture
def recipe():
    return Recipe.from_dict(RECIPE)


def dies_after(batches):
    """Code that makes a run kill itself after so many batches."""
    return (
        "import itertools\nleft = itertools.count(1)\n"
        "training.Checkpoints.on_train_batch_end = "
        f"lambda *a, **k: next(left) == {batches} and KILL"
    )


def lose_one(recipe, output, lost, batches):
    """Trains until one worker dies, and returns what the other one says of it."""
    deaths = ["", ""]
    deaths[lost] = dies_after(batches)
    workers = start_workers(recipe, output, deaths, resume=True)
    finish(workers[lost], -signal.SIGKILL)
    _, said = workers[1 - lost].communicate(timeout=900)
    return said.splitlines()[-1]


def difference_from_one_process(recipe, output, whole):
    """Of any weight, at the end of a run that two workers resume, from one in one piece."""
    training.run(recipe, whole)
    for process in start_workers(recipe, output, resume=True):
        finish(process)
    pairs = zip(weights(output), weights(whole), strict=True)
    return max(np.max(np.abs(resumed - expected)) for resumed, expected in pairs)


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_worker_is_named_and_a_resumed_run_ends_where_one_process_does(
    lost, recipe, tmp_path
):
    output = tmp_path / "run"
    said = lose_one(recipe, output, lost, batches=6)
    assert f"Received: worker {lost} stopped" in said
    assert f"kerasgen train {output}/recipe.yaml" in said and "--resume" in said
    assert json.loads((output / "checkpoints" / "state.json").read_text())["epoch"] == 1
    assert difference_from_one_process(recipe, output, tmp_path / "whole") < 1e-5
    assert_every_epoch_once(output)


def test_ten_random_kills_end_bit_for_bit_where_a_run_without_ends(recipe, tmp_path):
    recipe = recipe.override(["training.epochs=10"])
    rng = np.random.default_rng(0)
    for _ in range(10):
        lost = rng.integers(2)
        deaths = ["", ""]
        deaths[lost] = dies_after(rng.integers(1, 8))
        statuses, said = work_in_forks(recipe, tmp_path / "run", deaths)
        assert statuses[lost] == -signal.SIGKILL
        assert f"Received: worker {lost} stopped" in said[1 - lost]
    for output in (tmp_path / "run", tmp_path / "whole"):
        statuses, said = work_in_forks(recipe, output)
        assert statuses == [0, 0], said
    pairs = zip(weights(tmp_path / "run"), weights(tmp_path / "whole"), strict=True)
    assert all(np.array_equal(resumed, whole) for resumed, whole in pairs)


def test_workers_that_disagree_refuse_to_start_and_say_in_what(recipe, tmp_path):
    other = recipe.override(["seed=1"])
    for process in start_workers(recipe, tmp_path / "run", recipes=(recipe, other)):
        _, said = process.communicate(timeout=900)
        assert process.returncode == 1
        assert "worker 1 has another recipe than worker 0" in said.splitlines()[-1]
    assert not (tmp_path / "run").exists()
