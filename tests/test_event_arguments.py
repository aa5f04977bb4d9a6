"""What stands for an event, and what cannot be one."""

import numpy as np
import pytest

from kerasgen import events


@pytest.mark.parametrize(
    ("given", "event"),
    [
        ([4, 5, 1], events.Image(4, 5, 1)),
        ((3,), events.Vector(3)),
        (events.Tokens(2, 3), events.Tokens(2, 3)),
    ],
)
def test_a_list_stands_for_an_event(given, event):
    assert events.of(given) == event


@pytest.mark.parametrize("given", [[4, 5], "image", None, [4.5], 3])
def test_what_stands_for_no_event(given):
    with pytest.raises(ValueError, match="Expected an event of kerasgen.events"):
        events.of(given)


def test_what_a_condition_may_be():
    assert events.condition_of(None) == events.Nothing()
    assert events.condition_of(10) == events.Classes(10)
    assert events.condition_of([4]) == events.Vector(4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: events.Image(0, 4, 1),
        lambda: events.Vector(-1),
        lambda: events.Series(4, 0),
        lambda: events.Tokens(0, 4),
        lambda: events.Tokens((2, 0), 4),
        lambda: events.Tokens(4, 0),
        lambda: events.Classes(0),
        lambda: events.Attributes([2, 0]),
    ],
)
def test_sizes_are_positive(make):
    with pytest.raises(ValueError, match="to be an integer (of at least|in) 1"):
        make()


@pytest.mark.parametrize("levels", [None, 2, 17, 256])
def test_noise_is_of_the_levels_that_an_image_has(levels):
    image = events.Image(4, 4, 3, levels=levels)
    x = image.example(500, seed=0)
    image.validate(x)
    if levels is not None:  # all of them, and nothing between
        np.testing.assert_allclose(np.unique(x), np.arange(levels) / (levels - 1), atol=1e-6)
    else:
        assert np.unique(x).size > 256
