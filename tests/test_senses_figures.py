"""Figures of each sense, swaps, and what is reported of a model of several senses."""

import numpy as np
import pytest
from scipy.io import wavfile
from senses import labelled, of_three

from kerasgen import reports
from kerasgen.metrics import senses
from kerasgen.zoo import Judge


class Rows:
    """Judges pictures by their brightest row."""

    def probabilities(self, images):
        return np.asarray(images).sum((2, 3))

    def features(self, images):
        return np.asarray(images).sum((2, 3))


class Phases:
    """Judges waves by whether they begin above their end."""

    def probabilities(self, waves):
        rises = np.asarray(waves)[:, 0, 0] < np.asarray(waves)[:, -1, 0]
        return np.stack([rises, ~rises], axis=-1)


def test_a_swap_decodes_the_shared_factor_of_one_with_the_private_ones_of_another():
    model, content, style = of_three(), labelled(6), labelled(6, seed=5)
    for layer in model.bottleneck.statistics.values():  # sure experts: draws are means
        layer.bias.assign(np.repeat([0.0, -30.0], layer.units // 2))
    found = model.swap(content, style, seed=0)
    told, kept = (np.asarray(model.whole(model.check(x)[0]).mean()) for x in (content, style))
    z = np.concatenate([told[:, :4], kept[:, 4:]], axis=-1)
    expected = model.event.clip(model.decode(z).mean())
    for name in model.event.events:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-3)


def test_swapped_classes_and_kept_styles_are_shares_that_judges_find(of_senses):
    x = labelled(200, seed=3)
    found = senses.swaps(of_senses, x, x["row"], {"image": Rows()}, {"wave": Phases()})
    assert set(found) == {"swapped_class[image]", "kept_style[wave]"}
    assert found["swapped_class[image]"].value > 90  # a picture has nothing private
    wrong = senses.swaps(of_senses, x, x["row"][::-1], {"image": Rows()}, {})
    assert wrong["swapped_class[image]"].value < 60


def test_a_sense_and_the_others_given_it_make_up_the_whole(of_senses):
    x = labelled(20, seed=3)
    found = senses.nll(of_senses, x, num_samples=7, seed=0)
    whole = -np.mean(of_senses.log_prob(x, num_samples=7, seed=0))
    for name in ("image", "wave"):
        parts = found[f"nll[{name}]"].value + found[f"nll[others given {name}]"].value
        assert parts == pytest.approx(whole, rel=1e-5)


def test_a_sense_is_as_far_from_examples_as_its_features(of_senses):
    x = labelled(100, seed=3)
    judges = {"image": Judge("rows", Rows())}
    found = senses.quality(of_senses, x, x, judges)
    assert found["frechet_distance_floor[rows]"].value == pytest.approx(0, abs=1e-6)
    assert found["frechet_distance[rows]"].value > 0


def test_a_report_has_figures_of_every_sense_and_direction(of_senses):
    def read(split, count=None, **_):
        return labelled(30, seed=len(split)), None, f"30 {split} examples"

    judges = {"image": Judge("rows", Rows())}
    styles = {"wave": Judge("phases", Phases())}
    study = reports.Study("none", read, num_samples=2, judges=judges, style_judges=styles)
    measured = dict(
        pair
        for figures, protocol in reports.report(of_senses).figures(study)
        for pair in [(name, protocol) for name in figures]
    )
    assert {
        "nll",
        "nll[others given wave]",
        "joint_coherence",
        "coherence[wave to image]",
        "coherence[all to row]",
        "frechet_distance[rows]",
        "swapped_class[image]",
        "kept_style[wave]",
    } <= measured.keys()
    assert "phases" in measured["kept_style[wave]"] and "k = 2" in measured["nll[image]"]


def test_pictures_and_sounds_lie_beside_the_card(of_senses, tmp_path):
    sounds = {"wave": lambda waves: np.repeat(np.asarray(waves)[..., 0], 10, axis=1)}
    given = reports.Shown(labelled(20), sounds=sounds)
    captions = reports.report(of_senses).own_pictures(tmp_path, given)
    assert {"conditional.png", "swaps.png", "wave.wav"} <= captions.keys()
    assert all((tmp_path / name).stat().st_size for name in captions)
    rate, heard = wavfile.read(tmp_path / "wave.wav")
    assert rate == 8000 and len(heard) == 10 * (80 + 2400) and heard.std() > 100
