"""Repair against posteriors that are known."""

import itertools

import causal
import keras
import numpy as np
import pytest
import two_stage
from refusals import refusal
from tiny import tiny_autoencoder, tiny_autoregressive, tiny_gan, tiny_mlp_vae

from kerasgen import LatentVariableModel, bottlenecks, divergences, likelihoods
from kerasgen.families import AdversarialModel, Mixture
from kerasgen.tasks import corruption, particles
from kerasgen.tasks.corruption import corrupted, log_likelihoods, strength_of
from kerasgen.tasks.denoising import denoise
from kerasgen.tasks.inpainting import hidden_nats, inpaint

RNG = np.random.default_rng(0)
WEIGHTS = (0.1 * RNG.normal(size=(2, 9))).astype("float32")
PIXELS = RNG.uniform(0.4, 0.6, size=(3, 3, 1)).astype("float32")


def linear_model(offsets=None):
    """x | z ~ N(W' z + 0.5, 0.1^2) over 3x3 pixels, with an encoder that knows nothing; offsets
    `[classes, 9]` are added by class.
    """
    flat, dense = keras.layers.Flatten(), keras.layers.Dense(9)
    decoder = keras.Sequential([dense, keras.layers.Reshape((3, 3, 1))])
    parts = flat, bottlenecks.Gaussian(2), decoder, likelihoods.Gaussian(0.1)
    model = LatentVariableModel([3, 3, 1], *parts, condition=offsets and len(offsets))
    dense.set_weights([np.concatenate([WEIGHTS, *(offsets or ())]), np.full(9, 0.5)])
    return model


@pytest.fixture(scope="module")
def linear():
    return linear_model()


@pytest.mark.parametrize("of_class", [None, 1])
def test_chains_find_the_posterior_of_a_linear_model(of_class, linear):
    model, image = linear, PIXELS
    if of_class is not None:
        model, image = linear_model([np.full((1, 9), each) for each in (0.0, 0.2)]), PIXELS + 0.2
    known = np.arange(9).reshape(3, 3) % 2 == 0
    painted = inpaint(model, image, known, n=400, condition=of_class)
    seen = WEIGHTS[:, known.ravel()]
    precision = np.eye(2) + seen @ seen.T / 0.01
    mean = np.linalg.solve(precision, seen @ (PIXELS.reshape(9)[known.ravel()] - 0.5) / 0.01)
    hidden = WEIGHTS[:, ~known.ravel()]
    scale = np.sqrt(np.diag(hidden.T @ np.linalg.inv(precision) @ hidden))
    drawn = painted.draws.reshape(400, 9)[:, ~known.ravel()] - (image - PIXELS)[~known].ravel()
    np.testing.assert_allclose(drawn.mean(axis=0), 0.5 + mean @ hidden, atol=0.02)
    np.testing.assert_allclose(drawn.std(axis=0), scale, rtol=0.2)
    assert 0.5 < painted.quality["acceptance"] < 1 and painted.quality["R-hat"] < 1.1
    np.testing.assert_array_equal(painted.draws[:, known], np.tile(image[known], (400, 1, 1)))


@pytest.mark.parametrize("where", ["first", "last"])
def test_pixels_in_turn_are_drawn_by_their_conditionals(where, monkeypatch):
    """By enumeration of all images of 2x3 binary pixels."""
    model = causal.build("pixelcnn", "bernoulli")
    images = np.array(list(itertools.product([0, 1], repeat=6)), "float32").reshape(-1, 2, 3, 1)
    probability = np.exp(model.log_prob(images))
    image, known = images[37], np.zeros((2, 3), bool)
    known[0 if where == "first" else 1] = True
    fits = np.all(images[:, known] == image[known], axis=(1, 2))
    expected = np.where(fits, probability, 0) / probability[fits].sum()
    monkeypatch.setattr(particles, "CANDIDATES", 20_000)
    painted = inpaint(model, image, known, n=10_000)
    numbers = painted.draws.reshape(-1, 6).astype(int) @ 2 ** np.arange(6)[::-1]
    found = np.bincount(numbers, minlength=64) / len(numbers)
    assert np.abs(found - expected).sum() < 0.08
    effective = painted.quality["effective sample size"]
    assert (effective == pytest.approx(20_000)) == (where == "first") and effective > 1000


