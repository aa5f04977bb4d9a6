"""A run is a function of its recipe: killed, resumed, on one device or two, it ends on the same
weights.
"""

import csv
import dataclasses
import json
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import is_png
from run_processes import assert_every_epoch_once, finish, run_in_subprocess, weights
from tiny import tiny_mlp_vae

from kerasgen import data, training, zoo
from kerasgen.metrics import units
from kerasgen.recipe import Recipe
from kerasgen.reports.monitors import KLByUnit
from kerasgen.training import checkpoints

RECIPE = {
    "name": "digits",
    "title": "A tiny VAE",
    "data": {"name": "digits", "batch_size": 100, "binarize": "dynamic"},
    "model": {
        "families.LatentVariableModel": {
            "event": [8, 8, 1],
            "encoder": {"networks.ConvEncoder": {"channels": [8], "blocks": [1], "features": 16}},
            "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 4}},
            "decoder": {
                "networks.ConvDecoder": {
                    "output_shape": [8, 8, 1],
                    "channels": [8],
                    "blocks": [1],
                    "features": 16,
                }
            },
            "likelihood": {"likelihoods.Bernoulli": {}},
            "objective": {"objectives.ELBO": {"warmup_steps": 40}},
        }
    },
    "training": {
        "epochs": 4,
        "learning_rate": 0.01,
        "warmup_steps": 5,
        "decay": 0.5,
        "ema": 0.9,
        "steps_per_execution": 5,
    },
}

# Where a run dies: code that makes it kill itself there, and the epochs that its last checkpoint
# then holds.
DEATHS = {
    "after the first execution": (
        "training.Checkpoints.on_train_batch_end = lambda *a, **k: KILL",
        0,
    ),
    "in the third epoch": (
        "training.Checkpoints.on_train_batch_end = lambda self, *a, **k: self.epoch == 2 and KILL",
        2,
    ),
    "after the second epoch's weights, before its state": (
        "write = training.checkpoints.durable.write_text\n"
        "training.checkpoints.durable.write_text = lambda path, text: KILL if '\"epoch\": 2' in "
        "text else write(path, text)",
        1,
    ),
}


@pytest.fixture(scope="module")
def recipe():
    return Recipe.from_dict(RECIPE)


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    output = tmp_path_factory.mktemp("finished") / "run"
    training.run(recipe, output)
    return output


@pytest.mark.slow
@pytest.mark.parametrize("where", DEATHS)
def test_a_killed_run_resumes_exactly(where, recipe, finished, tmp_path):
    output = tmp_path / "run"
    death, epochs = DEATHS[where]
    finish(run_in_subprocess(recipe, output, death=death), -signal.SIGKILL)
    state = output / "checkpoints" / "state.json"
    assert (json.loads(state.read_text())["epoch"] if state.exists() else 0) == epochs
    training.run(recipe, output, resume=True)
    for resumed, whole in zip(weights(output), weights(finished), strict=True):
        np.testing.assert_array_equal(resumed, whole)
    assert sorted(path.name for path in (output / "checkpoints").iterdir()) == [
        "before.json",
        "epoch-3.weights.h5",
        "epoch-4.weights.h5",
        "state.json",
    ]
    assert_every_epoch_once(output)


def test_the_history_has_every_epoch_once(finished):
    assert_every_epoch_once(finished)
    assert (finished / "preset" / "history.csv").read_text() == (
        finished / "history.csv"
    ).read_text()
    assert is_png(finished / "preset" / "curves.png")


def history(output, column):
    with (output / "history.csv").open() as file:
        return [float(row[column]) for row in csv.DictReader(file)]


def test_the_history_counts_active_units(finished):
    counts = history(finished, "active_units")
    model = zoo.load(finished / "preset")
    images = np.concatenate(list(data.load("digits", "train", 500, "fixed").as_numpy_iterator()))[
        :1000
    ]
    assert all(0 <= count <= 4 for count in counts)
    measured = units.active_units(model.encode(images).mean())
    assert abs(counts[-1] - measured) <= 1  # other draws of the pixels


def test_the_kl_of_every_unit_is_logged(finished, tmp_path):
    def read(path):
        with path.open() as file:
            return np.array([list(row.values()) for row in csv.DictReader(file)], float)

    assert read(finished / "kl_by_unit.csv").shape == (
        4,
        1 + 4,
    )  # every epoch once: its number and its units
    model = zoo.load(finished / "preset")
    images = np.concatenate(list(data.load("digits", "train", 500, "fixed").as_numpy_iterator()))[
        :1000
    ]
    table = KLByUnit(tmp_path / "kl.csv", images)
    table.set_model(model)
    for epoch in range(2):
        table.on_epoch_end(epoch)
    expected = units.kl_by_unit(model, images)
    np.testing.assert_allclose(
        read(tmp_path / "kl.csv"), [[0, *expected], [1, *expected]], rtol=1e-6
    )


