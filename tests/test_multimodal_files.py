"""Files, figures and refusals of a model of several senses."""

import keras
import numpy as np
import pytest
from senses import labelled

from kerasgen import (
    bottlenecks,
    events,
    export,
    families,
    likelihoods,
    networks,
    zoo,
)
from kerasgen.reports import Shown, report


def test_it_survives_its_file(of_senses, tmp_path):
    of_senses.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    given = {"image": labelled(4)["image"]}
    for name, drawn in of_senses.sample(given=given, seed=0).items():
        np.testing.assert_array_equal(copy.sample(given=given, seed=0)[name], drawn)


def test_its_files_have_a_signature_for_every_direction(of_senses, tmp_path):
    directions = {f"{a}_to_{b}" for a in ("image", "wave") for b in ("image", "wave", "row")}
    names = directions - {"image_to_image", "wave_to_wave"}
    names |= {"encode", "decode", "reconstruct", "sample"}
    assert names == set(export.saved_model(of_senses, tmp_path / "saved").errors)
    pytest.importorskip("ai_edge_litert")
    assert names == set(export.tflite(of_senses, tmp_path / "model.tflite").errors)


def test_it_has_figures_pictures_and_a_preset(of_senses, tmp_path):
    x = labelled(40)
    figures = report(of_senses).evaluate(x, num_samples=10)
    nats = -np.mean(of_senses.log_prob(x, num_samples=200, seed=0))
    assert figures["nll"].value == pytest.approx(nats, abs=0.5)
    captions = report(of_senses).pictures(tmp_path, Shown(x))
    assert {"samples.png", "reconstructions.png", "units.png"} <= set(captions)
    loaded = zoo.load(zoo.save(of_senses, tmp_path / "senses"))
    given = {"image": x["image"]}
    first, second = (
        model.sample(given=given, seed=0, mean=True)["wave"] for model in (of_senses, loaded)
    )
    np.testing.assert_allclose(first, second, atol=0.02)


@pytest.mark.parametrize(
    "x,reason",
    [
        (
            {"smell": np.zeros((2, 1))},
            r"of some of \['image', 'row', 'wave'\].* Received: \['smell",
        ),
        ({}, r"Received: \[\]"),
        (np.zeros((2, 4, 4, 1)), "Received: ndarray"),
        (
            {"image": np.zeros((2, 4, 4, 1)), "row": np.zeros(3, int)},
            "as many examples of each|row: Expected a condition for each of n=2",
        ),
        ({"image": np.zeros((2, 5, 4, 1))}, "image: Expected"),
        ({"image": np.full((2, 4, 4, 1), np.nan, "float32")}, "image: Expected finite"),
        (
            {"image": np.zeros((2, 4, 4, 1)), "present": {"image": np.ones(3, bool)}},
            r"present as Booleans \[2\]",
        ),
        (
            {"image": np.zeros((2, 4, 4, 1)), "present": {"smell": np.ones(2, bool)}},
            "Received: 'smell'",
        ),
    ],
)
def test_what_is_no_batch_of_some_senses_is_refused(of_senses, x, reason):
    for act in (of_senses.log_prob, of_senses.encode, lambda x: of_senses.sample(2, given=x)):
        with pytest.raises(ValueError, match=f"Expected .*{reason}|{reason}"):
            act(x)


def test_parts_that_do_not_fit_are_refused():
    def make(event, encoders, bottleneck=None):
        bottleneck, decoders = bottleneck or bottlenecks.Experts(1), {"a": networks.MLP()}
        of_a = {"a": likelihoods.Gaussian()}
        return families.MultimodalVAE(event, encoders, bottleneck, decoders, of_a)

    event, encoders = events.Partial({"a": [2]}), {"a": networks.MLP((4,))}
    with pytest.raises(ValueError, match="Expected fusion to be one of .* Received: fusion='sum'"):
        bottlenecks.Experts(1, fusion="sum")
    with pytest.raises(
        ValueError, match="Expected crossed to be a number in .* Received: crossed=1"
    ):
        bottlenecks.Experts(1, crossed=1)
    with pytest.raises(ValueError, match="to be a kerasgen.events Partial. Received: .2"):
        make([2], encoders)
    with pytest.raises(ValueError, match=r"encoders of some of \['a'\]. Received: \['b'\]"):
        make(event, {"b": encoders["a"]})
    with pytest.raises(ValueError, match=r"private_dims of senses .* Received: \['b'\]"):
        make(event, encoders, bottlenecks.Experts(1, {"b": 1}))
    with pytest.raises(ValueError, match="Expected a number of samples n, or given="):
        make(event, encoders).sample()
