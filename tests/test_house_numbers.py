"""House numbers: seeds, contrast, and which pixels belong to the digit."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage
from sklearn.neighbors import KNeighborsClassifier

from kerasgen.data.synthetic import glyphs, house_numbers
from kerasgen.data.synthetic.house_numbers import CONTRAST, LUMA


def test_a_picture_depends_on_its_seed_and_its_position_alone():
    pictures, digits = house_numbers.split("test")
    some = pictures[np.array([9999, 3, 500])]
    assert some.shape == (3, 32, 32, 3) and some.dtype == "uint8"
    np.testing.assert_array_equal(some[1], pictures[2:5][np.array([1])][0])
    np.testing.assert_array_equal(some[2], np.asarray(pictures[400:600])[100])
    np.testing.assert_array_equal(house_numbers.draw(4, seed=1).render()[3], some[1])
    assert digits.shape == (10_000,) and digits.dtype == "int32"


def test_no_picture_is_there_twice_or_in_both_splits():
    parts = [np.asarray(house_numbers.split(part)[0][:2000]) for part in ("train", "test")]
    assert len({picture.tobytes() for part in parts for picture in part}) == 4000


def test_every_digit_font_and_neighbour_is_as_frequent_as_any():
    numbers = house_numbers.draw(20_000, seed=7)
    for values, n in ((numbers.digits[:, 1], 10), (numbers.font, len(glyphs.FONTS))):
        expected = len(values) / n
        squares = (np.bincount(values, minlength=n) - expected) ** 2 / expected
        assert squares.sum() < n + 5 * np.sqrt(2 * n)
    assert np.mean(numbers.digits[:, [0, 2]] < 0) == pytest.approx(0.4, abs=0.02)


def test_digit_and_wall_differ_in_luma():
    numbers = house_numbers.draw(5000, seed=0)
    assert numbers.colors.min() >= -1e-6 and numbers.colors.max() <= 1 + 1e-6
    digit, *wall = np.moveaxis(numbers.colors @ LUMA, 1, 0)
    assert min(np.abs(digit - side).min() for side in wall) > CONTRAST - 1e-5


def test_in_pictures_digits_differ_from_the_wall_beside_them():
    numbers = house_numbers.draw(1000, seed=0)
    luma, masks = numbers.render() / 255 @ LUMA, numbers.mask()
    lone = np.flatnonzero(np.all(numbers.digits[:, [0, 2]] < 0, axis=1))
    assert len(lone) > 100
    for row in lone:
        beside = ndimage.binary_dilation(masks[row], iterations=4)
        beside &= ~ndimage.binary_dilation(masks[row], iterations=2)
        assert abs(luma[row][masks[row]].mean() - luma[row][beside].mean()) > CONTRAST / 2


def test_masks_are_where_the_digit_is_and_nowhere_else():
    numbers = house_numbers.draw(200, seed=3)
    alone = np.array(numbers.digits)
    alone[:, [0, 2]] = -1
    alone = dataclasses.replace(numbers, digits=alone)
    wall = dataclasses.replace(numbers, digits=np.full_like(numbers.digits, -1))
    changed = np.abs(alone.render().astype(int) - wall.render()).max(axis=-1) > 0
    masks = alone.mask()
    assert np.all(changed[masks])
    near = ndimage.binary_dilation(masks, np.ones((1, 5, 5)))
    assert not np.any(changed & ~near)
    # Neighbours take nothing of the digit, and are no part of it.
    assert np.mean(numbers.mask() != masks) < 0.001


def test_masks_show_the_digits():
    train, test = house_numbers.draw(3000, seed=5), house_numbers.draw(300, seed=6)
    flat = [numbers.mask().reshape(len(numbers), -1) for numbers in (train, test)]
    judge = KNeighborsClassifier(1).fit(flat[0], train.digits[:, 1])
    assert judge.score(flat[1], test.digits[:, 1]) > 0.9
    masks = house_numbers.masks("test")
    np.testing.assert_array_equal(masks[np.array([5])], house_numbers.draw(6, seed=1).mask()[5:])


def test_every_font_has_ten_digits():
    outside, widths = glyphs.distances()
    inside = (outside < 0).reshape(len(outside), -1)[:-1]
    assert len(np.unique(inside, axis=0)) == 10 * len(glyphs.FONTS)
    assert np.all(inside.mean(axis=1) > 0.02) and np.all(widths < 2 * glyphs.REACH - 0.3)
    assert outside[glyphs.NONE].min() > 0
