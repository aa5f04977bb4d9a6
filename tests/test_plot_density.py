"""`density`: what the two pictures hold, on axes that agree, and a file that can be repeated."""

import numpy as np
import pytest
from PIL import Image

from kerasgen.abilities import Samples, Scores
from kerasgen.data.synthetic.toys import TOYS
from kerasgen.plot import density

POINTS = TOYS["eight_gaussians"].sample(2000, seed=0)


def pictures(figure):
    return [axes.images[0] for axes in figure.axes[:2]]


def test_both_pictures_are_densities_on_the_same_axes():
    data, model = pictures(density(TOYS["eight_gaussians"].log_prob, POINTS))
    assert data.get_extent() == model.get_extent() and data.get_clim() == model.get_clim()
    left, right, bottom, top = data.get_extent()
    assert left < POINTS[:, 0].min() and right > POINTS[:, 0].max()
    assert bottom < POINTS[:, 1].min() and top > POINTS[:, 1].max()
    for picture in (data, model):
        heights = picture.get_array()
        assert heights.mean() * (right - left) * (top - bottom) == pytest.approx(1, abs=0.01)
    # Both are bright in the same places.
    coarse = model.get_array().reshape(100, 2, 100, 2).mean(axis=(1, 3))
    assert np.corrcoef(coarse.ravel(), data.get_array().ravel())[0, 1] > 0.7


def test_x_runs_to_the_right_and_y_upwards():
    _, model = pictures(
        density(lambda points: -((points[:, 0] - 1) ** 2) - 9 * (points[:, 1] + 1) ** 2, POINTS)
    )
    left, right, bottom, top = model.get_extent()
    row, column = np.unravel_index(model.get_array().argmax(), (200, 200))
    assert model.origin == "lower"
    assert left + (column + 0.5) * (right - left) / 200 == pytest.approx(1, abs=0.02)
    assert bottom + (row + 0.5) * (top - bottom) / 200 == pytest.approx(-1, abs=0.02)


def test_a_model_is_drawn_by_its_log_prob_and_no_density_is_black():
    class Half(Scores):
        def log_prob(self, points):
            return np.where(points[:, 0] > 0, 0.0, -np.inf)

    _, model = pictures(density(Half(), POINTS))
    np.testing.assert_array_equal(np.unique(model.get_array()), [0, 1])


def test_equal_pictures_give_equal_files(tmp_path):
    paths = [tmp_path / "new" / name for name in ("a.png", "b.png")]
    for path in paths:
        density(TOYS["eight_gaussians"].log_prob, POINTS, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    width, height = Image.open(paths[0]).size
    assert width > height > 300


@pytest.mark.parametrize(
    "data", [np.zeros((4, 3)), np.zeros(4), np.zeros((0, 2)), np.full((4, 2), np.nan)]
)
def test_data_that_are_not_points_are_refused(data):
    with pytest.raises(ValueError, match=r"Expected finite points \[N, 2\]. Received: shape"):
        density(lambda points: points[:, 0], data)


def test_a_density_that_is_not_a_number_is_refused():
    with pytest.raises(
        ValueError, match="Expected log-densities. Received: 40000 that are not numbers"
    ):
        density(lambda points: np.full(len(points), np.nan), POINTS)


class Scattered(Samples):
    """Half of its samples lie where the data do, half far outside the picture."""

    event_shape = (2,)

    def sample(self, n, seed=None):
        return np.where(np.arange(n)[:, None] % 2, POINTS[:n], 1e3)


def test_samples_outside_the_picture_do_not_make_the_others_denser():
    data, model = pictures(density(Scattered(), POINTS))
    assert model.get_array().sum() == pytest.approx(data.get_array().sum() / 2, rel=1e-3)


def test_an_estimated_density_is_drawn_repeatably():
    calls = []

    class Estimated(Scores):
        likelihood_kind = "estimate"

        def log_prob(self, x, num_samples=500, seed=None):
            calls.append((num_samples, seed))
            return np.zeros(len(x))

    density(Estimated(), POINTS)
    assert calls == [(64, 0)]


def test_samples_stand_between_data_and_density(tmp_path):
    samples = TOYS["eight_gaussians"].sample(500, seed=1)
    axes = density(TOYS["eight_gaussians"].log_prob, POINTS, tmp_path / "three.png", samples).axes[
        :3
    ]
    assert [each.get_title() for each in axes] == ["2,000 points", "500 samples", "model"]
    drawn = [each.images[0].get_array().mean() for each in axes]
    np.testing.assert_allclose(drawn, drawn[0], rtol=0.02)
    assert [
        each.get_title() for each in density(Scattered(), POINTS, samples=samples).axes[:2]
    ] == [
        "2,000 points",
        "500 samples",
    ]
