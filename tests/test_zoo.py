"""Presets: whole or not at all."""

import importlib.util
import json
import pathlib
import random
import shutil
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from kerasgen import zoo
from kerasgen.recipe import Recipe
from kerasgen.zoo import loader, manifest, writer

FILES = ["card.md", "metrics.json", "model.weights.h5", "recipe.yaml"]
FILES += ["reconstructions.png", "samples.png", "traversal.gif", "traversal.png", "units.png"]
METRICS = {
    "machine": "an abacus, 2 cores",
    "training_time_seconds": 12600.0,
    "figures": {
        "nll": {
            "value": 82.7345,
            "standard_error": 0.2315,
            "unit": "nats",
            "protocol": "importance-weighted bound, k = 5,000, all test images",
            "command": "kerasgen evaluate tiny",
            "published": [
                {"model": "IWAE-50, two layers", "value": 82.90, "source": "arXiv 1509.00519, table 1"},
                {"model": "VAE", "value": 86.76, "source": "arXiv 1509.00519, table 1"},
            ],
        },
        "kl": {"value": 25.5, "unit": "nats", "protocol": "closed form", "command": "kerasgen evaluate tiny"},
    },
    "notes": ["Draws strokes that end in the air.", "A larger one would gain 0.4 nats."],
}


def tiny_recipe(name="tiny", width=8, likelihood="Bernoulli"):
    return Recipe(
        name=name,
        title="A tiny variational autoencoder",
        data={"name": "digits", "batch_size": 32, "binarize": "dynamic"},
        model={
            "families.LatentVariableModel": {
                "event_shape": [8, 8, 1],
                "encoder": {"networks.ConvEncoder": {"channels": [width], "blocks": [1], "features": 16}},
                "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 4}},
                "decoder": {
                    "networks.ConvDecoder": {
                        "output_shape": [8, 8, 1],
                        "channels": [width],
                        "blocks": [1],
                        "features": 16,
                    }
                },
                "likelihood": {f"likelihoods.{likelihood}": {"scale": "shared"} if likelihood == "Laplace" else {}},
            }
        },
        training={"epochs": 1, "learning_rate": 0.001},
    )


def trained(recipe, images):
    model = recipe.build()
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, epochs=1, verbose=0)
    return model


@pytest.fixture(scope="module")
def model(images):
    return trained(tiny_recipe(), images)


@pytest.fixture(scope="module")
def saved(model, images, tmp_path_factory):
    return zoo.save(model, tmp_path_factory.mktemp("zoo") / "tiny", tiny_recipe(), METRICS, images)


@pytest.fixture
def preset(saved, tmp_path):
    """A copy to spoil."""
    return pathlib.Path(shutil.copytree(saved, tmp_path / "tiny"))


def resign(preset, change=lambda files: files):
    """Makes the manifest agree with the files again, then changes its entries."""
    manifest.write(preset)
    content = json.loads((preset / "manifest.json").read_text())
    content["files"] = change(content["files"])
    (preset / "manifest.json").write_text(json.dumps(content))


def test_a_saved_model_comes_back_the_same(model, saved, images):
    loaded = zoo.load(saved)
    x = images[:8]
    np.testing.assert_array_equal(loaded.log_prob(x, num_samples=20, seed=3), model.log_prob(x, num_samples=20, seed=3))
    np.testing.assert_array_equal(loaded.sample(5, seed=1), model.sample(5, seed=1))
    assert int(loaded.objective.step) == int(model.objective.step) == 8


def test_a_loaded_model_is_ready_to_train(saved, images):
    loaded = zoo.load(str(saved))
    assert not loaded.compiled
    before = [np.array(weight) for weight in loaded.trainable_weights]
    loaded.compile(keras.optimizers.Adam(1e-3))
    loaded.fit(images[:64], verbose=0)
    assert any(not np.array_equal(old, new) for old, new in zip(before, loaded.trainable_weights))


def test_the_folder_holds_everything_and_no_optimizer(model, saved):
    assert sorted(path.name for path in saved.iterdir()) == sorted([*FILES, "manifest.json"])
    assert [path.name for path in saved.parent.iterdir()] == ["tiny"]
    weights = loader._shapes(saved / "model.weights.h5")
    assert not any("optimizer" in name or "mean" in name for name in weights)
    assert sum(int(np.prod(shape)) for shape in weights.values()) == model.count_params()
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


