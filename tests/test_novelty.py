"""Detectors against kinds of pictures that are told apart by construction; their levels."""

import json

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from refusals import refusal
from scipy.spatial.distance import mahalanobis
from sklearn.metrics import roc_auc_score
from tiny import tiny_autoregressive, tiny_classifier, tiny_gan, tiny_mixture, tiny_mlp_vae

from kerasgen import networks, zoo
from kerasgen.export import tflite
from kerasgen.families import Classifier
from kerasgen.tasks import calibration
from kerasgen.tasks.novelty import Detector, novelty
from kerasgen.tasks.reference import Reference

RNG = np.random.default_rng(0)
MAKES = {"mixture": tiny_mixture, "vae": tiny_mlp_vae, "autoregressive": tiny_autoregressive}


def bars(count, upright):
    """8x8 pictures of one bar of two pixels, upright or lying."""
    x = np.zeros((count, 8, 8, 1), "float32")
    for each, at in zip(x, RNG.integers(0, 7, count)):
        each[at : at + 2] = 1
    return np.swapaxes(x, 1, 2) if upright else x


def speckled(count):
    return RNG.integers(0, 2, (count, 8, 8, 1)).astype("float32")


@pytest.fixture(scope="module", params=MAKES)
def detector(request):
    return novelty(MAKES[request.param](), bars(900, True))


def test_bars_that_lie_and_speckles_are_strange_among_upright_ones(detector):
    own = detector.scores(bars(200, True))["fitted"]
    for other in (bars(200, False), speckled(200)):
        strange = detector.scores(other)["fitted"]
        both = np.repeat([0, 1], [len(own), len(strange)])
        assert roc_auc_score(both, np.concatenate([own, strange])) > 0.95


def test_a_level_is_the_share_of_false_alarms(detector):
    p = detector.p_values(bars(4000, True))
    for level in (0.05, 0.2):
        assert np.mean(p <= level) <= level + 0.03  # fewer, as there are few different bars
    assert p.min() > 0 and p.max() <= 1


def test_every_score_has_p_values(detector):
    x = bars(3, True)
    for name in detector.names:
        assert detector.p_values(x, name).shape == (3,)
    assert "magic" in refusal(lambda: detector.p_values(x, "magic"))


def test_a_detector_comes_back_from_its_file(detector, tmp_path):
    x, path = bars(20, True), tmp_path / "detector.npz"
    detector.save(path)
    again = Detector(detector.model).load(path)
    assert again.names == detector.names
    for name in again.names:
        np.testing.assert_array_equal(again.p_values(x, name), detector.p_values(x, name))
    path.write_bytes(path.read_bytes()[:-50])
    refusal(lambda: Detector(detector.model).load(path))
    np.savez(path, other=np.zeros(3))
    refusal(lambda: Detector(detector.model).load(path))


def test_a_background_gives_the_likelihood_ratio():
    model, background = tiny_mixture(), tiny_mixture()
    background.means.assign(background.means + 0.1)
    x = bars(99, True)
    found = novelty(model, x, background).scores(x)
    expected = np.asarray(background.log_prob(x)) - np.asarray(model.log_prob(x))
    np.testing.assert_allclose(found["likelihood ratio"], expected, rtol=1e-4, atol=1e-3)


@pytest.fixture(scope="module")
def of_classes():
    """A detector by a model that knows nothing, and a classifier of pictures in four places."""
    classifier = Classifier([8, 8, 1], 4, networks.MLP((16,), ()), dropout=0.0)
    classifier.compile(keras.optimizers.Adam(1e-2))
    classifier.fit(*corners(900), epochs=5, verbose=0)
    return novelty(tiny_mixture(), corners(600)[0], classifier=classifier)


