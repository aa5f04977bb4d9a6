"""Traversals against a linear decoder, whose picture of every code is known."""

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.stats import norm
from tiny import tiny_mlp_vae

from kerasgen import LatentVariableModel, bottlenecks, likelihoods
from kerasgen.plot import animate
from kerasgen.tasks.traversal import animation, kl_by_unit, picture, traverse

RNG = np.random.default_rng(0)
W, B = RNG.normal(size=(3, 5)), RNG.normal(size=5)
MEAN, RAW_SCALE = RNG.normal(size=(5, 3)) * [0.1, 3, 1], np.array([0.5, -3, 0.2])


@pytest.fixture(scope="module")
def linear():
    """x | z ~ N(W' z + B, 1), with a posterior whose second dimension is the most active and whose
    first the least.
    """
    encoder, decoder = keras.layers.Dense(5), keras.layers.Dense(5)
    model = LatentVariableModel(
        (5,), encoder, bottlenecks.Gaussian(3), decoder, likelihoods.Gaussian(1.0)
    )
    encoder.set_weights([np.eye(5), np.zeros(5)])
    decoder.set_weights([W, B])
    kernel = np.concatenate([MEAN, np.zeros((5, 3))], axis=1)
    model.bottleneck.statistics.set_weights([kernel, np.concatenate([np.zeros(3), RAW_SCALE])])
    return model


@pytest.fixture(scope="module")
def data():
    return np.random.default_rng(1).uniform(size=(40, 5)).astype("float32")


def expected(start, values, order=(0, 1, 2)):
    codes = np.tile(start, (3, len(values), 1))
    for row, dimension in enumerate(order):
        codes[row, :, dimension] = values
    return codes @ W + B


def test_each_dimension_moves_alone_from_the_prior_mean(linear):
    result = traverse(linear, steps=7)
    assert result.shape == (3, 7, 5)
    np.testing.assert_allclose(result, expected(np.zeros(3), np.linspace(-3, 3, 7)), atol=1e-5)
    assert np.ptp(result[:, 3], axis=0).max() < 1e-6, "all rows meet at the mean"


def test_from_the_code_of_an_image(linear, data):
    result = traverse(linear, data[0], steps=4, limit=1.5)
    np.testing.assert_allclose(
        result, expected(data[0] @ MEAN, np.linspace(-1.5, 1.5, 4)), atol=1e-4
    )


def test_values_at_quantiles_of_the_prior(linear):
    result = traverse(linear, steps=4, quantiles=True)
    np.testing.assert_allclose(
        result, expected(np.zeros(3), norm.ppf([0.125, 0.375, 0.625, 0.875])), atol=1e-5
    )


def test_the_most_active_dimension_comes_first(linear, data):
    kl = kl_by_unit(linear, data)
    mean, scale = data @ MEAN, np.log1p(np.exp(RAW_SCALE)) + 1e-5
    np.testing.assert_allclose(
        kl, (0.5 * (scale**2 + mean**2 - 1) - np.log(scale)).mean(0), rtol=1e-4
    )
    whole = linear.encode(data).kl_divergence(linear.bottleneck.prior())
    assert kl.sum() == pytest.approx(np.mean(whole), rel=1e-5)
    order = np.argsort(-kl)
    assert list(order) == [1, 2, 0]
    result = traverse(linear, steps=3, data=data)
    np.testing.assert_allclose(
        result, expected(np.zeros(3), np.linspace(-3, 3, 3), order), atol=1e-5
    )


def test_picture_and_animation(tmp_path, images):
    model = tiny_mlp_vae()
    traversal = traverse(model, images[0], steps=5, data=images[:20])
    assert traversal.shape == (4, 5, 8, 8, 1)
    grid = picture(traversal, tmp_path / "traversal.png")
    cell = 12 * 8 + 2
    assert grid.shape == (4 * cell + 2, 5 * cell + 2, 3)
    third = np.repeat(
        np.repeat(np.asarray(traversal[2, 4]), 12, 0), 12, 1
    )  # third dimension, last value
    np.testing.assert_allclose(
        grid[2 * cell + 2 : 3 * cell, 4 * cell + 2 : 5 * cell], third + np.zeros(3), atol=1e-6
    )
    assert Image.open(tmp_path / "traversal.png").size == (grid.shape[1], grid.shape[0])
    path = animation(traversal, tmp_path / "deep" / "traversal.gif", seconds=0.2)
    with Image.open(path) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (
            8,
            0,
            200,
        )  # 0 1 2 3 4 3 2 1


def test_frames_are_what_the_file_shows(tmp_path):
    frames = [np.full((4, 6, 3), level) for level in (0.0, 1.0, 0.2)]
    with Image.open(animate(frames, tmp_path / "a.gif")) as gif:
        assert gif.size == (6, 4)
        for i, level in enumerate((0, 255, 51)):
            gif.seek(i)
            np.testing.assert_array_equal(np.asarray(gif.convert("RGB")), level)
    assert animate(frames, tmp_path / "b.gif").read_bytes() == (tmp_path / "a.gif").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "Expected steps to be an integer of at least 1"),
        ({"limit": 0}, "Expected limit to be a number above 0. Received: limit=0"),
        (
            {"image": np.zeros((1, 5))},
            r"Expected a single image of shape \(5,\). Received: shape \(1, 5\)",
        ),
        ({"image": np.full(5, np.nan)}, "Expected finite"),
    ],
)
def test_bad_input(linear, arguments, message):
    with pytest.raises(ValueError, match=message):
        traverse(linear, **arguments)


@pytest.mark.parametrize(
    ("frames", "seconds", "message"),
    [
        ([], 0.1, r"Expected frames of one shape \[height, width, 3\]. Received: 0 frames"),
        (
            [np.zeros((4, 4, 3)), np.zeros((4, 5, 3))],
            0.1,
            r"Received: 2 frames, shapes \[\(4, 4, 3\), \(4, 5, 3\)\]",
        ),
        ([np.zeros((4, 4, 1))], 0.1, r"Received: 1 frames, shapes \[\(4, 4, 1\)\]"),
        ([np.zeros((4, 4, 3))], 0.01, "Expected 0.02 to 600 seconds a frame"),
    ],
)
def test_bad_frames(tmp_path, frames, seconds, message):
    with pytest.raises(ValueError, match=message):
        animate(frames, tmp_path / "a.gif", seconds)
