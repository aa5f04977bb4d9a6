"""Saving presets: whole or not at all, with a card and pictures."""

import json
import time

import numpy as np
import pytest
from command_line import is_png
from tiny_preset import FILES, METRICS, tiny_recipe, trained

from kerasgen import zoo
from kerasgen.recipe import Recipe
from kerasgen.zoo import stored, writer


def test_the_folder_holds_everything_and_no_optimizer(tiny_model, saved):
    assert sorted(path.name for path in saved.iterdir()) == sorted([*FILES, "manifest.json"])
    assert [path.name for path in saved.parent.iterdir()] == ["tiny"]
    with stored.opened(saved / "model.weights.h5") as arrays:
        assert not any("optimizer" in name or "mean" in name for name in arrays)
        assert sum(array.size for array in arrays.values()) == tiny_model.count_params()
    assert json.loads((saved / "metrics.json").read_text()) == METRICS
    assert Recipe.load(saved / "recipe.yaml") == tiny_recipe()
    assert zoo.folder(saved) == saved


def test_the_card_says_it_all(saved):
    text = zoo.card(saved)
    for figure in METRICS["figures"].values():
        assert f"**{figure['value']:.2f}**" in text
        assert figure["protocol"] in text and figure["command"] in text
        for published in figure.get("published", ()):
            assert f"{published['model']}: {published['value']:.2f} ({published['source']})" in text
    for expected in [
        "# tiny\n\nA tiny variational autoencoder.",
        "± 0.23",
        "an abacus, 2 cores",
        "3.5 hours",
        "CC BY 4.0",
        "re-sampled as Bernoulli",
        "(samples.png)",
        "(reconstructions.png)",
        'kerasgen.zoo.load("tiny")',
        "kerasgen.export.tflite",
        *METRICS["notes"],
    ]:
        assert expected in text


def test_a_card_without_figures_says_so(tiny_model, tmp_path):
    metrics = {"machine": "m", "training_time_seconds": 60, "figures": {}}
    text = zoo.card(zoo.save(tiny_model, tmp_path / "preset", tiny_recipe(), metrics))
    assert "None measured yet." in text
    assert "reconstructions.png" not in text and "falls short" not in text


def test_saving_over_a_preset_replaces_it_and_keeps_the_authors_recipe(tiny_model, preset):
    text = "# chosen on the validation split\n" + (preset / "recipe.yaml").read_text()
    (preset / "recipe.yaml").write_text(text)
    zoo.save(tiny_model, preset, tiny_recipe(), {**METRICS, "notes": []})
    assert (preset / "recipe.yaml").read_text() == text
    assert not (preset / "reconstructions.png").exists()
    assert zoo.load(preset).count_params() == tiny_model.count_params()
    changed = tiny_recipe()
    changed.seed = 5
    zoo.save(tiny_model, preset, changed, METRICS)
    assert Recipe.load(preset / "recipe.yaml").seed == 5


@pytest.mark.usefixtures("plain_ends")
def test_equal_weights_are_the_same_file(preset, images):
    before = (preset / "model.weights.h5").read_bytes()
    time.sleep(1.1)  # HDF5 stamps its files by the second
    zoo.save(
        zoo.load(preset), preset, tiny_recipe(), {**METRICS, "notes": ["Another card."]}, images
    )
    assert "Another card." in zoo.card(preset)
    assert (preset / "model.weights.h5").read_bytes() == before
    zoo.save(trained(tiny_recipe(), images[:32]), preset, tiny_recipe(), METRICS, images)
    assert (preset / "model.weights.h5").read_bytes() != before