def corners(count, same=True):
    """8x8 pictures of a speckled corner, and which it is; of two opposite ones otherwise."""
    x, corner = np.zeros((count, 8, 8, 1), "float32"), RNG.integers(0, 4, count)
    for each, at in zip(x, corner):
        places = (at // 2, at % 2), (1 - at // 2, 1 - at % 2)
        for row, column in places[: 1 if same else 2]:
            speckles = RNG.random((4, 4, 1)) < (0.8 if same else 0.4)
            each[4 * row :, 4 * column :][:4, :4] = speckles
    return x, corner


def test_what_lies_between_classes_is_strange_to_a_classifier(of_classes):
    own, between = (of_classes.scores(corners(300, same)[0]) for same in (True, False))
    areas = {
        name: roc_auc_score(np.repeat([0, 1], 300), np.concatenate([own[name], between[name]]))
        for name in ("likelihood", "class distance", "fitted")
    }
    assert areas["class distance"] > 0.95 and areas["fitted"] > 0.95
    assert areas["likelihood"] < areas["class distance"]
    assert abs(np.mean(of_classes.p_values(corners(2000)[0]) <= 0.1) - 0.1) < 0.05


def test_levels_hold_where_features_are_nearly_as_many_as_pictures(monkeypatch):
    detector = Detector(tiny_mixture())

    def told(x):
        rng = np.random.default_rng(int(x.sum()))
        centre = np.eye(60)[rng.integers(0, 3, len(x))] * 9
        features = rng.normal(size=(len(x), 60)) + (centre if x[0, 0, 0, 0] else 3.0)
        likelihood, look = rng.normal(size=len(x)), rng.normal(size=(len(x), 1))
        known = {"likelihood": likelihood, "look": look, "deflated": 0 * likelihood}
        return known | {"features": features, "class": centre.argmax(axis=1)}

    monkeypatch.setattr(detector, "_told", told)
    own, others = np.ones((2000, 8, 8, 1), "float32"), np.zeros((2000, 8, 8, 1), "float32")
    detector.fit(own[:200], seed=0)
    # Thirds that disagree of a picture make its p-value less extreme.
    assert 0.03 <= np.mean(detector.p_values(own) <= 0.1) <= 0.13
    assert np.mean(detector.p_values(others) <= 0.1) > 0.5


def test_the_distance_from_a_class_is_that_of_mahalanobis():
    centres, spread = RNG.normal(size=(3, 2)), np.array([[1.0, 0.8], [0.8, 1.0]])
    classes = np.repeat(np.arange(3), 4000)
    features = centres[classes] * 9 + RNG.multivariate_normal([0, 0], spread, len(classes))
    told = {"likelihood": RNG.normal(size=len(classes)), "look": RNG.normal(size=(len(classes), 1))}
    found = Reference(told | {"features": features, "class": classes}, seed=0)
    at = np.array([[1.0, -1.0], [1.0, 1.0]]) + 9 * centres[1]
    asked = {"likelihood": np.zeros(2), "look": np.zeros((2, 1)), "features": at}
    expected = [mahalanobis(x, 9 * centres[1], np.linalg.inv(spread)) ** 2 for x in at]
    scores = found.scores(asked)
    np.testing.assert_allclose(scores["class distance"], expected, rtol=0.1)
    without = Reference(told, seed=0).scores(asked)["fitted"]
    np.testing.assert_allclose(scores["fitted"] - without, scores["class distance"] / 2)


def test_a_detector_comes_back_with_its_classifier_alone(of_classes, tmp_path):
    x, path = corners(20)[0], tmp_path / "detector.npz"
    of_classes.save(path)
    again = Detector(of_classes.model, classifier=of_classes.classifier).load(path)
    np.testing.assert_array_equal(again.p_values(x), of_classes.p_values(x))
    assert "fitted with" in refusal(lambda: Detector(of_classes.model).load(path))
    novelty(of_classes.model, corners(99)[0]).save(path)
    assert "fitted without" in refusal(lambda: again.load(path))
    np.testing.assert_array_equal(again.p_values(x), of_classes.p_values(x))  # as it was


def test_a_classifier_of_others_is_refused():
    x = bars(99, True)
    for other in (Classifier([4, 4, 1], 3, networks.MLP((4,), ())), tiny_mixture()):
        message = refusal(lambda other=other: novelty(tiny_mixture(), x, classifier=other))
        assert "a classifier of images [8, 8, 1]" in message


def test_what_does_not_fit_is_refused():
    x = bars(99, True)
    assert "without a condition" in refusal(lambda: novelty(tiny_gan(), x))
    assert "without a condition" in refusal(lambda: novelty(tiny_mlp_vae(num_classes=3), x))
    assert "at least 60 reference" in refusal(lambda: novelty(tiny_mixture(), x[:10]))
    assert "shape (99, 4, 8, 1)" in refusal(lambda: novelty(tiny_mixture(), x[:, :4]))


@pytest.mark.slow
@pytest.mark.parametrize("make", [lambda: None, tiny_classifier], ids=["alone", "classifier"])
def test_an_exported_detector_says_what_python_says(make, tmp_path):
    """By what stands beside the file alone."""
    x, path = bars(900, True), tmp_path / "detector.tflite"
    detector = novelty(tiny_mlp_vae(), x, classifier=make())
    tflite(detector, path)
    facts = json.loads((tmp_path / "detector.tflite.json").read_text())
    ((name, signature),) = facts["signatures"].items()
    ((given, of_picture),) = signature["inputs"].items()
    ((told, _),) = signature["outputs"].items()
    run = Interpreter(str(path)).get_signature_runner(name)
    pictures = np.concatenate([bars(40, True), bars(40, False), speckled(20)])
    found = [run(**{given: each.reshape(of_picture["shape"])})[told][0] for each in pictures]
    np.testing.assert_allclose(found, detector.p_values(pictures), atol=1e-4)
    assert path.stat().st_size < 4_000_000 and of_picture["dtype"] == "float32"
    without = novelty(tiny_mixture(), x)
    assert "a model with a code" in refusal(lambda: tflite(without, path))


def test_whole_groups_calibrate():
    groups = np.repeat(np.arange(9), 11)
    part = calibration.parts(99, 3, groups)
    assert np.bincount(part).tolist() == [33, 33, 33]
    assert all(len(set(part[groups == each])) == 1 for each in range(9))


UNEQUAL = np.array([0] * 97 + [1, 2])


@pytest.mark.parametrize("groups", [np.zeros(99), np.arange(98), UNEQUAL, UNEQUAL[::-1]])
def test_groups_that_do_not_fit_are_refused(groups):
    assert "groups" in refusal(lambda: novelty(tiny_mixture(), bars(99, True), groups=groups))


def test_a_preset_without_a_detector_says_how_to_fit_one():
    assert "--keep" in refusal(lambda: zoo.detector("gmm_ring"), zoo.PresetError)


def test_a_preset_brings_its_detector():
    detector = zoo.detector("vae_mnist")
    own, noise = detector.model.sample(20, seed=0), RNG.integers(0, 2, (20, 28, 28, 1))
    assert detector.p_values(noise.astype("float32")).max() < 0.01
    assert np.median(detector.p_values(own)) > 0.05
