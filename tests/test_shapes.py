"""Sprites: every combination once, and every factor does to the image what its name says."""

import numpy as np
import pytest

from kerasgen import data
from kerasgen.data.synthetic.shapes import FACTORS, SHAPES, Shapes

WHITE, COLORED = Shapes(), Shapes(rgb=True)
SQUARE, ELLIPSE, HEART = range(3)


def images(**factors):
    """White sprites with these factors, broadcast; the others stay in the middle of their range."""
    middle = {"shape": HEART, "scale": 5, "orientation": 7, "x": 16, "y": 16}
    return WHITE.render(
        np.stack(np.broadcast_arrays(*(middle | factors).values()), axis=-1).reshape(-1, 5)
    )[..., 0]


def centroid(batch):
    rows, columns = np.mgrid[:64, :64] + 0.5
    area = batch.sum((1, 2))
    return (batch * columns).sum((1, 2)) / area, (batch * rows).sum((1, 2)) / area


@pytest.mark.parametrize(("shapes", "size"), [(WHITE, 737_280), (COLORED, 5_160_960)])
def test_index_and_factors_are_one_to_one(shapes, size):
    assert len(shapes) == size
    index = np.random.default_rng(0).permutation(size)[:20_000]
    np.testing.assert_array_equal(shapes.index(shapes.factors(index)), index)
    corners = np.array(
        [[0] * len(shapes.factor_sizes), [n - 1 for n in shapes.factor_sizes.values()]]
    )
    np.testing.assert_array_equal(shapes.index(corners), [0, size - 1])
    assert shapes.factors(1)[-1] == 1, "y varies fastest"


def test_images_are_binary_with_the_shape_of_the_set():
    for shapes in (WHITE, COLORED):
        batch, factors = shapes.sample(50, seed=0)
        assert batch.dtype == np.uint8
        assert batch.shape == (50, *shapes.event_shape)
        assert factors.shape == (50, len(shapes.factor_sizes))
        assert set(np.unique(batch)) == {0, 1}
        np.testing.assert_array_equal(batch, shapes.render(factors))


def test_a_seed_gives_the_same_images():
    np.testing.assert_array_equal(WHITE.sample(20, seed=3)[0], WHITE.sample(20, seed=3)[0])
    assert not np.array_equal(WHITE.sample(20, seed=3)[1], WHITE.sample(20, seed=4)[1])


@pytest.mark.parametrize("shape", range(3), ids=SHAPES)
def test_the_area_grows_as_the_square_of_the_scale(shape):
    area = images(shape=shape, scale=np.arange(6)).sum((1, 2), dtype=float)
    np.testing.assert_allclose(area / area[-1], np.linspace(0.5, 1, 6) ** 2, rtol=0.05)


@pytest.mark.parametrize("shape", range(3), ids=SHAPES)
def test_x_and_y_move_the_centroid_by_a_pixel_a_step(shape):
    x, y = centroid(images(shape=shape, x=np.arange(32)))
    np.testing.assert_allclose(x - x[0], np.arange(32), atol=1e-9)
    assert abs(x[0] - 16.5) < 0.2
    assert np.all(np.abs(y - 32.5) < 0.2)
    x, y = centroid(images(shape=shape, y=np.arange(32)))
    np.testing.assert_allclose(y - y[0], np.arange(32), atol=1e-9)
    assert np.all(np.abs(x - 32.5) < 0.2)


def test_no_sprite_is_cut_off_and_every_one_stays_within_its_radius():
    factors = np.stack(
        np.meshgrid(*map(np.arange, (3, 6, 40)), [0, 31], [0, 31], indexing="ij"), -1
    ).reshape(-1, 5)
    area = WHITE.render(factors).sum((1, 2, 3), dtype=float).reshape(3, 6, 40, 4)
    np.testing.assert_array_equal(area, area[..., :1] * np.ones(4))
    inner = images(shape=factors[:, 0], scale=factors[:, 1], orientation=factors[:, 2])
    rows, columns = np.nonzero(inner.any(0))
    assert np.hypot(rows - 32, columns - 32).max() <= 16


def test_orientation_turns_the_second_moments():
    """Of an ellipse, whose long axis starts along x and turns clockwise: towards y, which grows
    downwards.
    """
    batch = images(shape=ELLIPSE, orientation=np.arange(20)).astype(float)
    rows, columns = np.mgrid[:64, :64] - 32.0
    xx, yy, xy = (
        (batch * product).sum((1, 2)) for product in (columns**2, rows**2, rows * columns)
    )
    axis = 0.5 * np.arctan2(2 * xy, xx - yy)  # in (-pi / 2, pi / 2]
    expected = 2 * np.pi * np.arange(20) / 40
    error = (axis - expected + np.pi / 2) % np.pi - np.pi / 2
    assert np.abs(error).max() < np.deg2rad(2)
    np.testing.assert_allclose(xx + yy, (xx + yy)[0], rtol=0.05)


def test_a_heart_stands_upright_at_first():
    heart = images(orientation=0)[0]
    np.testing.assert_array_equal(heart[:, 1:33], heart[:, :31:-1])
    assert heart[: 32 + 1].any(1).sum() < heart[33:].any(1).sum(), (
        "the tip is below, farther from the centroid"
    )