@pytest.mark.parametrize("condition", [None, 3], ids=["free", "of a class"])
@pytest.mark.parametrize("where", ["first", "last"])
def test_tokens_in_turn_are_drawn_by_their_conditionals(where, condition, monkeypatch):
    """By enumeration of all images of 2x4 binary pixels, two tokens of 16."""
    model = two_stage.build(condition and "classes", False, (2, 4, 1))
    images = np.array(list(itertools.product([0, 1], repeat=8)), "float32").reshape(-1, 2, 4, 1)
    classes = None if condition is None else np.full(256, condition)
    tokens = model.tokenizer.tokenize(images)
    probability = np.exp(model.log_prob_tokens(tokens, classes))
    image, known = images[37], np.arange(4) < np.full((2, 1), 2)
    known = known if where == "first" else ~known
    fits = np.all(images[:, known] == image[known], axis=(1, 2))
    expected = np.where(fits, probability, 0) / probability[fits].sum()
    monkeypatch.setattr(particles, "CANDIDATES", 20_000)
    painted = inpaint(model, image, known, n=10_000, condition=condition)
    numbers = painted.draws.reshape(-1, 8).astype(int) @ 2 ** np.arange(8)[::-1]
    found = np.bincount(numbers, minlength=256) / len(numbers)
    assert np.abs(found - expected).sum() < 0.08
    assert painted.quality["known tokens"] == 1 and painted.quality["tokens"] == 2
    effective = painted.quality["effective sample size"]
    assert (effective == pytest.approx(20_000)) == (where == "first") and effective > 1000
    if condition is not None:
        other = np.where(fits, np.exp(model.log_prob_tokens(tokens, classes - 1)), 0)
        assert np.abs(other / other.sum() - expected).sum() > 0.2  # which the draws would show


@pytest.mark.parametrize(("row", "off"), [(0, 1e-4), (1, 0.05)], ids=["exact", "estimated"])
def test_what_is_hidden_is_as_unlikely_as_by_enumeration(row, off, monkeypatch):
    model, images = binary()
    probability, known = np.exp(model.log_prob(images)), np.zeros((2, 3), bool)
    known[row] = True
    x = images[[37, 11]]
    fits = [np.all(images[:, known] == each[known], axis=(1, 2)) for each in x]
    expected = [np.log(probability[rows].sum()) for rows in fits] - np.asarray(model.log_prob(x))
    monkeypatch.setattr(particles, "CANDIDATES", 4000)
    np.testing.assert_allclose(hidden_nats(model, x, known), expected, atol=off)
    of_classes = causal.build("pixelcnn", "bernoulli", 3)
    classes = [2, 0]
    log_probs = [np.asarray(of_classes.log_prob(images, [each] * 64)) for each in classes]
    expected = [np.logaddexp.reduce(of[rows]) for of, rows in zip(log_probs, fits)]
    expected -= np.asarray(of_classes.log_prob(x, classes))
    found = hidden_nats(of_classes, x, known, condition=classes)
    np.testing.assert_allclose(found, expected, atol=off)
    assert "conditional on 3" in refusal(lambda: hidden_nats(of_classes, x, known))
    assert "None" in refusal(lambda: hidden_nats(model, None, known))
    assert "known in turn" in refusal(lambda: hidden_nats(tiny_gan(), x, known))
    assert "a mask of bool" in refusal(lambda: hidden_nats(model, x, known[0]))


def test_turns_keep_what_is_known_and_draw_several():
    model, known = tiny_mlp_vae(), np.arange(64).reshape(8, 8) < 20
    image = np.round(RNG.uniform(size=(8, 8, 1)))
    draws = inpaint(model, image, known, n=3, way="turns").draws
    np.testing.assert_array_equal(draws[:, known], np.tile(image[known], (3, 1, 1)))
    assert np.any(draws[0] != draws[1])
    again = inpaint(model, image, known, n=3, way="turns").draws
    np.testing.assert_array_equal(draws, again)


@pytest.mark.parametrize("kind", corruption.KINDS)
def test_noise_has_the_strength_that_is_asked_for(kind):
    x = np.full((4, 100, 100, 1), 0.5, "float32")
    noisy = corrupted(x, kind, 0.1)
    if kind == "gaussian":
        assert np.std(noisy - x) == pytest.approx(0.1, rel=0.05)
    else:
        assert np.mean(noisy != x) == pytest.approx(0.1, rel=0.1)
        assert set(np.unique(noisy)) <= {0, 0.5, 1}


def test_the_mean_of_the_posterior_is_denoised_with_the_code(linear):
    noisy = RNG.uniform(size=(2, 3, 3, 1)).astype("float32")
    means = [linear.decode(z).mean() for z in linear.encode(noisy).sample(2000, seed=(0, 1))]
    expected = np.mean(np.clip(means, 0, 1), axis=0)
    np.testing.assert_allclose(denoise(linear, noisy, draws=2000), expected, atol=0.05)


def binary():
    """A model of 2x3 binary pixels, and all of them."""
    images = np.array(list(itertools.product([0, 1], repeat=6)), "float32").reshape(-1, 2, 3, 1)
    return causal.build("pixelcnn", "bernoulli"), images