def test_the_loss_falls(finished):
    losses = history(finished, "reconstruction")
    assert losses[-1] < losses[0]


def test_a_checkpoint_of_another_recipe_is_refused(recipe, finished):
    other = recipe.override(["training.learning_rate=0.02", "seed=1"])
    with pytest.raises(ValueError, match="seed is 0 there, 1 here") as error:
        training.run(other, finished, resume=True)
    assert "training.learning_rate is 0.01 there, 0.02 here" in str(error.value)


def test_a_folder_with_a_run_is_refused_without_resume(recipe, finished):
    with pytest.raises(ValueError, match="Resume it, or name another"):
        training.run(recipe, finished)


@pytest.mark.usefixtures("plain_ends")
def test_a_loss_that_is_not_finite_names_step_term_and_batch_and_keeps_the_last_checkpoint(
    recipe, tmp_path
):
    good = recipe.override(["training.epochs=1"])
    training.run(good, tmp_path / "run")
    wild = recipe.override(["training.learning_rate=1.0e+30", "training.warmup_steps=0"])
    state = tmp_path / "run" / "checkpoints" / "state.json"
    kept = {**json.loads(state.read_text()), "recipe": wild.to_dict()}
    kept = json.dumps(checkpoints.seal(kept, state.parent))
    state.write_text(kept)
    message = (
        r"Received: reconstruction, kl not finite in epoch 2, step 2, the first batch of "
        r"kerasgen.data.load\('digits',"
        # the first step of the epoch spoiled the weights
        r".* start_step=16\)\. The last checkpoint is kept"
    )
    with pytest.raises(FloatingPointError, match=message):
        training.run(wild, tmp_path / "run", resume=True)
    assert state.read_text() == kept


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


@pytest.mark.usefixtures("plain_ends")
def test_the_order_of_the_data_is_not_the_recipe_s(recipe, tmp_path):
    ordered = dataclasses.replace(recipe, data={**recipe.data, "shuffle": False})
    with pytest.raises(ValueError, match=r"Expected keys of data in .*\. Received: \['shuffle'\]"):
        training.run(ordered, tmp_path / "run")


def test_an_unknown_strategy_is_refused(recipe, tmp_path):
    with pytest.raises(ValueError, match="'none', 'mirrored' or 'multiworker'"):
        training.run(recipe, tmp_path / "run", strategy="parameter server")


def test_a_batch_that_replicas_cannot_share_is_refused(recipe, tmp_path):
    with pytest.raises(
        ValueError, match="Expected a batch_size that 2 replicas share evenly. Received: 75. Change"
    ):
        training.run(
            recipe.override(["data.batch_size=75"]),
            tmp_path / "run",
            strategy="mirrored",
            devices=2,
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_two_replicas_train(recipe, finished, tmp_path):
    """Whether or not the recipe asks for XLA, which cannot compile what replicas exchange."""
    output = tmp_path / "run"
    recipe = dataclasses.replace(recipe, training={**recipe.training, "jit_compile": True})
    finish(run_in_subprocess(recipe, output, strategy="mirrored", devices=2))
    final = [history(each, "loss")[-1] for each in (finished, output)]
    # Replicas draw their own noise, so the curves agree only as two runs of one recipe do.
    np.testing.assert_allclose(*final, rtol=0.1)


def test_learning_rate_schedule():
    rate = training.WarmupStableDecay(0.5, warmup_steps=4, decay_start=10, total_steps=20)
    np.testing.assert_allclose(
        [float(rate(step)) for step in (0, 3, 9, 15, 20, 30)], [0.125, 0.5, 0.5, 0.25, 0, 0]
    )
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(rate))
    assert float(copy(15)) == 0.25


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_the_first_epoch_of_a_finite_dataset_is_seen_whole_and_once(method):
    options = {
        "batch_size": 300,
        "shuffle": True,
        "binarize": "dynamic",
        "seed": 1,
        "start_step": 2,
    }
    expected = [np.array(batch) for batch in data.load("digits", **options)]
    seen = []

    def record(batch):
        seen.append(batch)
        return batch

    dataset = data.load("digits", **options).map(
        lambda x: tf.ensure_shape(tf.numpy_function(record, [x], "float32"), (None, 8, 8, 1))
    )
    model = tiny_mlp_vae()
    model.compile(keras.optimizers.Adam(1e-3))
    getattr(model, method)(dataset, verbose=0)
    assert len(seen) == len(expected)
    for batch, wanted in zip(seen, expected):
        np.testing.assert_array_equal(batch, wanted)
