"""Walks through the noise of a generator whose samples are its noise, and images that appear pixel
by pixel.
"""

import keras
import numpy as np
import pytest

from kerasgen import divergences, events, families, plot
from kerasgen.tasks.appear import appear
from kerasgen.tasks.noise import arithmetic, interpolations, truncations


@keras.saving.register_keras_serializable(package="tests")
class Bare(keras.layers.Layer):
    """The input as a series of one sample."""

    def call(self, x):
        return x[:, None]


def transparent(num_classes=None, size=4):
    """Its examples are the noise, and the one-hot label of a conditional model."""
    event = events.Series(1, size + (num_classes or 0))
    parts = Bare(), keras.layers.Flatten(), divergences.NonSaturating()
    return families.AdversarialModel(event, *parts, size, num_classes)


def test_interpolations_walk_great_circles_from_end_to_end():
    walks = interpolations(transparent(), rows=3, steps=5, seed=1)[:, :, 0]
    assert walks.shape == (3, 5, 4)
    units = walks / np.linalg.norm(walks, axis=-1, keepdims=True)
    for walk, unit in zip(walks, units):
        sizes = np.linalg.svd(walk)[1]
        assert sizes[2] < 1e-5 * sizes[0]  # every point in the plane of the two ends
        assert np.arccos(np.sum(unit[1:] * unit[:-1], axis=-1)).max() < np.pi / 2
        assert (
            np.linalg.norm(walk, axis=-1).min() > 0.9 * np.linalg.norm(walk[[0, -1]], axis=-1).min()
        )
    ends = np.random.default_rng(1).standard_normal((2, 3, 1, 4))
    np.testing.assert_allclose(walks[:, 0], ends[0, :, 0], rtol=1e-5)
    np.testing.assert_allclose(walks[:, -1], ends[1, :, 0], rtol=1e-5)


def test_truncated_noise_keeps_its_quantiles():
    limits = (0.5, 2.0, None)
    rows = truncations(transparent(size=50), limits, columns=40)[:, :, 0]
    assert np.abs(rows[0]).max() <= 0.5 < np.abs(rows[1]).max() <= 2 < np.abs(rows[2]).max()
    assert np.all(np.sign(rows[0]) == np.sign(rows[2]))
    order = np.argsort(rows[2], axis=None)
    assert np.all(np.diff(rows[0].ravel()[order]) >= 0)
    assert rows[2].std() == pytest.approx(1, abs=0.05)


def test_arithmetic_moves_along_the_difference_of_the_extremes():
    model = transparent()
    rows = arithmetic(model, lambda samples: samples[:, 0, 2], rows=2, steps=5)[:, :, 0]
    z = np.random.default_rng(0).standard_normal((256, 1, 4))[:, 0]
    order = np.argsort(z[:, 2])
    difference = z[order[-3:]].mean(axis=0) - z[order[:3]].mean(axis=0)
    np.testing.assert_allclose(
        rows[:, 4] - rows[:, 0], np.broadcast_to(difference, (2, 4)), rtol=1e-4
    )
    np.testing.assert_allclose(rows[:, 2], (rows[:, 0] + rows[:, 4]) / 2, atol=1e-5)
    assert np.all(np.diff(rows[:, :, 2]) > 0)


def test_conditional_rows_and_columns_are_of_the_classes_in_turn():
    model = transparent(3)
    by_row = interpolations(model, rows=4, steps=2)[:, :, 0, 4:].argmax(axis=-1)
    np.testing.assert_array_equal(by_row, np.repeat([[0], [1], [2], [0]], 2, axis=1))
    by_column = truncations(model, columns=4)[:, :, 0, 4:].argmax(axis=-1)
    np.testing.assert_array_equal(by_column, [[0, 1, 2, 0]] * 4)


def test_bad_numbers_of_steps_are_refused():
    with pytest.raises(
        ValueError, match="Expected at least 2 steps, the two ends. Received: steps=1"
    ):
        interpolations(transparent(), steps=1)


@pytest.mark.parametrize("patch_size", [1, 2])
def test_images_appear_in_raster_order_and_whole_in_the_end(patch_size):
    samples = np.random.default_rng(0).random((4, 6, 4, 1)).astype("float32")
    frames = appear(samples, patch_size, pause=2)
    steps = 24 // patch_size**2
    assert len(frames) == 1 + steps + 2
    np.testing.assert_array_equal(frames[0], plot.grid(np.full_like(samples, 0.5)))
    for frame in frames[-3:]:
        np.testing.assert_array_equal(frame, plot.grid(samples))
    half = samples.copy()
    half[:, 3 if patch_size == 1 else 4 :] = 0.5
    half[:, 2:4, 2 * (patch_size == 2) :] = 0.5 if patch_size == 2 else half[:, 2:4]
    drawn = 3 if patch_size == 2 else 12
    np.testing.assert_array_equal(frames[drawn], plot.grid(half))


def test_long_images_appear_in_a_bounded_number_of_frames():
    assert len(appear(np.zeros((1, 28, 28, 1), "float32"), pause=0)) == 57
