"""Detectors against kinds of pictures that are told apart by construction; their levels."""

import json

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from refusals import refusal
from sklearn.metrics import roc_auc_score
from tiny import tiny_autoregressive, tiny_gan, tiny_mixture, tiny_mlp_vae

from kerasgen import zoo
from kerasgen.export import tflite
from kerasgen.tasks import calibration
from kerasgen.tasks.novelty import Detector, novelty

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
        assert np.mean(p <= level) <= level + 0.03
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


def test_what_does_not_fit_is_refused():
    x = bars(99, True)
    assert "without a condition" in refusal(lambda: novelty(tiny_gan(), x))
    assert "without a condition" in refusal(lambda: novelty(tiny_mlp_vae(num_classes=3), x))
    assert "at least 60 reference" in refusal(lambda: novelty(tiny_mixture(), x[:10]))
    assert "shape (99, 4, 8, 1)" in refusal(lambda: novelty(tiny_mixture(), x[:, :4]))


@pytest.mark.slow
def test_an_exported_detector_says_what_python_says(tmp_path):
    """By what stands beside the file alone."""
    x, path = bars(900, True), tmp_path / "detector.tflite"
    detector = novelty(tiny_mlp_vae(), x)
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
    chosen = calibration.held_out(99, 3, groups)
    assert chosen.sum() == 33
    assert all(len(set(chosen[groups == each])) == 1 for each in range(9))


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
