"""Pictures pixel by pixel, and the straight line through the latent space."""

import numpy as np
import pytest
from matplotlib import image
from scipy.stats import norm
from tiny import tiny_vae

import kerasgen
from kerasgen import plot
from kerasgen.tasks import interpolate


def cell(picture, row, column, side):
    top, left = (2 + index * (side + 2) for index in (row, column))
    return picture[top : top + side, left : left + side]


def test_grid_enlarges_without_smoothing(images):
    picture = plot.grid(images[:7], columns=3)
    assert picture.shape == (3 * 98 + 2, 3 * 98 + 2, 3)
    for i in range(7):
        expected = np.kron(images[i, :, :, 0], np.ones((12, 12)))
        np.testing.assert_array_equal(
            cell(picture, i // 3, i % 3, 96), np.stack([expected] * 3, axis=-1)
        )
    assert np.all(cell(picture, 2, 1, 96) == 1)  # an empty place is white


def test_grid_is_about_square_by_default(images):
    assert plot.grid(images[:16]).shape == (394, 394, 3)
    assert plot.grid(images[:2]).shape == (100, 198, 3)


def test_grid_keeps_colours_and_large_images(rng):
    colours = rng.uniform(size=(2, 100, 110, 3)).astype("float32")
    picture = plot.grid(colours, columns=2)
    assert picture.shape == (104, 226, 3)
    np.testing.assert_array_equal(picture[2:102, 114:224], colours[1])


def test_grid_writes_what_it_returns(images, tmp_path):
    picture = plot.grid(images[:4], tmp_path / "new" / "grid.png")
    read = image.imread(tmp_path / "new" / "grid.png")
    np.testing.assert_allclose(read[..., :3], picture, atol=1 / 255)
    again = plot.grid(images[:4], tmp_path / "again.png")
    np.testing.assert_array_equal(again, picture)
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "new" / "grid.png").read_bytes()


def test_pairs_put_one_batch_above_the_other(images):
    picture = plot.pairs([images[:5], 1 - images[:5]])
    assert picture.shape == (198, 5 * 98 + 2, 3)
    np.testing.assert_allclose(cell(picture, 0, 3, 96), 1 - cell(picture, 1, 3, 96))


def test_labels_stand_beside_their_rows_and_above_their_columns(images):
    """Ink is where a label says something, and the pictures themselves are not touched."""
    bare = plot.grid(images[:6], columns=3)
    picture = plot.grid(images[:6], None, 3, ["a", ""], ["", "1 of a long name", ""])
    top, left = picture.shape[0] - bare.shape[0], picture.shape[1] - bare.shape[1]
    np.testing.assert_array_equal(picture[top:, left:], bare)
    beside, above = picture[top:, :left], picture[:top, left:]
    assert beside[:98].min() < 0.5 and beside[98:].min() == 1
    assert above[:, 98 : 2 * 98].min() < 0.5
    assert above[:, :98].min() == above[:, 2 * 98 :].min() == 1


@pytest.mark.parametrize("side", [4, 28, 40, 97])
def test_cells_are_large_enough_to_be_seen(side):
    shape = plot.grid(np.zeros((1, side, side, 1))).shape
    assert shape[0] - 4 >= 96 and (shape[0] - 4) % side == 0


@pytest.mark.parametrize("height", [1, 8, 28, 96, 300])
@pytest.mark.parametrize("width", [1, 8, 28, 112, 500, 2000])
def test_both_sides_of_a_small_picture_are_legible(height, width):
    high, wide, _ = plot.grid(np.zeros((1, height, width, 1))).shape
    zoom = (high - 4) / height
    assert zoom == (wide - 4) / width == int(zoom) >= 1
    short, long = sorted((high, wide))
    assert long >= 4 + 96
    assert short >= 4 + 64 or long > 4 + 768 / 2  # once more enlarged it would be too long
    assert zoom == 1 or long <= 4 + max(768, 2 * 96)


def test_a_notebook_shows_what_the_file_would_hold(images):
    shown = plot.show(images[:4], columns=4, rows=["drawn"])
    expected = plot.grid(images[:4], columns=4, row_labels=["drawn"])
    np.testing.assert_allclose(np.asarray(shown) / 255, expected, atol=1 / 255)
    assert callable(shown._repr_png_)
    series = plot.show(np.zeros((3, 5, 1)), event=kerasgen.events.Series(5, 1))
    assert series.size[0] > series.size[1] / 2


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
    between = vae.decode((0.75 * start + 0.25 * end)[None]).mean()
    np.testing.assert_allclose(line[1:2], between, atol=1e-6)


def test_bad_interpolations(vae, images):
    with pytest.raises(
        ValueError, match="Expected at least 2 steps, the two ends. Received: steps=1"
    ):
        interpolate(vae, images[0], images[1], steps=1)
    with pytest.raises(
        ValueError, match=r"a single image of shape \(8, 8, 1\). Received: shape \(1, 8, 8, 1\)"
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
    grid = plot.grid(model.decode(np.array(z, "float32")).mean(), columns=3)
    np.testing.assert_allclose(picture[-len(grid) :, -len(grid) :], grid, atol=1e-6)
    assert picture.shape[0] > len(grid) < picture.shape[1]  # the values of the units
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
    """Nor is it cut off: all of every line is inside of its axes."""
    rows = "epoch,far,near,constant,val_far\n0,90,7,5,1\n1,3,3,1,1\n2,2,2,1,1\n3,1,1,1,NA\n"
    (tmp_path / "history.csv").write_text(rows)
    figure = plot.curves(tmp_path / "history.csv", units={"far": "nats"})
    drawn = {axes.get_title(): axes for axes in figure.axes if axes.lines}
    for axes in drawn.values():
        low, high = axes.get_ylim()
        values = np.concatenate([line.get_ydata() for line in axes.lines])
        assert low <= np.nanmin(values) and np.nanmax(values) <= high
    far = drawn["far"]
    of_later, of_first = (
        far.transData.transform([[0, 1], [0, 3], [0, 90]])[1:, 1]
        - (far.transData.transform([0, 1])[1])
    )
    assert of_later > of_first / 6 and far.get_ylabel() == "nats"
    assert drawn["near"].get_yscale() == drawn["constant"].get_yscale() == "linear"


def test_a_history_without_epochs_is_refused(tmp_path):
    (tmp_path / "history.csv").write_text("loss\n1\n")
    with pytest.raises(
        ValueError, match="Expected a CSV file with a column epoch and at least one row. Received"
    ):
        plot.curves(tmp_path / "history.csv")