@pytest.mark.parametrize("kind", corruption.KINDS)
def test_pixels_in_turn_are_denoised_by_their_posterior(kind, monkeypatch):
    """By enumeration of all images of 2x3 binary pixels."""
    model, images = binary()
    noisy = corrupted(images[[37, 11]], kind, 0.4, seed=3)
    told = log_likelihoods(noisy, kind, 0.4, 2)  # [2, 2, 3, 1, 2]
    of_images = np.where(images[:, None] > 0.5, told[..., 1], told[..., 0]).sum((2, 3, 4))
    posterior = np.exp(of_images + np.asarray(model.log_prob(images))[:, None])
    expected = np.einsum("ns,nhwc->shwc", posterior / posterior.sum(axis=0), images)
    found = denoise(model, noisy, draws=4000, kind=kind, strength=0.4)
    np.testing.assert_allclose(found, expected, atol=0.04)
    evidence = particles.given(particles.pixels(model), told[0], 4000, RNG).log_evidence
    assert evidence == pytest.approx(np.log(posterior[:, 0].sum()), abs=0.03)


@pytest.mark.parametrize(("kind", "levels"), [("gaussian", 2), ("missing", 3)])
def test_what_noise_says_of_a_level_is_a_probability(kind, levels):
    inner = np.linspace(0, 1, 20_001)[1:-1]
    grid = inner if kind == "gaussian" else np.linspace(0, 1, levels)
    told = np.exp(log_likelihoods(grid, kind, 0.3, levels))
    if kind == "gaussian":
        ends = np.exp(log_likelihoods(np.array([0.0, 1.0]), kind, 0.3, levels)).sum(axis=0)
        np.testing.assert_allclose(np.trapezoid(told, inner, axis=0) + ends, 1, atol=1e-3)
    else:
        np.testing.assert_allclose(told.sum(axis=0), 1, atol=1e-6)


def test_the_strength_of_noise_is_found_by_the_model():
    model = Mixture([8, 8, 1], num_components=2, levels=2)
    model.means.assign(np.repeat([[0.0], [1.0]], 64, axis=1))  # black and white squares
    model.raw_scales.assign(np.full((2, 64), -3.0))
    x = np.zeros((2, 8, 8, 1)) + np.arange(2)[:, None, None, None]
    for strength in (0.1, 0.4):
        noisy = corrupted(x, "salt and pepper", strength)
        assert strength_of(model, noisy, "salt and pepper") == pytest.approx(strength, rel=0.5)


def test_a_search_finds_the_likeliest_noise_of_a_linear_generator():
    flat = keras.Sequential([keras.layers.Dense(9), keras.layers.Reshape((3, 3, 1))])
    critic = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    gan = AdversarialModel([3, 3, 1], flat, critic, divergences.Hinge(), latent_dim=2)
    flat.layers[0].set_weights([WEIGHTS, np.full(9, 0.5)])
    known = np.arange(9).reshape(3, 3) % 2 == 0
    seen, hidden = WEIGHTS[:, known.ravel()], WEIGHTS[:, ~known.ravel()]
    precision = np.eye(2) + seen @ seen.T / 0.01
    z = np.linalg.solve(precision, seen @ (PIXELS.reshape(9)[known.ravel()] - 0.5) / 0.01)
    painted = inpaint(gan, PIXELS, known, n=3)
    expected = np.tile(0.5 + z @ hidden, (3, 1))
    np.testing.assert_allclose(painted.draws[:, ~known, 0], expected, atol=1e-3)
    assert painted.quality["starts"] > 3


def test_what_does_not_fit_is_refused():
    square = np.zeros((8, 8, 1), "float32")
    upper = np.zeros((8, 8), bool)
    assert "a posterior of a code" in refusal(lambda: denoise(tiny_gan(), square[None]))
    assert "shape (1, 9, 9, 1)" in refusal(lambda: denoise(tiny_mlp_vae(), np.zeros((1, 9, 9, 1))))
    assert "pixels in turn" in refusal(lambda: inpaint(tiny_autoencoder(), square, upper))
    of_classes = tiny_mlp_vae(num_classes=3)
    assert "condition" in refusal(lambda: inpaint(of_classes, square, upper))
    assert "condition" in refusal(lambda: inpaint(tiny_mlp_vae(), square, upper, condition=1))
    assert "0..2" in refusal(lambda: inpaint(of_classes, square, upper, condition=3))
    assert "a mask of bool" in refusal(lambda: inpaint(tiny_mlp_vae(), square, upper.astype(int)))
    assert "way='guess'" in refusal(lambda: inpaint(tiny_mlp_vae(), square, upper, way="guess"))
    assert "way='hmc'" in refusal(lambda: inpaint(tiny_autoregressive(), square, upper, way="hmc"))
    assert "snow" in refusal(lambda: corrupted(square, "snow"))
    assert "strength=1.5" in refusal(lambda: corrupted(square, "missing", 1.5))
