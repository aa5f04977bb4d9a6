"""Runs of adversarial models: exact resume, collapse and NaN noticed, sample quality measured."""

import json

import keras
import numpy as np
import pytest
from tiny import tiny_gan

from kerasgen import training
from kerasgen.recipe import Recipe

RECIPE = {
    "name": "gan_digits",
    "title": "A tiny GAN",
    "data": {"name": "digits", "batch_size": 100},
    "model": {
        "families.AdversarialModel": {
            "event": [8, 8, 1],
            "generator": {"networks.DCGANGenerator": {"output_shape": [8, 8, 1], "channels": [8]}},
            "critic": {
                "networks.DCGANCritic": {
                    "channels": [8],
                    "normalization": "spectral",
                    "dropout": 0.1,
                }
            },
            "divergence": {"divergences.NonSaturating": {}},
            "latent_dim": 4,
            "critic_steps": 2,
        }
    },
    "training": {
        "epochs": 3,
        "learning_rate": 0.001,
        "critic_learning_rate": 0.002,
        "beta_1": 0.5,
        "warmup_steps": 5,
        "decay": 0.5,
        "ema": 0.9,
        "steps_per_execution": 5,
    },
}


@pytest.mark.usefixtures("plain_ends")
def test_a_resumed_run_ends_where_one_in_one_piece_does(tmp_path, monkeypatch):
    """With both optimizers, the power iterations, the batch statistics and the dropout where they
    were.
    """
    from kerasgen import zoo

    recipe = Recipe.from_dict(RECIPE)
    training.run(recipe, tmp_path / "whole")
    save = training.Checkpoints.on_epoch_end

    def interrupted(self, epoch, logs=None):
        save(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training.Checkpoints, "on_epoch_end", interrupted)
        with pytest.raises(KeyboardInterrupt):
            training.run(recipe, tmp_path / "parts")
    training.run(recipe, tmp_path / "parts", resume=True)
    whole, parts = (
        zoo.load(tmp_path / name / "preset").get_weights() for name in ("whole", "parts")
    )
    for mine, theirs in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    state = json.loads((tmp_path / "whole" / "checkpoints" / "state.json").read_text())
    assert state["epoch"] == 3
    header = (tmp_path / "whole" / "history.csv").read_text().splitlines()[0]
    assert {"critic", "generator", "divergence", "critic_separation", "sample_diversity"} <= set(
        header.split(",")
    )


def test_a_collapse_is_warned_of_in_one_line(digits, capsys):
    images, labels = digits[0][:32], digits[1][:32]
    for num_classes in (None, 10):
        model = tiny_gan(num_classes=num_classes)
        monitor = training.CollapseMonitor(images, labels if num_classes else None)
        monitor.set_model(model)
        logs = {"loss": 1.0}
        monitor.on_epoch_end(2, logs)
        assert 0 <= logs["critic_separation"] <= 1 and logs["sample_diversity"] > 0
    for weight in model.generator.weights:  # one grey image for all noise
        weight.assign(keras.ops.zeros_like(weight))
    monitor.on_epoch_end(2, logs)
    assert logs["sample_diversity"] < 1e-6
    warning = (
        "kerasgen: warning: epoch 3: samples have 0% of the data's variance: the generator has "
        "collapsed.\n"
    )
    assert capsys.readouterr().err.endswith(warning)
    model.score = lambda x, labels: keras.ops.mean(
        keras.ops.abs(x - 0.5), axis=(1, 2, 3)
    )  # 0 on grey images
    monitor.on_epoch_end(2, logs)
    assert logs["critic_separation"] == 1
    assert (
        "the critic is right about 100.0% of pairs, real and sample; lower its rate"
        in capsys.readouterr().err
    )
    model.score = lambda x, labels: keras.ops.zeros(len(x))
    monitor.on_epoch_end(2, logs)
    assert logs["critic_separation"] == 0.5
    monitor.real = keras.ops.concatenate(
        [monitor.real[:1], model.sample(1, labels[:1], seed=0)]
    )  # of 4 pairs 2 are ties
    monitor.condition = labels[:2]
    model.score = lambda x, labels: keras.ops.mean(keras.ops.abs(x - 0.5), axis=(1, 2, 3))
    monitor.on_epoch_end(2, logs)
    assert logs["critic_separation"] == 0.75


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    recipe = Recipe.from_dict(RECIPE).override(
        ["training.learning_rate=1e+30", "training.critic_learning_rate=1e+30"]
    )
    with pytest.raises(
        FloatingPointError, match="Expected finite (losses|weights). Received: .* not finite"
    ):
        training.run(recipe, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.usefixtures("plain_ends")
def test_a_run_that_broke_goes_on_from_the_last_good_checkpoint(tmp_path, monkeypatch):
    save = training.Checkpoints.on_epoch_end

    def spoil(self, epoch, logs=None):
        save(self, epoch, logs)
        self.model.generator.trainable_variables[0].assign_add(np.nan)

    recipe = Recipe.from_dict(RECIPE).override(["training.epochs=2"])
    told = "Expected finite losses. Received: .* not finite in epoch 2, .* is kept"
    with monkeypatch.context() as patch, pytest.raises(FloatingPointError, match=told):
        patch.setattr(training.Checkpoints, "on_epoch_end", spoil)
        training.run(recipe, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "checkpoints" / "state.json").read_text())["epoch"] == 1
    model = training.run(recipe, tmp_path / "run", resume=True)
    assert all(np.all(np.isfinite(weight)) for weight in model.get_weights())


def test_evaluate_measures_sample_quality_with_its_floor(tmp_path, capsys):
    from kerasgen import cli, zoo

    recipe = Recipe.from_dict(RECIPE)
    metrics = {"machine": "a test", "training_time_seconds": 1.0, "figures": {}}
    folder = zoo.save(recipe.build(), tmp_path / "gan_digits", recipe, metrics)
    cli.main(["evaluate", str(folder), "--limit", "60", "--write"])
    figures = json.loads((folder / "metrics.json").read_text())["figures"]
    assert list(figures)[:2] == ["frechet_distance[values]", "frechet_distance_floor[values]"]
    distance, floor = (figures[name] for name in list(figures)[:2])
    assert distance["value"] > floor["value"] > 0
    assert distance["protocol"] == (
        "60 samples, seed 0, against as many: 60 test examples of digits; floor: the first as many "
        "of 60 training "
        "examples in the samples' place; copies are sought among all of them; mean_difference_p "
        "and mmd_p of 60 a "
        "side, by 499 relabellings; features: values"
    )
    assert distance["command"] == "kerasgen evaluate gan_digits --limit 60"
    momenta = "".join(
        f", {key}={recipe.training[key]}" for key in ("beta_1", "beta_2") if key in recipe.training
    )
    assert momenta and f"Adam(1e-4{momenta})" in zoo.card(folder)
    assert "nearest.png" in zoo.card(folder)
    assert (
        "frechet_distance[values]" in zoo.card(folder)
        and "frechet_distance[values]" in capsys.readouterr().out
    )
