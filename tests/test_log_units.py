"""Whatever training logs and its curves show has a unit, which the part that logs it declares."""

import csv
import pathlib

import numpy as np
import pytest
import tiny
from shipped import ROOT
from tiny import tiny_vae

from kerasgen import divergences, families, networks, objectives, registration, regularizers, zoo
from kerasgen.reports import report

HISTORIES = {path.parent.name: path for path in sorted((ROOT / "zoo").glob("*/history.csv"))}


def gan(divergence, *regularizers):
    critic = networks.MLP((4,), (4,))
    return families.AdversarialModel(
        [2], networks.MLP(hidden=()), critic, divergence, 2, regularizers=regularizers
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", HISTORIES)
def test_every_curve_of_a_preset_has_a_unit(name):
    model = zoo.load(name)
    units = model.log_units | report(model).monitor_units
    with HISTORIES[name].open(newline="") as file:
        logged = {column.removeprefix("val_") for column in next(csv.reader(file))}
    assert logged - {"epoch"} <= units.keys() and all(units.values())


@pytest.mark.parametrize("name", [n for n in registration.CLASSES if n.startswith("divergences.")])
def test_a_games_losses_have_the_unit_of_its_divergence(name):
    divergence = registration.CLASSES[name]()
    units = gan(divergence, regularizers.GradientPenalty()).log_units
    assert units["critic"] == units["divergence"] == divergence.unit != ""
    assert units["gradient_penalty"] not in ("", divergence.unit)


def test_nats_of_a_saturated_game_are_known():
    """Two of the units by what the losses are of indistinguishable scores."""
    same = np.zeros(2, "float32")
    assert divergences.Minimax().unit == "nats"
    assert abs(float(divergences.Minimax().estimate(same, same))) < 1e-6
    assert divergences.Wasserstein().unit == divergences.Hinge().unit == "critic's score"


TRAINED = {
    "vae": tiny_vae,
    "ladder": tiny.tiny_ladder,
    "free bits": lambda: tiny_vae(objective=objectives.FreeBits(0.5)),
    "TC-VAE": lambda: tiny_vae(objective=objectives.TCVAE(256)),
    "tokenizer": lambda: tiny.tiny_tokenizer("vq"),
    "game": tiny.tiny_gan,
    "classifier": tiny.tiny_classifier,
    "autoregressive": tiny.tiny_autoregressive,
}


@pytest.mark.parametrize("name", TRAINED)
def test_what_a_run_logs_has_a_unit(name, digits):
    model = TRAINED[name]()
    x, labels = (each[:64] for each in digits)
    x = np.round(x)
    condition = labels if model.num_classes else None
    model.compile()
    own = report(model)
    monitors = own.monitors(x, condition, pathlib.Path(), False)
    logged = model.fit(x, condition, validation_split=0.5, verbose=0, callbacks=monitors).history
    units = model.log_units | own.monitor_units
    assert {name.removeprefix("val_") for name in logged} <= units.keys()
    assert all(units.values())