def test_a_card_without_figures_says_so(model, tmp_path):
    metrics = {"machine": "m", "training_time_seconds": 60, "figures": {}}
    text = zoo.card(zoo.save(model, tmp_path / "preset", tiny_recipe(), metrics))
    assert "None measured yet." in text
    assert "reconstructions.png" not in text and "falls short" not in text


def test_loading_does_not_seed_the_callers_random_numbers(saved):
    draws = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        zoo.load(saved)
        draws.append((random.random(), np.random.uniform(), float(keras.random.uniform(()))))
    assert all(one != two for one, two in zip(*draws))


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_is_found(preset, name):
    data = bytearray((preset / name).read_bytes())
    data[len(data) // 2] ^= 1
    (preset / name).write_bytes(data)
    with pytest.raises(zoo.PresetError, match=rf"Expected SHA-256 .* of .*{name}\. Received: .* corrupted"):
        zoo.load(preset)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_found(preset, name):
    data = (preset / name).read_bytes()
    (preset / name).write_bytes(data[:-7])
    with pytest.raises(zoo.PresetError, match=rf"Expected {len(data):,} bytes in .*{name}\. Received: .* truncated"):
        zoo.load(preset)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(preset, name):
    (preset / name).unlink()
    with pytest.raises(zoo.PresetError, match=f"Expected a file {name} in .* Received: no such file"):
        zoo.load(preset)


def test_a_card_is_checked_too(preset):
    (preset / "samples.png").write_bytes(b"")
    with pytest.raises(zoo.PresetError, match="truncated"):
        zoo.card(preset)


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[]", "{}", '{"files": []}', '{"files": {"a": "abc"}}', '{"files": {"a": {}}}', "\xff"],
)
def test_a_malformed_manifest_is_refused(preset, text):
    (preset / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(zoo.PresetError, match="Received: a malformed manifest"):
        zoo.load(preset)


def test_a_missing_manifest_is_refused(preset):
    (preset / "manifest.json").unlink()
    with pytest.raises(zoo.PresetError, match=r"Expected a manifest\.json in .* Received: none"):
        zoo.load(preset)


def test_a_manifest_must_cover_what_is_loaded(preset):
    resign(preset, lambda files: {name: entry for name, entry in files.items() if name != "model.weights.h5"})
    with pytest.raises(zoo.PresetError, match=r"Received: none for \['model\.weights\.h5'\]"):
        zoo.load(preset)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "sub/card.md", "..", "", "C:\\secret"])
def test_a_manifest_names_no_paths(preset, name):
    resign(preset, lambda files: {**files, name: files["card.md"]})
    with pytest.raises(zoo.PresetError, match="Expected names of files in the folder .* Received: the paths"):
        zoo.load(preset)


@pytest.mark.parametrize("name", ["recipe.yaml", "manifest.json"])
def test_links_out_of_the_folder_are_refused(preset, tmp_path, name):
    (preset / name).rename(tmp_path / "outside")
    (preset / name).symlink_to(tmp_path / "outside")
    with pytest.raises(zoo.PresetError, match=f"Expected {name} to be a file in the preset .* Received: a link"):
        zoo.load(preset)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"width": 16}, r"of shape \(.*\) where the file has \("),
        ({"likelihood": "Laplace"}, "which only the file has"),
    ],
)
def test_weights_of_another_architecture_are_refused(preset, images, other, difference):
    tiny_recipe(**other).build().save_weights(preset / "model.weights.h5")
    resign(preset)
    with pytest.raises(zoo.PresetError, match=f"of another architecture; the first difference is .*{difference}"):
        zoo.load(preset)


def test_weights_that_lack_some_are_refused_and_nothing_is_changed(saved):
    model = tiny_recipe(likelihood="Laplace").build()
    before = model.get_weights()
    with pytest.raises(zoo.PresetError, match=r"laplace.* of shape \(\), which the file lacks"):
        loader.load_weights(model, saved / "model.weights.h5")
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_a_warm_start_takes_what_fits_and_no_counter(saved):
    trained_model = zoo.load(saved)
    other = tiny_recipe(likelihood="Laplace").build()
    before = {part: getattr(other, part).get_weights() for part in ("bottleneck", "likelihood", "objective")}
    fitting = zoo.warm_start(other, saved)
    np.testing.assert_equal(other.encoder.get_weights(), trained_model.encoder.get_weights())
    np.testing.assert_equal(other.likelihood.get_weights(), before["likelihood"])
    np.testing.assert_equal(other.objective.get_weights(), before["objective"])
    assert any(name.startswith("encoder/") for name in fitting)


