"""Pictures pixel by pixel, and the straight line through the latent space."""

import numpy as np
import pytest
from conftest import tiny_vae
from matplotlib import image
from scipy.stats import norm

from kerasgen import plot
from kerasgen.tasks import interpolate


def cell(picture, row, column, side):
    top, left = (2 + index * (side + 2) for index in (row, column))
    return picture[top : top + side, left : left + side]


def test_grid_enlarges_without_smoothing(images):
    picture = plot.grid(images[:7], columns=3)
    assert picture.shape == (3 * 58 + 2, 3 * 58 + 2, 3)
    for i in range(7):
        expected = np.kron(images[i, :, :, 0], np.ones((7, 7)))
        np.testing.assert_array_equal(
            cell(picture, i // 3, i % 3, 56), np.stack([expected] * 3, axis=-1)
        )
    assert np.all(cell(picture, 2, 1, 56) == 1)  # an empty place is white


def test_grid_is_about_square_by_default(images):
    assert plot.grid(images[:16]).shape == (234, 234, 3)
    assert plot.grid(images[:2]).shape == (60, 118, 3)


def test_grid_keeps_colours_and_large_images(rng):
    colours = rng.uniform(size=(2, 60, 70, 3)).astype("float32")
    picture = plot.grid(colours, columns=2)
    assert picture.shape == (64, 146, 3)
    np.testing.assert_array_equal(picture[2:62, 74:144], colours[1])


def test_grid_writes_what_it_returns(images, tmp_path):
    picture = plot.grid(images[:4], tmp_path / "new" / "grid.png")
    read = image.imread(tmp_path / "new" / "grid.png")
    np.testing.assert_allclose(read[..., :3], picture, atol=1 / 255)
    again = plot.grid(images[:4], tmp_path / "again.png")
    np.testing.assert_array_equal(again, picture)
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "new" / "grid.png").read_bytes()


def test_pairs_put_one_batch_above_the_other(images):
    picture = plot.pairs([images[:5], 1 - images[:5]])
    assert picture.shape == (118, 5 * 58 + 2, 3)
    np.testing.assert_allclose(cell(picture, 0, 3, 56), 1 - cell(picture, 1, 3, 56))


def test_bad_pictures(images):
    with pytest.raises(
        ValueError, match=r"shape \[n, height, width, 1 or 3\]. Received: shape \(8, 8, 1\)"
    ):
        plot.grid(images[0])
    with pytest.raises(
        ValueError, match=r"Received: uint8 in \[0, 255\]. Divide 8-bit images by 255"
    ):
        plot.grid((images[:2] * 255).astype("uint8"))
    with pytest.raises(ValueError, match="Expected finite float images"):
        plot.grid(np.full((1, 2, 2, 1), np.nan))
    with pytest.raises(ValueError, match="Expected rows of one shape"):
        plot.pairs([images[:2], images[:3]])


def test_interpolation_is_a_straight_line_between_reconstructions(vae, images):
    line = interpolate(vae, images[0], images[1], steps=5)
    assert line.shape == (5, 8, 8, 1)
    np.testing.assert_allclose(line[0], vae.reconstruct(images[:1])[0], atol=1e-6)
    np.testing.assert_allclose(line[-1], vae.reconstruct(images[1:2])[0], atol=1e-6)
    start, end = vae.encode(images[:2]).mean()
    np.testing.assert_allclose(line[1], vae.decode(0.75 * start + 0.25 * end).mean(), atol=1e-6)


def test_bad_interpolations(vae, images):
    with pytest.raises(
        ValueError, match="Expected at least 2 steps, the two ends. Received: steps=1"
    ):
        interpolate(vae, images[0], images[1], steps=1)
    with pytest.raises(
        ValueError, match=r"two single images of shape \(8, 8, 1\). Received: shape \(1, 8, 8, 1\)"
    ):
        interpolate(vae, images[:1], images[1], steps=3)
    with pytest.raises(ValueError, match="Divide by 255"):
        interpolate(vae, images[0] * 255, images[1], steps=3)


def test_a_manifold_is_the_decoder_on_quantiles_of_the_prior():
    """The first unit grows to the right, the second upwards."""
    model = tiny_vae(latent_dim=2)
    picture = plot.manifold(model, steps=3)
    quantiles = norm.ppf([1 / 6, 1 / 2, 5 / 6])
    z = [[x, y] for y in quantiles[::-1] for x in quantiles]
    np.testing.assert_allclose(
        picture, plot.grid(model.decode(np.array(z, "float32")).mean(), columns=3), atol=1e-6
    )
    with pytest.raises(ValueError, match=r"Expected a code of two units. Received: shape \(4,\)"):
        plot.manifold(tiny_vae())


def test_curves_show_every_column_with_its_validation(tmp_path):
    history = tmp_path / "history.csv"
    history.write_text(
        "epoch,loss,units,val_loss,val_only,never\n0,3.5,NA,4.0,1,NA\n1,2.5,7,3.0,2,NA\n"
    )
    figure = plot.curves(history, tmp_path / "curves.png")
    drawn = {
        axes.get_title(): [line.get_ydata().tolist() for line in axes.lines]
        for axes in figure.axes
        if axes.lines
    }
    assert drawn.keys() == {"loss", "units", "val_only"}
    assert drawn["loss"] == [[3.5, 2.5], [4.0, 3.0]]
    np.testing.assert_array_equal(drawn["units"], [[np.nan, 7]])
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), [1, 2])
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_first_epoch_far_from_the_others_does_not_flatten_them(tmp_path):
    rows = "epoch,far,near,constant,val_far\n0,90,7,5,1\n1,3,3,1,1\n2,2,2,1,1\n3,1,1,1,NA\n"
    (tmp_path / "history.csv").write_text(rows)
    figure = plot.curves(tmp_path / "history.csv")
    limits = {axes.get_title(): axes.get_ylim() for axes in figure.axes if axes.lines}
    np.testing.assert_allclose(limits["far"], (0.8, 3.2))
    assert (
        limits["near"][1] > 7 and limits["constant"][1] > 5
    )  # a fall of 4 is no more than twice that of the others


def test_a_history_without_epochs_is_refused(tmp_path):
    (tmp_path / "history.csv").write_text("loss\n1\n")
    with pytest.raises(
        ValueError, match="Expected a CSV file with a column epoch and at least one row. Received"
    ):
        plot.curves(tmp_path / "history.csv")
