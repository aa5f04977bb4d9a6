"""A finger that pushes a disc: what is said of an example against what its pictures show."""

import numpy as np
import pytest
from scipy import ndimage

from kerasgen import data
from kerasgen.data.synthetic import pushing

NEXT = pushing.WINDOW + pushing.RATE


@pytest.fixture(scope="module")
def pushes():
    return pushing.draw(300, seed=7)


def test_examples_depend_on_the_seed_and_their_position(pushes):
    again, other = pushing.draw(300, seed=7), pushing.draw(300, seed=8)
    rows = np.array([5, 250, 17])
    for what in ("camera", "force", "joints", "pose", "flow", "contact", "aligned"):
        every = getattr(again, what)()
        np.testing.assert_array_equal(getattr(pushes[rows], what)(), every[rows])
        assert not np.array_equal(getattr(other, what)(), every)


def test_flow_takes_each_picture_to_the_next(pushes):
    now, later, flow = pushes.camera() / 255.0, pushes.camera(NEXT) / 255.0, pushes.flow()
    grid = np.mgrid[: pushing.SIDE, : pushing.SIDE]
    moves, still = [], []
    for row in np.flatnonzero(np.abs(flow).max((1, 2, 3)) > 1):
        right, down = flow[row, ..., 0], flow[row, ..., 1]
        inside = ndimage.binary_erosion(np.abs(right) + np.abs(down) > 0, iterations=2)
        taken = [
            ndimage.map_coordinates(
                later[row, ..., c], grid + [down, right], order=1, mode="nearest"
            )
            for c in range(3)
        ]
        moves.append(np.abs(np.stack(taken, -1) - now[row])[inside].ravel())
        still.append(np.abs(later[row] - now[row])[inside].ravel())
    moves, still = np.concatenate(moves), np.concatenate(still)
    assert np.quantile(moves, 0.9) < 0.03 and moves.mean() < 0.3 * still.mean()


def test_touching_is_no_more_apart_than_the_radii(pushes):
    apart = np.linalg.norm(pushes.pose(NEXT)[:, :2] - pushes.joints(NEXT), axis=1)
    gap = apart - pushes.radius - 0.12
    assert np.all(gap > -1e-5)  # they never overlap
    np.testing.assert_array_equal(pushes.contact(), gap < 1e-5)
    assert 0.2 < pushes.contact().mean() < 0.8


def test_what_is_not_touched_stays(pushes):
    moved = np.abs(pushes.pose(NEXT) - pushes.pose(0)).max(1)
    apart = np.stack(
        [np.linalg.norm(pushes.pose(t)[:, :2] - pushes.joints(t), axis=1) for t in range(NEXT + 1)]
    )
    free = np.all(apart > pushes.radius + 0.121, axis=0)
    assert free.sum() > 20 and np.all(moved[free] == 0) and np.all(moved[~free] >= 0)
    alone = free & pushes.aligned()
    assert np.abs(pushes.force()[alone]).max() < 0.1  # noise alone


def test_force_acts_from_the_disc_to_the_finger_within_friction(pushes):
    force = pushes.force()[..., -1, :]
    away = pushes.joints() - pushes.pose()[:, :2]
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    strong = pushes.aligned() & (np.linalg.norm(force[:, :2], axis=1) > 0.5)
    along = np.sum(force[:, :2] * away, axis=1)
    across = force[:, 0] * -away[:, 1] + force[:, 1] * away[:, 0]
    assert strong.sum() > 20
    np.testing.assert_allclose(np.abs(across / along)[strong], pushing.FRICTION, atol=0.15)
    assert np.all(along[strong] > 0.4)
    torque = np.stack([force[:, 1], -force[:, 0]], axis=1) * pushing.LEVER
    np.testing.assert_allclose(force[:, 3:5], torque, atol=0.1)


def test_half_of_the_forces_are_of_another_push(pushes):
    aligned = pushes.aligned()
    assert 0.4 < aligned.mean() < 0.6
    swapped = np.flatnonzero(~aligned)
    quiet = pushes[pushes.other[swapped]]
    difference = pushes[swapped].force()[quiet.aligned()] - quiet.force()[quiet.aligned()]
    assert np.abs(difference).max() < 0.15  # but for the noise


def test_the_set_is_read_as_any_other():
    examples = data.open("pushing", "test[:6]").array()
    assert {name: part.shape for name, part in examples.items()} == {
        "camera": (6, 64, 64, 3),
        "force": (6, 32, 6),
        "joints": (6, 2),
    }
    assert examples["camera"].max() <= 1
    labels = data.open("pushing", "test[:6]").labels
    whole = pushing.draw(pushing.SIZES["test"], 1)
    np.testing.assert_array_equal(labels[:, 0], whole.contact()[:6])


def test_a_count_is_at_least_one():
    with pytest.raises(ValueError, match="^Expected count"):
        pushing.draw(0, seed=0)