def test_a_warm_start_from_something_else_is_refused(preset):
    stranger = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(zoo.PresetError, match="Expected a preset with layers of this model to start from"):
        zoo.warm_start(stranger, preset)


def test_weights_that_are_no_hdf5_are_refused(preset):
    (preset / "model.weights.h5").write_text("weights")
    resign(preset)
    with pytest.raises(zoo.PresetError, match="Expected an HDF5 file of weights"):
        zoo.load(preset)


def test_a_recipe_of_no_model_is_refused(preset):
    recipe = tiny_recipe()
    recipe.model = {"likelihoods.Bernoulli": {}}
    recipe.save(preset / "recipe.yaml")
    resign(preset)
    with pytest.raises(zoo.PresetError, match="to describe a model. Received: Bernoulli"):
        zoo.load(preset)


def fake_presets(parent, *names):
    for name in names:
        (parent / name).mkdir(parents=True)
        (parent / name / "manifest.json").write_text("{}")
    return parent


def test_names_and_near_names(monkeypatch, tmp_path):
    place = fake_presets(tmp_path / "zoo", "vae_mnist", "gan_mnist")
    (place / "recipe_only").mkdir()
    monkeypatch.setattr(loader, "_PLACES", (place,))
    monkeypatch.chdir(tmp_path)
    assert zoo.names() == ["gan_mnist", "vae_mnist"]
    assert zoo.folder("vae_mnist") == place / "vae_mnist"
    with pytest.raises(zoo.PresetError, match=r"Received: 'vae_mnits'\. Near names: vae_mnist"):
        zoo.load("vae_mnits")
    with pytest.raises(zoo.PresetError, match=r"Received: 'qqq'\. Presets: gan_mnist, vae_mnist"):
        zoo.load("qqq")
    with pytest.raises(zoo.PresetError, match="Received: '../zoo/nothing'"):
        zoo.load("../zoo/nothing")


def test_a_name_comes_before_a_folder_of_that_name(monkeypatch, tmp_path):
    place = fake_presets(tmp_path / "zoo", "mine")
    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(loader, "_PLACES", (place,))
    monkeypatch.chdir(tmp_path)
    assert zoo.folder("mine") == place / "mine"
    assert zoo.folder("./mine") == zoo.folder(pathlib.Path("mine")) == pathlib.Path("mine")


