"""Loading presets: whole or not at all."""

import importlib.util
import json
import pathlib
import random
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from tiny_preset import FILES, METRICS, tiny_recipe

from kerasgen import bottlenecks, families, likelihoods, networks, zoo
from kerasgen.zoo import loader, manifest, weights


def resign(preset, change=lambda files: files):
    """Makes the manifest agree with the files again, then changes its entries."""
    manifest.write(preset)
    content = json.loads((preset / "manifest.json").read_text())
    content["files"] = change(content["files"])
    (preset / "manifest.json").write_text(json.dumps(content))


def test_a_saved_model_comes_back_the_same(tiny_model, tmp_path, images):
    loaded = zoo.load(
        zoo.save(tiny_model, tmp_path / "tiny", tiny_recipe(), METRICS, dtype="float32")
    )
    x = images[:8]
    np.testing.assert_array_equal(
        loaded.log_prob(x, num_samples=20, seed=3), tiny_model.log_prob(x, num_samples=20, seed=3)
    )
    np.testing.assert_array_equal(loaded.sample(5, seed=1), tiny_model.sample(5, seed=1))
    assert int(loaded.objective.step) == int(tiny_model.objective.step) == 8


def test_a_loaded_model_is_ready_to_train(saved, images):
    loaded = zoo.load(str(saved))
    assert not loaded.compiled
    before = [np.array(weight) for weight in loaded.trainable_weights]
    loaded.compile(keras.optimizers.Adam(1e-3))
    loaded.fit(images[:64], verbose=0)
    assert any(not np.array_equal(old, new) for old, new in zip(before, loaded.trainable_weights))


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
    with pytest.raises(
        zoo.PresetError, match=rf"Expected SHA-256 .* of .*{name}\. Received: .* corrupted"
    ):
        zoo.load(preset)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_found(preset, name):
    data = (preset / name).read_bytes()
    (preset / name).write_bytes(data[:-7])
    with pytest.raises(
        zoo.PresetError, match=rf"Expected {len(data):,} bytes in .*{name}\. Received: .* truncated"
    ):
        zoo.load(preset)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(preset, name):
    (preset / name).unlink()
    with pytest.raises(
        zoo.PresetError, match=f"Expected a file {name} in .* Received: no such file"
    ):
        zoo.load(preset)


def test_a_card_is_checked_too(preset):
    (preset / "samples.png").write_bytes(b"")
    with pytest.raises(zoo.PresetError, match="truncated"):
        zoo.card(preset)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"files": []}',
        '{"files": {"a": "abc"}}',
        '{"files": {"a": {}}}',
        "\xff",
    ],
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
    resign(
        preset,
        lambda files: {name: entry for name, entry in files.items() if name != "model.weights.h5"},
    )
    with pytest.raises(zoo.PresetError, match=r"Received: none for \['model\.weights\.h5'\]"):
        zoo.load(preset)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/hostname", "sub/card.md", "..", "", "C:\\secret"]
)
def test_a_manifest_names_no_paths(preset, name):
    resign(preset, lambda files: {**files, name: files["card.md"]})
    with pytest.raises(
        zoo.PresetError, match="Expected names of files in the folder .* Received: the paths"
    ):
        zoo.load(preset)


@pytest.mark.parametrize("name", ["recipe.yaml", "manifest.json"])
def test_links_out_of_the_folder_are_refused(preset, tmp_path, name):
    (preset / name).rename(tmp_path / "outside")
    (preset / name).symlink_to(tmp_path / "outside")
    with pytest.raises(
        zoo.PresetError, match=f"Expected {name} to be a file in the preset .* Received: a link"
    ):
        zoo.load(preset)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"width": 16}, r"of shape \(.*\) in float32 where the file has shape \("),
        ({"likelihood": "Laplace"}, "which only the file has"),
    ],
)
def test_weights_of_another_architecture_are_refused(preset, images, other, difference):
    tiny_recipe(**other).build().save_weights(preset / "model.weights.h5")
    resign(preset)
    with pytest.raises(
        zoo.PresetError, match=f"of another architecture; the first difference is .*{difference}"
    ):
        zoo.load(preset)


def test_weights_that_lack_some_are_refused_and_nothing_is_changed(saved):
    model = tiny_recipe(likelihood="Laplace").build()
    before = model.get_weights()
    with pytest.raises(
        zoo.PresetError, match=r"laplace.* of shape \(\) in float32, which the file lacks"
    ):
        weights.load(model, saved / "model.weights.h5")
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_a_warm_start_takes_what_fits_and_no_counter(saved):
    trained_model = zoo.load(saved)
    other = tiny_recipe(likelihood="Laplace").build()
    before = {
        part: getattr(other, part).get_weights()
        for part in ("bottleneck", "likelihood", "objective")
    }
    fitting = zoo.warm_start(other, saved)
    np.testing.assert_equal(other.encoder.get_weights(), trained_model.encoder.get_weights())
    np.testing.assert_equal(other.likelihood.get_weights(), before["likelihood"])
    np.testing.assert_equal(other.objective.get_weights(), before["objective"])
    assert any(name.startswith("encoder/") for name in fitting)


def test_a_warm_start_from_something_else_is_refused(preset):
    stranger = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(
        zoo.PresetError, match="Expected a preset with layers of this model to start from"
    ):
        zoo.warm_start(stranger, preset)


def test_a_warm_start_that_fits_in_nothing_but_a_counter_is_refused(saved):
    other = families.LatentVariableModel(
        (4, 4, 1),
        networks.MLP((5,)),
        bottlenecks.Gaussian(3),
        networks.MLP((4, 4, 1), (7,)),
        likelihoods.Bernoulli(),
    )
    with pytest.raises(
        zoo.PresetError, match="Expected a preset with layers of this model to start from"
    ):
        zoo.warm_start(other, saved)


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
    ("beside", "checkout", "found"),
    [(["a"], [], ["a"]), ([], ["b"], ["b"]), (["a"], ["b"], ["a"]), ([], [], [])],
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


def test_importing_the_zoo_is_light():
    heavy = {"tensorflow_probability", "tensorflow_datasets", "ai_edge_litert"}
    code = f"import sys, kerasgen.zoo; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