@pytest.mark.usefixtures("plain_ends")
def test_a_recipe_alone_may_be_there(tiny_model, tmp_path):
    tiny_recipe().save(tmp_path / "recipe.yaml")
    zoo.save(tiny_model, tmp_path, tiny_recipe(), METRICS, dtype="float32")
    for loaded, saved in zip(
        zoo.load(tmp_path).get_weights(), tiny_model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(loaded, saved)
        assert loaded.size


def test_other_folders_are_not_overwritten(tiny_model, tmp_path, preset):
    (tmp_path / "thesis.tex").write_text("years")
    with pytest.raises(zoo.PresetError, match=r"Received: .*'thesis\.tex'.* in it"):
        zoo.save(tiny_model, tmp_path, tiny_recipe(), METRICS)
    with pytest.raises(zoo.PresetError, match="to hold the preset 'other'. Received: 'tiny'"):
        zoo.save(tiny_model, preset, tiny_recipe("other"), METRICS)
    with pytest.raises(zoo.PresetError, match=r"Received: .*thesis\.tex, a file"):
        zoo.save(tiny_model, tmp_path / "thesis.tex", tiny_recipe(), METRICS)
    assert (tmp_path / "thesis.tex").read_text() == "years"


@pytest.mark.usefixtures("plain_ends")
def test_a_failed_save_leaves_the_old_preset_and_nothing_else(tiny_model, preset, monkeypatch):
    def fail(folder):
        raise OSError("disk full")

    before = {path.name: path.read_bytes() for path in preset.iterdir()}
    monkeypatch.setattr(writer.manifest, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        zoo.save(tiny_model, preset, tiny_recipe(), {**METRICS, "notes": []})
    assert {path.name: path.read_bytes() for path in preset.iterdir()} == before
    assert [path.name for path in preset.parent.iterdir()] == ["tiny"]


def test_a_model_of_another_recipe_is_not_saved(tiny_model, tmp_path):
    with pytest.raises(
        zoo.PresetError, match="weights of recipe 'tiny'. Received: .* the first difference"
    ):
        zoo.save(tiny_model, tmp_path / "preset", tiny_recipe(width=16), METRICS)
    assert not (tmp_path / "preset").exists()


def test_incomplete_metrics_are_refused(tiny_model, tmp_path):
    with pytest.raises(ValueError, match="Received: no machine and no figures"):
        zoo.save(tiny_model, tmp_path / "preset", tiny_recipe(), {"training_time_seconds": 1})
    figures = {"nll": {"value": 1.0, "unit": "nats"}}
    with pytest.raises(ValueError, match="the figure 'nll'. Received: no protocol and no command"):
        zoo.save(tiny_model, tmp_path / "preset", tiny_recipe(), {**METRICS, "figures": figures})


def test_pictures_are_those_that_the_model_allows(tmp_path):
    """Of points, the density; of a code of two units, its manifold; of a conditional model, one row
    a class.
    """
    ring = Recipe(
        name="ring",
        data={"name": "ring", "batch_size": 10},
        model={"families.Mixture": {"event": [2], "num_components": 2}},
        training={"em": {"max_iter": 3}},
    )
    points = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")
    folder = zoo.save(ring.build(), tmp_path / "ring", ring, {**METRICS, "figures": {}}, points)
    assert [path.name for path in folder.glob("*.png")] == ["density.png"]
    assert "50 points, and the density" in zoo.card(
        folder
    ) and "expectation maximization" in zoo.card(folder)
    assert zoo.load(folder).log_prob(points).shape == (50,)

    flat, labelled = tiny_recipe(), tiny_recipe()
    flat.model["families.LatentVariableModel"]["bottleneck"]["bottlenecks.Gaussian"][
        "latent_dim"
    ] = 2
    folder = zoo.save(flat.build(), tmp_path / "flat", flat, METRICS)
    assert sorted(path.name for path in folder.glob("*.png")) == ["manifold.png", "samples.png"]
    labelled.model["families.LatentVariableModel"]["condition"] = 3
    folder = zoo.save(labelled.build(), tmp_path / "labelled", labelled, METRICS)
    assert "one row a class, seed 0, the first 30" in zoo.card(folder)


def test_the_cards_of_other_families_show_what_they_do(tmp_path):
    """Walks through a generator's noise, copies beside what they copy, and the curves of the run,
    which are kept.
    """
    gan = Recipe(
        name="gan",
        data={"name": "digits", "batch_size": 10},
        model={
            "families.AdversarialModel": {
                "event": [8, 8, 1],
                "generator": {"networks.MLP": {"output_shape": [8, 8, 1], "hidden": [8]}},
                "critic": {"networks.MLP": {"output_shape": [4], "hidden": [8]}},
                "divergence": {"divergences.NonSaturating": {}},
                "latent_dim": 3,
            }
        },
        training={"epochs": 1, "learning_rate": 1e-3},
    )
    (tmp_path / "log.csv").write_text("epoch,loss\n0,2.0\n1,1.0\n")
    training = np.random.default_rng(0).random((30, 8, 8, 1)).astype("float32")
    metrics = {**METRICS, "figures": {}}
    logs = {"training": training, "history": tmp_path / "log.csv"}
    folder = zoo.save(gan.build(), tmp_path / "gan", gan, metrics, **logs, dtype="float32")
    walks = {"arithmetic.png", "interpolation.png", "truncation.png"}
    assert {path.name for path in folder.glob("*.png")} == {
        "curves.png",
        "nearest.png",
        "samples.png",
        *walks,
    }
    assert "the nearest of 30 training examples" in zoo.card(folder)
    assert (
        "divergence, the critic's estimate of what it is trained for; critic_separation, how"
        in zoo.card(folder)
    )
    folder = zoo.save(zoo.load(folder), folder, gan, metrics)
    assert {path.name for path in folder.glob("*.png")} == {"curves.png", "samples.png", *walks}
    assert (folder / "history.csv").read_text() == (tmp_path / "log.csv").read_text()
    other = gan.build()
    other.set_weights([weight + 1 for weight in other.get_weights()])
    folder = zoo.save(other, folder, gan, metrics)
    assert not (folder / "history.csv").exists()  # it was another model's

    patches = Recipe(
        name="patches",
        data={"name": "digits", "binarize": "dynamic", "batch_size": 10},
        model={
            "families.AutoregressiveModel": {
                "event": [8, 8, 1],
                "patch_size": 2,
                "network": {
                    "networks.GatedPixelCNN": {
                        "output_channels": 16,
                        "channels": 4,
                        "num_layers": 2,
                    }
                },
                "likelihood": {"likelihoods.JointCategorical": {}},
            }
        },
        training={"epochs": 1, "learning_rate": 1e-3},
    )
    folder = zoo.save(patches.build(), tmp_path / "patches", patches, metrics)
    count = patches.build().network.multiply_adds()
    assert f" MB. A pass takes {count / 1e6:.3g} million multiply-adds an image." in zoo.card(
        folder
    )
    assert "every pixel 0 or 1" in zoo.card(folder)
    assert sorted(path.name for path in folder.iterdir() if path.suffix in (".png", ".gif")) == [
        "appearing.gif",
        "samples.png",
    ]
    images = (np.random.default_rng(0).random((20, 8, 8, 1)) < 0.5).astype("float32")
    folder = zoo.save(zoo.load(folder), folder, patches, metrics, images)
    assert is_png(folder / "completions.png") and "their upper halves, and two draws" in zoo.card(
        folder
    )