@pytest.mark.parametrize(
    ("beside", "checkout", "found"), [(["a"], [], ["a"]), ([], ["b"], ["b"]), (["a"], ["b"], ["a"]), ([], [], [])]
)
def test_presets_lie_beside_the_package_or_in_the_checkout(tmp_path, beside, checkout, found):
    package = tmp_path / "kerasgen" / "zoo"
    package.mkdir(parents=True)
    fake_presets(package / "presets", *beside)
    fake_presets(tmp_path / "zoo", *checkout)
    copy = shutil.copy(loader.__file__, package)
    spec = importlib.util.spec_from_file_location("copied_loader", copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.names() == found


def test_saving_over_a_preset_replaces_it_and_keeps_the_authors_recipe(model, preset):
    text = "# chosen on the validation split\n" + (preset / "recipe.yaml").read_text()
    (preset / "recipe.yaml").write_text(text)
    zoo.save(model, preset, tiny_recipe(), {**METRICS, "notes": []})
    assert (preset / "recipe.yaml").read_text() == text
    assert not (preset / "reconstructions.png").exists()
    assert zoo.load(preset).count_params() == model.count_params()
    changed = tiny_recipe()
    changed.seed = 5
    zoo.save(model, preset, changed, METRICS)
    assert Recipe.load(preset / "recipe.yaml").seed == 5


def test_equal_weights_are_the_same_file(preset, images):
    before = (preset / "model.weights.h5").read_bytes()
    time.sleep(1.1)  # HDF5 stamps its files by the second
    zoo.save(zoo.load(preset), preset, tiny_recipe(), {**METRICS, "notes": ["Another card."]}, images)
    assert "Another card." in zoo.card(preset)
    assert (preset / "model.weights.h5").read_bytes() == before
    zoo.save(trained(tiny_recipe(), images[:32]), preset, tiny_recipe(), METRICS, images)
    assert (preset / "model.weights.h5").read_bytes() != before


def test_a_recipe_alone_may_be_there(model, tmp_path):
    tiny_recipe().save(tmp_path / "recipe.yaml")
    zoo.save(model, tmp_path, tiny_recipe(), METRICS)
    for loaded, saved in zip(zoo.load(tmp_path).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, saved)
        assert loaded.size


def test_other_folders_are_not_overwritten(model, tmp_path, preset):
    (tmp_path / "thesis.tex").write_text("years")
    with pytest.raises(zoo.PresetError, match=r"Received: .*'thesis\.tex'.* in it"):
        zoo.save(model, tmp_path, tiny_recipe(), METRICS)
    with pytest.raises(zoo.PresetError, match="to hold the preset 'other'. Received: 'tiny'"):
        zoo.save(model, preset, tiny_recipe("other"), METRICS)
    with pytest.raises(zoo.PresetError, match=r"Received: .*thesis\.tex, a file"):
        zoo.save(model, tmp_path / "thesis.tex", tiny_recipe(), METRICS)
    assert (tmp_path / "thesis.tex").read_text() == "years"


def test_a_failed_save_leaves_the_old_preset_and_nothing_else(model, preset, monkeypatch):
    def fail(folder):
        raise OSError("disk full")

    before = {path.name: path.read_bytes() for path in preset.iterdir()}
    monkeypatch.setattr(writer.manifest, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        zoo.save(model, preset, tiny_recipe(), {**METRICS, "notes": []})
    assert {path.name: path.read_bytes() for path in preset.iterdir()} == before
    assert [path.name for path in preset.parent.iterdir()] == ["tiny"]


def test_a_model_of_another_recipe_is_not_saved(model, tmp_path):
    with pytest.raises(zoo.PresetError, match="weights of recipe 'tiny'. Received: .* the first difference"):
        zoo.save(model, tmp_path / "preset", tiny_recipe(width=16), METRICS)
    assert not (tmp_path / "preset").exists()


def test_incomplete_metrics_are_refused(model, tmp_path):
    with pytest.raises(ValueError, match="Received: no machine and no figures"):
        zoo.save(model, tmp_path / "preset", tiny_recipe(), {"training_time_seconds": 1})
    figures = {"nll": {"value": 1.0, "unit": "nats"}}
    with pytest.raises(ValueError, match="the figure 'nll'. Received: no protocol and no command"):
        zoo.save(model, tmp_path / "preset", tiny_recipe(), {**METRICS, "figures": figures})


def test_importing_the_zoo_is_light():
    heavy = {"tensorflow_probability", "tensorflow_datasets", "ai_edge_litert"}
    code = f"import sys, kerasgen.zoo; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_pictures_are_those_that_the_model_allows(tmp_path):
    """Of points, the density; of a code of two units, its manifold; of a conditional model, one row a class."""
    ring = Recipe(
        name="ring",
        data={"name": "ring", "batch_size": 10},
        model={"families.Mixture": {"event_shape": [2], "num_components": 2}},
        training={"em": {"max_iter": 3}},
    )
    points = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")
    folder = zoo.save(ring.build(), tmp_path / "ring", ring, {**METRICS, "figures": {}}, points)
    assert [path.name for path in folder.glob("*.png")] == ["density.png"]
    assert "50 points, and the density" in zoo.card(folder) and "expectation maximization" in zoo.card(folder)
    assert zoo.load(folder).log_prob(points).shape == (50,)

    flat, labelled = tiny_recipe(), tiny_recipe()
    flat.model["families.LatentVariableModel"]["bottleneck"]["bottlenecks.Gaussian"]["latent_dim"] = 2
    folder = zoo.save(flat.build(), tmp_path / "flat", flat, METRICS)
    assert sorted(path.name for path in folder.glob("*.png")) == ["manifold.png", "samples.png"]
    labelled.model["families.LatentVariableModel"]["num_classes"] = 3
    folder = zoo.save(labelled.build(), tmp_path / "labelled", labelled, METRICS)
    assert "one row a class, seed 0, the first 30" in zoo.card(folder)
