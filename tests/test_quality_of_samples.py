"""How samples of a model are drawn, kept and measured."""

import tracemalloc

import keras
import numpy as np
import pytest
from scipy import stats
from tiny import tiny_gan

from kerasgen.data.synthetic.toys import TOYS
from kerasgen.metrics import features, quality
from kerasgen.metrics.frechet import Moments, frechet_distance
from kerasgen.metrics.modes import mode_coverage
from kerasgen.reports import report


class Shifted:
    """Points around (0.3, 0) in the plane; keeps what it was asked for."""

    event_shape, num_classes = (2,), None

    def __init__(self):
        self.asked = []

    def check(self, x, condition=None):
        return x, condition

    def shown_samples(self, n, condition=None, seed=None):
        self.asked.append((n, seed))
        return np.random.default_rng(seed).normal([0.3, 0], 1, (n, 2))


def test_more_samples_are_drawn_in_blocks_and_only_their_moments_kept(rng):
    held_out, training = rng.standard_normal((60, 2)), rng.standard_normal((400, 2))
    model = Shifted()
    usual = quality.sample_quality(model, held_out, training=training)
    many = quality.sample_quality(model, held_out, training=training, count=150)
    assert model.asked == [(60, 0), (60, 0), (60, 1), (30, 2)]
    drawn = np.concatenate(
        [model.shown_samples(n, seed=seed) for n, seed in ((60, 0), (60, 1), (30, 2))]
    )
    for ending, points in ("", drawn), ("_floor", training[:150]):
        expected = frechet_distance(Moments.of([points]), Moments.of([held_out]))
        assert many[f"frechet_distance{ending}[values]"].value == pytest.approx(expected, rel=1e-9)
        expected = frechet_distance(Moments.of([points[:60]]), Moments.of([held_out]))
        assert usual[f"frechet_distance{ending}[values]"].value == pytest.approx(expected, rel=1e-9)
    for name in usual:
        assert many[name] == usual[name] or name.startswith("frechet_distance"), name
    few = quality.sample_quality(model, held_out, training=training, count=25)
    assert few["frechet_distance[values]"].value != usual["frechet_distance[values]"].value
    assert model.asked[-1] == (25, 0)


def test_memory_does_not_grow_with_the_number_of_samples(rng):
    held_out, most = rng.standard_normal((100, 200)), []

    class Wide(Shifted):
        event_shape = (200,)

        def shown_samples(self, n, condition=None, seed=None):
            most.append(tracemalloc.get_traced_memory()[0])
            return np.random.default_rng(seed).standard_normal((n, 200))

    tracemalloc.start()
    try:
        quality.sample_quality(Wide(), held_out, count=2000)
    finally:
        tracemalloc.stop()
    assert len(most) == 20
    assert max(most[2:]) - most[2] < held_out.nbytes / 2  # 18 blocks later


def test_a_slow_extractor_is_given_no_more_than_the_floor_needs(rng):
    held_out, training, seen = rng.standard_normal((30, 2)), rng.standard_normal((400, 2)), []

    def function(examples):
        seen.append(len(examples))
        return examples

    slow = features.Extractor("slow", function, batch_size=20, slow=True)
    figures = quality.sample_quality(
        Shifted(), held_out, training=training, extractor=slow, count=50
    )
    assert sum(seen) == 30 + 50 + 50 and max(seen) == 20
    assert "frechet_distance_floor[slow]" in figures and not any(
        "copied" in name for name in figures
    )
    fast = quality.sample_quality(
        Shifted(), held_out, None, training, slow._replace(slow=False), count=50
    )
    assert set(fast) - set(figures) == {"copied[slow]"}
    assert all(fast[name] == figures[name] for name in figures)


@pytest.mark.parametrize("name", ["eight_gaussians", "grid_gaussians"])
def test_real_points_find_all_modes(name):
    toy = TOYS[name]
    count = len(toy.centres)
    points = toy.sample(5000, seed=0)
    figures = mode_coverage(points, toy.centres, toy.scale)
    assert figures["modes"].value == count
    assert figures["good_samples"].value == pytest.approx(100 * stats.chi2.cdf(9, 2), abs=0.6)
    one = mode_coverage(toy.centres[:1] + 0 * points, toy.centres, toy.scale)
    assert one["modes"].value == 1 and one["good_samples"].value == 100
    nothing = mode_coverage(points + 100, toy.centres, toy.scale)
    assert nothing["modes"].value == 0 and nothing["good_samples"].value == 0


def test_every_figure_stands_beside_its_floor_and_names_its_features(images):
    figures = report(tiny_gan()).evaluate(images)
    names = list(figures)
    assert names[:2] == ["frechet_distance[values]", "frechet_distance_floor[values]"]
    assert len(names) == 20 and not any("fid" in name.lower() for name in names)
    assert (
        figures["frechet_distance[values]"].value
        > 2 * figures["frechet_distance_floor[values]"].value
    )
    assert (
        figures["two_sample_accuracy[values]"].value > 90
        and figures["two_sample_p[values]"].value < 1e-6
    )
    for test in ("mean_difference", "mmd"):
        assert figures[f"{test}_p[values]"].value == pytest.approx(1 / 500)
        assert figures[f"{test}_p_floor[values]"].value > 0.01
    halves = quality.sample_quality(tiny_gan(), images[:128], training=images[128:])
    assert halves["copied[values]"].value < 1  # far from any data
    for name in halves:
        if "floor" in name and "_p_" not in name:  # p-values of real data lie anywhere in 0..1
            assert halves[name].value == pytest.approx(figures[name].value, rel=0.5, abs=0.2)
    with pytest.raises(
        ValueError, match="Expected at least 20 examples and 20 samples. Received: 5 and 5"
    ):
        quality.sample_quality(tiny_gan(), images[:5])
    with pytest.raises(
        ValueError, match="Expected at least 20 examples and 20 samples. Received: 256 and 19"
    ):
        quality.sample_quality(tiny_gan(), images, count=19)


def test_an_extractor_gives_the_features_of_its_function_batch_by_batch(rng):
    x = rng.random((1203, 4)).astype("float32")
    extractor = features.Extractor("double", lambda batch: 2 * keras.ops.convert_to_tensor(batch))
    np.testing.assert_allclose(extractor(x), 2 * x, rtol=1e-6)
    assert [len(batch) for batch in extractor.batches(x)] == [500, 500, 203]
    assert extractor(x).dtype == "float64"


def test_inception_features_come_from_a_weights_file_and_give_figures_their_name(rng, tmp_path):
    network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=None)
    network.save_weights(tmp_path / "inception.weights.h5")
    extractor = features.inception(tmp_path / "inception.weights.h5")
    assert extractor.name == "inception_v3" and extractor.slow
    images = rng.uniform(size=(2, 28, 28, 1)).astype("float32")
    resized = keras.ops.image.resize(np.repeat(images, 3, axis=-1), (299, 299))
    expected = network(keras.applications.inception_v3.preprocess_input(255.0 * resized))
    np.testing.assert_allclose(extractor(images), expected, rtol=1e-3, atol=1e-5)
    with pytest.raises(
        ValueError, match="Expected a file of InceptionV3's weights .* Received: 'gone.h5'"
    ):
        features.inception("gone.h5")
