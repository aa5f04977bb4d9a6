"""A family written in a test file, without a change elsewhere, does what every family does."""

import json

import keras
import numpy as np
import pytest
from own_family import IndependentPixels

from kerasgen import export, reports, zoo
from kerasgen.recipe import Recipe

RECIPE = Recipe.from_dict(
    {
        "name": "own",
        "data": {"name": "digits", "batch_size": 100, "binarize": "dynamic"},
        "model": {"own_family.IndependentPixels": {"event": [8, 8, 1]}},
        "training": {"epochs": 2, "learning_rate": 0.1},
    }
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A training run of the recipe: its model and its folder."""
    from kerasgen import training

    folder = tmp_path_factory.mktemp("run")
    return training.run(RECIPE, folder / "run"), folder / "run"


def test_it_trains_towards_the_mean_of_the_data(run, digits):
    model, folder = run
    logged = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)
    assert logged["nll"][1] < logged["nll"][0]
    mean = keras.ops.sigmoid(model.logits)
    assert np.mean(np.abs(np.asarray(mean) - digits[0].mean(axis=0))) < 0.2


def test_its_preset_loads_and_has_a_card(run):
    model, folder = run
    loaded = zoo.load(folder / "preset")
    np.testing.assert_allclose(loaded.logits, model.logits, atol=1e-2)
    assert "IndependentPixels" in zoo.card(folder / "preset")
    assert (folder / "preset" / "samples.png").exists()


def test_its_likelihood_sums_to_one():
    model = IndependentPixels([2, 2, 1])
    model.logits.assign(np.arange(4, dtype="float32").reshape(2, 2, 1))
    every = (np.arange(16)[:, None] >> np.arange(4) & 1).reshape(16, 2, 2, 1).astype("float32")
    assert np.exp(model.log_prob(every)).sum() == pytest.approx(1, abs=1e-5)


def test_it_is_evaluated_by_its_abilities(run, digits):
    model, _ = run
    x = np.round(digits[0][:200])

    def read(split, grey=False, count=None, name=None):
        return x[:count], None, f"{len(x)} digits"

    (figures, protocol), *_ = reports.report(model).figures(reports.Study("digits", read))
    assert protocol == "200 digits"
    assert figures["nll"].value == pytest.approx(-float(np.mean(model.log_prob(x))), rel=1e-5)


def test_it_samples_in_its_own_way_and_refuses_others(run):
    model, _ = run
    assert set(np.unique(model.sample(5, seed=0, sharp=True))) <= {0.0, 1.0}
    with pytest.raises(ValueError, match="sharp.*Received: temperature"):
        model.sample(5, temperature=0.5)


def test_it_exports(run, tmp_path):
    report = export.tflite(run[0], tmp_path / "own.tflite")
    assert {"log_prob", "sample"} <= report.errors.keys()


def test_keras_saves_it(run, tmp_path):
    run[0].save(tmp_path / "own.keras")
    loaded = keras.saving.load_model(tmp_path / "own.keras")
    assert json.dumps(loaded.get_config()) == json.dumps(run[0].get_config())