def test_sprites_are_distinct_but_for_the_symmetry_of_their_shapes():
    factors = np.stack(np.meshgrid(*map(np.arange, (3, 6, 40)), indexing="ij"), -1).reshape(-1, 3)
    batch = images(shape=factors[:, 0], scale=factors[:, 1], orientation=factors[:, 2]).reshape(
        3, 6, 40, -1
    )
    for shape, period in zip(range(3), (10, 20, 40)):
        np.testing.assert_array_equal(batch[shape], np.roll(batch[shape], period, axis=1))
    assert len(np.unique(batch.reshape(720, -1), axis=0)) == 6 * (10 + 20 + 40)


def test_color_is_the_color_of_the_white_sprite():
    _, factors = WHITE.sample(70, seed=1)
    color = np.arange(70) % 7
    colored = COLORED.render(np.concatenate([color[:, None], factors], axis=1))
    np.testing.assert_array_equal(colored.max(-1), WHITE.render(factors)[..., 0])
    seen = [tuple(image[image.any(-1)].mean(0)) for image in colored[:7]]
    assert len(set(seen)) == 7
    assert seen[0] == (1, 0, 0)
    assert seen[6] == (1, 1, 1)


def test_every_value_of_every_factor_is_drawn_about_as_often():
    _, factors = WHITE.sample(8_000, seed=0)
    for size, values in zip(FACTORS.values(), factors.T):
        np.testing.assert_allclose(np.bincount(values, minlength=size) / 8_000, 1 / size, rtol=0.35)


def test_train_and_test_hold_every_image_once():
    parts = [WHITE.split(part)[0] for part in ("train", "test")]
    assert [len(images) for images in parts] == [
        data.size("shapes", part) for part in ("train", "test")
    ]
    index = np.concatenate([images.items for images in parts])
    np.testing.assert_array_equal(np.sort(index), np.arange(len(WHITE)))


def test_load_draws_the_images_of_a_split():
    whole = WHITE.split("test")[0][:300]
    batches = [batch.numpy() for batch in data.load("shapes", "test[:300]", batch_size=128)]
    assert [batch.shape for batch in batches] == [
        (128, 64, 64, 1),
        (128, 64, 64, 1),
        (44, 64, 64, 1),
    ]
    assert batches[0].dtype == np.float32
    np.testing.assert_array_equal(np.concatenate(batches), np.asarray(whole))
    np.testing.assert_array_equal(np.asarray(whole), WHITE.render(WHITE.factors(whole.items)))


@pytest.mark.parametrize("name", ["shapes", "shapes_rgb"])
def test_labels_are_the_factors_that_draw_the_image_again_and_equal_images_have_equal_ones(name):
    images, labels = next(iter(data.load(name, "test", batch_size=500, labels=True)))
    shapes = WHITE if name == "shapes" else COLORED
    np.testing.assert_array_equal(shapes.render(labels.numpy()), images)
    color = [6] if name == "shapes_rgb" else []
    turned = shapes.index(
        [[*color, shape, 2, 31, 3, 4] for shape in range(3)]
    )  # a square, an ellipse and a heart
    np.testing.assert_array_equal(shapes.visible(turned)[:, -3], [1, 11, 31])


def test_an_endless_shuffled_load_starts_anywhere():
    options = {"batch_size": 32, "shuffle": True, "seed": 5, "repeat": True, "drop_remainder": True}
    whole = list(data.load("shapes_rgb", "test[:100]", **options).take(5))
    assert whole[0].shape == (32, 64, 64, 3)
    later = next(iter(data.load("shapes_rgb", "test[:100]", start_step=4, **options)))
    np.testing.assert_array_equal(later, whole[4])
    assert not np.array_equal(whole[0], whole[3]), "every epoch has an order of its own"


def test_binarization_leaves_the_images_as_they_are():
    source = data.open("shapes", "test[:70]+train[:30]")
    parts = [WHITE.split(part)[0][:n] for part, n in (("test", 70), ("train", 30))]
    images = np.concatenate([np.asarray(part) for part in parts])
    for binarize in (None, "dynamic", "fixed"):
        batches = source.batches(binarize=binarize)
        np.testing.assert_array_equal(np.concatenate([batches[0], batches[1]]), images)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WHITE.factors([0, 737_280]), "Expected indices in 0..737279. Received: 0..737280"),
        (lambda: WHITE.factors(-1), "Received: -1..-1"),
        (
            lambda: WHITE.render([[0, 0, 0, 0]]),
            r"Expected factors \['shape', .*'y'\] on the last axis",
        ),
        (
            lambda: COLORED.render([[0, 0, 0, 0, 0]]),
            r"Expected factors \['color', .* Received: shape \(1, 5\)",
        ),
        (
            lambda: WHITE.render([[0, 6, 0, 0, 0]]),
            "Expected factor 'scale' in 0..5. Received: 6..6",
        ),
        (lambda: WHITE.index([0, 0, 0, 0, -1]), "Expected factor 'y' in 0..31. Received: -1..-1"),
        (lambda: WHITE.sample(0, seed=0), "Expected n to be an integer of at least 1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
