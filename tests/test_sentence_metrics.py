"""Figures of sentences, against values by hand and by quadrature."""

import math

import numpy as np
import pytest
import sentences

from kerasgen.metrics.sentences import bleu, copied, mutual_information, self_bleu


def test_bleu_is_that_of_its_definition():
    # Three of four words, two of three pairs, one of two triples, none of one, counts plus one.
    expected = 100 * (3 / 4 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert bleu(["a b c d"], [["a b c e"]]) == pytest.approx(expected)
    # A shorter one pays exp(1 - 4 / 2).
    assert bleu(["a b"], [["a b c d"]]) == pytest.approx(100 * math.exp(-1))
    assert bleu(["a a a"], [["a b c"]]) < bleu(
        ["a b b"], [["a b c"]]
    )  # words count as often as there
    assert bleu(["x"], [["y"]]) == 0


def test_self_bleu_tells_samples_that_repeat():
    varied = ["a red circle", "the blue one", "so be it", "we can not"]
    assert self_bleu(["a red circle"] * 4) == pytest.approx(100)
    assert self_bleu(varied) < 50


def test_copies_are_found_whatever_their_case():
    assert copied(["A red circle", "new"], ["a red circle"]).value == 50


class Apart:
    """Codes of N examples that lie so far apart that each tells its example."""

    def __init__(self, distance):
        self.distance = distance

    def encode(self, x):
        from kerasgen.backend import tfd

        return tfd.Independent(tfd.Normal(self.distance * np.asarray(x, "float32"), 1.0), 1)


def test_a_code_tells_nothing_or_everything():
    x = np.arange(20.0)[:, None]
    assert mutual_information(Apart(0.0), x).value == pytest.approx(0, abs=1e-9)
    assert mutual_information(Apart(100.0), x).value == pytest.approx(math.log(20), abs=1e-9)


def test_mutual_information_of_two_codes_is_that_of_quadrature():
    grid = np.linspace(-8, 9, 4001)
    density = [np.exp(-((grid - m) ** 2) / 2) / math.sqrt(2 * math.pi) for m in (0, 1)]
    both = (density[0] + density[1]) / 2
    exact = sum(np.trapezoid(p * np.log(p / both), grid) for p in density) / 2
    x = np.repeat([[0.0], [1.0]], 2000, axis=0)
    assert mutual_information(Apart(1.0), x).value == pytest.approx(exact, abs=0.02)


def test_a_report_of_sentences():
    from kerasgen.reports import Study, report

    model = sentences.seeded(sentences.text_vae)
    study = Study("mine", lambda split, **_: (sentences.tokens(40), None, "40 sentences"))
    study.num_samples = 10
    found = {}
    for figures, protocol in report(model).figures(study):
        found |= figures
        assert protocol
    names = {"word_perplexity", "kl", "bleu", "mutual_information", "copied", "self_bleu"}
    assert names <= found.keys() and found["copied_real"].value == 100
    language = report(sentences.seeded(sentences.language_model)).figures(study)
    assert {"word_perplexity", "self_bleu"} <= {name for figures, _ in language for name in figures}
