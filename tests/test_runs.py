"""Short runs of the kinds of model: a resumed one ends where a whole one does, and what every run
leaves behind.
"""

import csv

import numpy as np
import pytest
from command_line import fails, is_png, needs_tensorflow

from kerasgen import cli, training, zoo
from kerasgen.recipe import Recipe

pytestmark = needs_tensorflow

FEATURES = {"networks.MLP": {"output_shape": [8], "hidden": []}}
VAE = {
    "event": [8, 8, 1],
    "encoder": FEATURES,
    "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 3}},
    "decoder": {"networks.MLP": {"output_shape": [8, 8, 1], "hidden": [8]}},
    "likelihood": {"likelihoods.Bernoulli": {}},
}
PRIOR = {"bottlenecks.ConditionalGaussian": {"latent_dim": 3, "num_classes": 10}}
NETWORK = {"networks.PixelCNN": {"output_channels": 1, "channels": 4, "num_blocks": 1}}
KINDS = {  # models of binarized digits
    "iwae": {
        "families.LatentVariableModel": {
            **VAE,
            "objective": {"objectives.IWAE": {"num_samples": 3}},
        }
    },
    "conditional": {"families.LatentVariableModel": {**VAE, "condition": 10, "bottleneck": PRIOR}},
    "hierarchical": {
        "families.LatentVariableModel": {
            **VAE,
            "bottleneck": {"bottlenecks.Hierarchical": {"latent_dims": [1, 2], "hidden": 4}},
        }
    },
    "classifier": {
        "families.Classifier": {"event": [8, 8, 1], "num_classes": 10, "encoder": FEATURES}
    },
    "autoregressive": {
        "families.AutoregressiveModel": {
            "event": [8, 8, 1],
            "network": NETWORK,
            "likelihood": {"likelihoods.Bernoulli": {}},
        }
    },
}


def recipe_of(kind):
    data = {"name": "digits", "split": "train[:96]", "batch_size": 32, "binarize": "dynamic"}
    labels = {"labels": True} if kind in ("conditional", "classifier") else {}
    return Recipe(
        kind,
        data | labels,
        KINDS[kind],
        {"epochs": 2, "learning_rate": 0.01, "steps_per_execution": 3},
    )


@pytest.mark.usefixtures("plain_ends")
@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_ends_with_the_weights_of_one_never_stopped(kind, tmp_path, monkeypatch):
    recipe, whole, stopped = recipe_of(kind), tmp_path / "whole", tmp_path / "stopped"
    training.run(recipe, whole)
    write = training.Checkpoints.on_epoch_end

    def write_and_stop(self, epoch, logs=None):
        write(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training.Checkpoints, "on_epoch_end", write_and_stop)
        training.run(recipe, stopped)
    training.run(recipe, stopped, resume=True)
    presets = [zoo.load(run / "preset") for run in (whole, stopped)]
    for resumed, expected in zip(*(preset.get_weights() for preset in presets), strict=True):
        np.testing.assert_array_equal(resumed, expected)
    if presets[0].bottleneck is not None:  # of every unit of the code, in every epoch
        tables = [list(csv.reader((run / "kl_by_unit.csv").open())) for run in (whole, stopped)]
        assert tables[0] == tables[1] and np.shape(tables[0]) == (3, 4)
        assert np.all(np.array(tables[0][1:], float)[:, 1:] > 0)


def test_a_card_of_a_conditional_model_shows_every_unit_of_its_code(tmp_path):
    recipe = recipe_of("conditional")
    metrics = {"machine": "a test", "training_time_seconds": 1.0, "figures": {}}
    folder = zoo.save(recipe.build(), tmp_path / "conditional", recipe, metrics)
    cli.main(["card", str(folder), "--write"])
    assert is_png(folder / "units.png") and is_png(folder / "reconstructions.png")
    assert "KL of every unit of the code" in zoo.card(folder)


POINTS = {
    "vae": Recipe(
        "vae",
        {"name": "ring", "split": "train[:1000]", "batch_size": 100},
        {
            "families.LatentVariableModel": {
                **VAE,
                "event": [2],
                "decoder": {"networks.MLP": {"output_shape": [2], "hidden": [8]}},
                "likelihood": {"likelihoods.Gaussian": {"scale": "shared"}},
            }
        },
        {"epochs": 1, "learning_rate": 0.01},
    ),
    "mixture": Recipe(
        "mixture",
        {"name": "moons", "split": "train[:1000]", "batch_size": 100},
        {"families.Mixture": {"event": [2], "num_components": 3}},
        {"em": {"max_iter": 3}},
    ),
}


@pytest.mark.parametrize("kind", POINTS)
def test_a_run_on_points_leaves_a_picture_of_model_and_data(kind, tmp_path, capsys):
    POINTS[kind].save(tmp_path / "recipe.yaml")
    command = ["train", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "run")]
    cli.main(command)
    preset = tmp_path / "run" / "preset"
    assert is_png(preset / "density.png")
    assert "1,000 points, and the density that the model gives" in zoo.card(preset)
    cli.main(["sample", str(preset), "-n", "50", "--out", str(tmp_path / "samples.png")])
    assert is_png(tmp_path / "samples.png")
    capsys.readouterr()
    assert "Expected a folder without a run. Received:" in fails(capsys, *command)


def from_stem(start_from, **stem):
    stem = {"networks.PixelCNN": {**NETWORK["networks.PixelCNN"], "output_channels": 6, **stem}}
    network = {
        "networks.CausalTransformer": {
            "output_channels": 1,
            "size": 8,
            "num_blocks": 1,
            "stem": stem,
        }
    }
    (model,) = KINDS["autoregressive"].values()
    model = {"families.AutoregressiveModel": {**model, "network": network}}
    schedule = {"epochs": 1, "learning_rate": 1e-9, "start_from": start_from}
    return Recipe("stem", recipe_of("autoregressive").data, model, schedule)


@pytest.mark.usefixtures("plain_ends")
def test_a_layer_starts_from_the_same_layer_of_a_preset_wherever_shapes_agree(tmp_path):
    network = training.run(recipe_of("autoregressive"), tmp_path / "run").network
    preset = tmp_path / "run" / "preset"
    stem = training.run(
        from_stem({"network.stem": f"{preset}:network"}), tmp_path / "other"
    ).network.stem
    kernel, bias = stem.weights[
        -2:
    ]  # of its last layer, whose outputs are six where the preset has one
    assert kernel.shape[-1] == bias.shape[-1] == 6
    for mine, theirs in zip(stem.get_weights()[:-2], network.get_weights()[:-2], strict=True):
        np.testing.assert_allclose(
            mine, theirs, rtol=1e-3, atol=1e-6
        )  # a preset is in half precision
    with pytest.raises(
        zoo.PresetError, match="that is like a PixelCNN. Received: 'netwrok', a NoneType"
    ):
        training.run(from_stem({"network.stem": f"{preset}:netwrok"}), tmp_path / "misspelt")


@pytest.mark.parametrize(
    "start_from", [{"network.stem": "gated_pixelcnn_mnist"}, {"network.stalk": "any:network"}]
)
def test_a_start_of_a_part_that_is_none_is_refused(start_from, tmp_path):
    with pytest.raises(
        ValueError,
        match="a preset's part, NAME:part, for one that is a layer. Received: network.st",
    ):
        training.run(from_stem(start_from), tmp_path / "run")
