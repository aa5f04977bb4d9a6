"""An encoder of two senses that tells a third: what the code is for, its bound, its refusals."""

import keras
import numpy as np
import pytest
from refusals import refusal

from kerasgen import bottlenecks, events, export, families, likelihoods, networks, objectives, zoo
from kerasgen.reports import Shown, report


def moments(n, seed=0):
    """Two signs, one seen and one felt beside noise, and whether they differ."""
    rng = np.random.default_rng(seed)
    seen, felt = rng.normal(size=(2, n, 2)).astype("float32")
    differ = ((seen[:, 0] > 0) != (felt[:, 0] > 0)).astype("int32")
    return {"seen": seen, "felt": felt, "differ": differ, "both": seen[:, :1] + felt[:, :1]}


def of_two(fusion="product", **parts):
    event = events.Partial({"seen": [2], "felt": [2], "differ": events.Classes(2), "both": [1]})
    default = {
        "encoders": {name: networks.MLP((16,), (32,)) for name in ("seen", "felt")},
        "bottleneck": bottlenecks.Experts(4, fusion=fusion, seed=0),
        "heads": {name: networks.MLP(hidden=(32,)) for name in ("differ", "both")},
        "likelihoods": {
            "differ": likelihoods.CategoricalTokens(),
            "both": likelihoods.Gaussian("shared"),
        },
    }
    return families.SelfSupervisedEncoder(event, **default | parts)


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(0)
    objective = objectives.SensesELBO({"differ": 20.0, "both": 5.0})
    model = of_two(objective=objective)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(moments(2048), batch_size=128, epochs=40, verbose=0)
    return model


def right(model, x, given):
    told = model.reconstruct({name: x[name] for name in given})["differ"]
    return np.mean(np.asarray(told) == x["differ"])


def test_it_tells_what_both_senses_know_and_neither_alone(trained):
    x = moments(500, seed=1)
    assert right(trained, x, ("seen", "felt")) > 0.9
    for alone in ("seen", "felt"):
        assert abs(right(trained, x, (alone,)) - 0.5) < 0.1


def test_the_code_rests_on_what_is_asked_alone(trained):
    x = moments(20, seed=1)
    asked = {name: x[name] for name in ("seen", "felt")}
    other = x | {"differ": 1 - x["differ"], "both": x["both"] + 5}
    codes = [np.asarray(trained.encode(each).mean()) for each in (asked, x, other)]
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(codes[0], codes[2])
    assert not np.allclose(codes[0], trained.encode({"seen": x["seen"]}).mean(), atol=0.01)


def test_its_loss_is_the_bound():
    """Of a code of one number, against quadrature."""
    keras.utils.set_random_seed(1)
    model = of_two(bottleneck=bottlenecks.Experts(1, fusion="product", seed=0))
    x, _ = model.check(moments(3))
    posterior = model.whole(x)
    z = np.linspace(-12, 12, 4001, dtype="float32")[:, None, None]
    log_q = np.asarray(posterior.log_prob(np.broadcast_to(z, (4001, 3, 1))), "float64")
    log_p = np.asarray(model.bottleneck.prior().log_prob(z[:, 0]), "float64")[:, None]
    told = np.asarray(model.decode(np.broadcast_to(z, (4001, 3, 1))).log_prob(x), "float64")
    dz = 24 / 4000
    bound = np.sum(np.exp(log_q) * (told + log_p - log_q), axis=0) * dz
    many = {name: np.repeat(np.asarray(x[name]), 4000, axis=0) for name in moments(3)}
    terms = model.loss_terms(model.check(many)[0]).terms
    loss = sum(np.asarray(each) for each in terms.values()).reshape(3, 4000).mean(axis=1)
    np.testing.assert_allclose(-loss, bound, rtol=0.02)


def test_what_is_not_told_of_an_example_costs_nothing(trained):
    x = moments(8)
    silent = {"differ": np.zeros(8, bool), "both": np.zeros(8, bool)}
    terms = trained.loss_terms(trained.check(x | {"present": silent})[0]).terms
    assert np.all(np.asarray(terms["reconstruction"]) == 0)
    assert np.all(np.asarray(terms["kl"]) > 0)


def test_it_survives_files_and_exports_what_it_tells(trained, tmp_path):
    x = moments(6, seed=2)
    trained.save(tmp_path / "model.keras")
    copies = [keras.saving.load_model(tmp_path / "model.keras")]
    copies.append(zoo.load(zoo.save(trained, tmp_path / "preset")))
    for copy, atol in zip(copies, (0, 0.02)):
        codes = (np.asarray(model.encode(x).mean()) for model in (trained, copy))
        np.testing.assert_allclose(*codes, atol=atol)
    assert set(export.saved_model(trained, tmp_path / "saved").errors) == {"encode", "tell"}
    pytest.importorskip("ai_edge_litert")
    assert set(export.tflite(trained, tmp_path / "model.tflite").errors) == {"encode", "tell"}


def test_its_report_says_what_is_told(trained, tmp_path):
    figures = report(trained).evaluate(moments(400, seed=3))
    assert figures["told[differ]"].value > 90 > 60 > figures["commonest[differ]"].value
    assert 50 < figures["told[both]"].value < 100
    assert report(trained).pictures(tmp_path, Shown(moments(10))) == {}  # no sense is a picture


def test_what_does_not_fit_is_refused(trained):
    heads = {name: networks.MLP(hidden=()) for name in ("differ", "both", "seen")}
    assert "an encoder or a head" in refusal(lambda: of_two(heads=heads))
    assert "an encoder or a head" in refusal(lambda: of_two(heads={"both": heads["both"]}))
    assert "smell" in refusal(lambda: trained.encode({"smell": np.zeros((2, 1))}))
    uneven = {"seen": np.zeros((3, 2)), "felt": np.zeros((2, 2))}
    assert "as many examples" in refusal(lambda: trained.encode(uneven))
    x = moments(4)
    for act in (trained.encode, trained.reconstruct, trained.fit):
        assert "that is asked" in refusal(lambda: act({"differ": x["differ"]}))  # noqa: B023
    assert "that is told" in refusal(lambda: trained.fit({"seen": x["seen"]}))
    assert "log_prob" in refusal(lambda: trained.log_prob(moments(2)), AttributeError)
