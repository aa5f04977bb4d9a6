"""The toy sets: densities against quadrature, samples against densities, and the same loading as
any other set.
"""

import numpy as np
import pytest

from kerasgen import data
from kerasgen.data import catalog
from kerasgen.data.synthetic.toys import TOYS

every_toy = pytest.mark.parametrize("name", TOYS)
with_density = pytest.mark.parametrize("name", [name for name, toy in TOYS.items() if toy.log_prob])
EXTENT, CELLS = 4.0, 1600  # every toy lies within the square of this half side


def masses(toy, cells):
    """Probabilities of `cells` x `cells` squares that tile the extent, by the midpoint rule within
    each.
    """
    side = 2 * EXTENT / CELLS
    middles = -EXTENT + side * (np.arange(CELLS) + 0.5)
    points = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1).reshape(-1, 2)
    fine = np.exp(toy.log_prob(points)).reshape(CELLS, CELLS) * side**2
    return fine.reshape(cells, CELLS // cells, cells, CELLS // cells).sum(axis=(1, 3))


@with_density
def test_the_density_integrates_to_one_and_gives_the_frequencies_of_the_samples(name):
    toy, n = TOYS[name], 200_000
    expected = masses(toy, 100)
    assert expected.sum() == pytest.approx(1, abs=1e-3)
    edges = np.linspace(-EXTENT, EXTENT, 101)
    counts, *_ = np.histogram2d(*toy.sample(n, seed=0).T, bins=edges)
    assert counts.sum() == n
    common = expected * n > 20
    squares = (counts - expected * n)[common] ** 2 / (expected * n)[common]
    # Pearson's statistic, a chi-square variable; the quadrature may be off by half a percent of a
    # cell's mass.
    assert squares.sum() < common.sum() + 5 * np.sqrt(2 * common.sum()) + n * 0.005**2
    rare = expected[~common].sum() * n
    assert counts[~common].sum() == pytest.approx(rare, abs=5 * np.sqrt(rare + 1))


@every_toy
def test_points_are_centred_with_about_unit_variance(name):
    points = TOYS[name].sample(50_000, seed=0)
    assert points.shape == (50_000, 2) and points.dtype == "float32"
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=0.05)
    assert 0.6 < points.var(axis=0).mean() < 1.2
    assert np.abs(points).max() < EXTENT


@every_toy
def test_a_seed_repeats_and_another_gives_other_points(name):
    toy = TOYS[name]
    np.testing.assert_array_equal(toy.sample(100, seed=1), toy.sample(100, seed=1))
    assert not np.any(toy.sample(100, seed=1) == toy.sample(100, seed=2))


def test_the_ring_is_its_map_and_has_no_mass_within_the_unit_circle():
    normal = np.random.default_rng(3).standard_normal((5, 2))
    expected = normal / 10 + normal / np.linalg.norm(normal, axis=1, keepdims=True)
    np.testing.assert_allclose(TOYS["ring"].sample(5, seed=3), expected, rtol=1e-6)
    np.testing.assert_array_equal(
        TOYS["ring"].log_prob([[0.0, 0.0], [0.6, 0.6], [0.0, 1.0]]), -np.inf
    )


def test_moons_lie_near_two_half_circles():
    x, y = (TOYS["moons"].sample(20_000, seed=0) / 1.4).T
    upper = np.hypot(x + 0.5, y + 0.25)
    lower = np.hypot(x - 0.5, y - 0.25)
    assert np.mean(np.minimum(abs(upper - 1), abs(lower - 1)) < 0.55) == 1
    assert np.mean(abs(upper - 1) < abs(lower - 1)) == pytest.approx(0.5, abs=0.05)
    assert TOYS["moons"].log_prob is None


def epochs(name, n, **options):
    tf = pytest.importorskip("tensorflow")
    assert isinstance(dataset := data.load(name, **options), tf.data.Dataset)
    return [np.asarray(batch) for batch in dataset.take(n)]


@every_toy
def test_loads_by_name(name):
    pytest.importorskip("tensorflow")
    for split, seed in (("train", 0), ("test", 1)):
        (points,) = epochs(name, -1, split=split, batch_size=10_000)
        assert points.dtype == "float32"
        np.testing.assert_array_equal(points, TOYS[name].sample(10_000, seed))


def test_sizes():
    assert catalog.entry("ring").reader.sizes == {"train": 10_000, "test": 10_000}
    assert data.size("ring", "train[:10%]+test[-5:]") == 1005


def test_a_start_step_gives_the_batches_of_a_run_from_the_start():
    options = {"batch_size": 3000, "shuffle": True, "seed": 3, "repeat": True}
    whole = epochs("moons", 9, **options)
    assert [batch.shape for batch in whole[:4]] == [(3000, 2)] * 3 + [(1000, 2)]
    np.testing.assert_array_equal(
        np.sort(np.concatenate(whole[:4]), 0), np.sort(TOYS["moons"].sample(10_000, 0), 0)
    )
    for start in (1, 4, 6):
        for batch, expected in zip(epochs("moons", 3, **options, start_step=start), whole[start:]):
            np.testing.assert_array_equal(batch, expected)


def test_a_file_gives_the_same_points(tmp_path):
    path = data.export_npz("pinwheel", tmp_path / "pinwheel.npz")
    points = data.from_npz(path, "test", batch_size=10_000)[0]
    np.testing.assert_array_equal(points, TOYS["pinwheel"].sample(10_000, seed=1))
    assert points.dtype == "float32"


@pytest.mark.parametrize("binarize", ["dynamic", "fixed"])
def test_points_are_not_binarized(binarize):
    message = (
        f"Expected binarize=None: 'ring' holds vectors, not images. Received: "
        f"binarize='{binarize}'. Drop it."
    )
    with pytest.raises(ValueError, match=message):
        data.load("ring", binarize=binarize)


def test_points_have_no_labels():
    with pytest.raises(
        ValueError, match="Expected labels=False: 'ring' has no labels. Received: labels=True"
    ):
        data.load("ring", labels=True)


def test_a_mistyped_name_is_answered_with_the_near_one():
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(ValueError, match="Received: 'pinweel'. Near names: .*'pinwheel'"):
        data.load("pinweel")
