"""Enlarged pictures against an enumeration of all that have the means of the small one."""

import itertools

import causal
import numpy as np
import pytest
from refusals import refusal
from tiny import tiny_gan, tiny_mlp_vae

from kerasgen import events, networks
from kerasgen.data import catalog
from kerasgen.data.small import BesideSmall, shrink
from kerasgen.data.source import Source
from kerasgen.families import Mixture
from kerasgen.tasks import particles
from kerasgen.tasks.enlarging import enlarge

CASES = {
    "binary": (lambda: causal.build("pixelcnn", event_shape=(2, 4, 1)), [[[0.5], [0.25]]]),
    "four levels": (lambda: Mixture([2, 2, 1], num_components=2, levels=4), [[[0.4]]]),
}


@pytest.mark.parametrize("name", CASES)
def test_draws_are_those_of_the_model_among_pictures_of_these_means(name, monkeypatch):
    make, small = CASES[name]
    model, small, count = make(), np.array(small), 6000
    every = np.array(list(itertools.product(range(model.levels), repeat=model.event.size)))
    x = (every / (model.levels - 1)).astype("float32").reshape(-1, *model.event_shape)
    off = np.abs(shrink(x, 2) - small) * 4 * (model.levels - 1)
    expected = np.where(np.all(off <= 0.5, axis=(1, 2, 3)), np.exp(model.log_prob(x)), 0)
    expected /= expected.sum()
    monkeypatch.setattr(particles, "CANDIDATES", count)
    enlarged = enlarge(model, small, n=count)
    levels = np.round(enlarged.draws.reshape(count, -1) * (model.levels - 1)).astype(int)
    numbers = levels @ model.levels ** np.arange(model.event.size)[::-1]
    found = np.bincount(numbers, minlength=len(every)) / count
    assert np.abs(found - expected).sum() < 0.14
    assert np.max(expected - found[expected.argmax()]) < 0.05
    assert 1000 < enlarged.quality["effective sample size"] <= count


def test_a_model_that_is_told_the_small_picture_draws_by_it():
    model = tiny_mlp_vae(num_classes=events.SmallImage(4, 4, 1))
    black, white = np.zeros((2, 4, 4, 1)) + np.arange(2)[:, None, None, None]
    draws = enlarge(model, black, n=3).draws
    np.testing.assert_array_equal(draws, model.shown_samples(3, black, seed=0))
    assert np.any(draws != enlarge(model, white, n=3).draws)
    assert "factor=2" in refusal(lambda: enlarge(model, black, factor=4))


def test_what_does_not_fit_is_refused():
    model = causal.build("pixelcnn", event_shape=(2, 4, 1))
    assert "AdversarialModel" in refusal(lambda: enlarge(tiny_gan(), np.zeros((4, 4, 1))))
    assert "known in turn" in refusal(lambda: enlarge(tiny_mlp_vae(), np.zeros((4, 4, 1))))
    assert "[1, 3, 1]" in refusal(lambda: enlarge(model, np.zeros((1, 3, 1))))
    assert "[0, 2]" in refusal(lambda: enlarge(model, 2 * np.eye(2)[:1, :, None]))
    assert "divides 4" in refusal(lambda: shrink(np.zeros((1, 4, 6, 1)), 4))


def test_the_decoder_interpolates_what_it_is_told_and_corrects_it():
    decoder = networks.EnlargingDecoder((2, 3, 1), (4, 6, 2), channels=4, blocks=1)
    told = np.random.default_rng(0).normal(size=(2, 5 + 6)).astype("float32")
    first = np.asarray(decoder(told))
    others = np.concatenate([told[:, :5] + 1, told[:, 5:]], axis=1)
    np.testing.assert_array_equal(decoder(others), first)  # as it starts: the picture alone
    twice = np.concatenate([told[:, :5], 2 * told[:, 5:]], axis=1)
    np.testing.assert_allclose(decoder(twice), 2 * first, rtol=1e-4, atol=1e-5)
    decoder.leave.kernel.assign(np.random.default_rng(1).normal(size=decoder.leave.kernel.shape))
    assert np.abs(np.asarray(decoder(others)) - np.asarray(decoder(told))).max() > 0.01
    assert "whole multiple" in refusal(lambda: networks.EnlargingDecoder((2, 3, 1), (4, 5, 2)))


def test_small_pictures_stand_beside_those_that_they_are_the_means_of():
    pairs = BesideSmall(catalog.entry("digits").open(), 2)
    x, small = pairs.read("test", 0, 5)
    digits = events.Image(8, 8, 1, levels=17).from_stored(x)
    np.testing.assert_allclose(small[np.arange(5)][:, 1, 2], digits[:, 2:4, 4:6].mean((1, 2)))
    batches = Source("digits", pairs.event, x, small).batches(batch_size=5, labels=True)
    _, told = next(iter(batches.dataset()))
    np.testing.assert_array_equal(told, small)
