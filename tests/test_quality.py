"""Sample quality against oracles: closed forms, brute force, calibration under the null, bad
generators.
"""

import itertools
import math

import numpy as np
import pytest
from scipy import linalg, stats

from kerasgen.metrics import kernel, manifold, memorisation, quality, two_sample
from kerasgen.metrics.frechet import Moments, frechet_distance


def correlated(rng, n, size=3):
    return rng.standard_normal((n, size)) @ rng.standard_normal((size, size)) + rng.standard_normal(
        size
    )


def test_moments_of_batches_are_those_of_the_whole(rng):
    x = correlated(rng, 1000) + 1e4
    moments = Moments.of(np.array_split(x, [1, 7, 500]))
    np.testing.assert_allclose(moments.mean, x.mean(axis=0))
    np.testing.assert_allclose(moments.covariance(), np.cov(x.T), rtol=1e-9)
    with pytest.raises(
        ValueError, match="Expected at least 2 examples, for a covariance. Received: 1"
    ):
        Moments.of([x[:1]]).covariance()


def test_the_frechet_distance_is_its_definition(rng):
    x, y = correlated(rng, 500), correlated(rng, 300)
    a, b = np.cov(x.T), np.cov(y.T)
    expected = np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(
        a + b - 2 * np.real(linalg.sqrtm(a @ b))
    )
    assert frechet_distance(Moments.of([x]), Moments.of([y])) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(Moments.of([x]), Moments.of([x])) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_of_normals_in_closed_form(rng):
    """Of independent coordinates: the squared differences of means and of standard deviations,
    summed.
    """
    x = rng.standard_normal((200_000, 2)) * [1, 3] + [0, 1]
    y = rng.standard_normal((200_000, 2)) * [2, 3] + [1, -1]
    assert frechet_distance(Moments.of([x]), Moments.of([y])) == pytest.approx(1 + 4 + 1, rel=0.02)


def test_the_frechet_distance_of_singular_covariances(rng):
    x = np.repeat(rng.standard_normal((50, 1)), 4, axis=1)
    assert frechet_distance(Moments.of([x]), Moments.of([x + 1])) == pytest.approx(4)


def brute_force_mmd2(x, y):
    def k(a, b):
        return (np.dot(a, b) / len(a) + 1) ** 3

    within = [np.mean([k(a, b) for a, b in itertools.permutations(z, 2)]) for z in (x, y)]
    return sum(within) - 2 * np.mean([k(a, b) for a in x for b in y])


def test_the_kernel_distance_and_its_error_are_their_definitions(rng):
    x, y = rng.standard_normal((7, 2)), rng.standard_normal((5, 2)) + 1
    figure = kernel.kernel_distance(x, y)
    assert figure.value == pytest.approx(brute_force_mmd2(x, y))
    without_x = [brute_force_mmd2(np.delete(x, i, 0), y) for i in range(7)]
    without_y = [brute_force_mmd2(x, np.delete(y, i, 0)) for i in range(5)]
    variance = 6 * np.var(without_x) + 4 * np.var(without_y)
    assert figure.standard_error == pytest.approx(math.sqrt(variance))
    with pytest.raises(ValueError, match="Expected at least 3 examples a side. Received: 2 and 5"):
        kernel.kernel_distance(x[:2], y)


@pytest.mark.parametrize(("shift", "excess"), [(0.5, 1.0), (0.0, 1.4)])
def test_the_kernel_distance_is_unbiased_and_its_error_honest(rng, shift, excess):
    """Estimates scatter around the true value by their standard error, which equal sides
    overstate.
    """
    draws = rng.standard_normal((400, 2, 60, 2))
    figures = [kernel.kernel_distance(x, y + shift) for x, y in draws]
    values, errors = (np.array([each[k] for each in figures]) for k in (0, 2))
    true = _mean_kernel(0, 0) + _mean_kernel(shift, shift) - 2 * _mean_kernel(0, shift)
    assert abs(values.mean() - true) < 3 * values.std() / math.sqrt(len(values))
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(excess * values.std(), rel=0.2)


def _mean_kernel(a, b):
    """E[(x y / 2 + 1)^3], x and y normal around (a, a) and (b, b), by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(6)  # exact up to degree 11
    weights = weights / weights.sum()
    grids = np.meshgrid(*[nodes] * 4, indexing="ij")
    x, y = np.stack(grids[:2], -1) + a, np.stack(grids[2:], -1) + b
    weight = np.einsum("i,j,k,l->ijkl", *[weights] * 4)
    return np.sum(weight * (np.sum(x * y, -1) / 2 + 1) ** 3)


def test_the_kernel_distance_sees_a_shift_and_is_blind_to_blocks(rng, monkeypatch):
    x, y = rng.standard_normal((400, 2)), rng.standard_normal((300, 2)) + 1
    far = kernel.kernel_distance(x, y)
    assert far.value > 5 * far.standard_error
    monkeypatch.setattr(kernel, "_ROWS", 7)
    in_blocks = kernel.kernel_distance(x, y)
    assert in_blocks.value == pytest.approx(far.value)
    assert in_blocks.standard_error == pytest.approx(far.standard_error)


def test_precision_recall_density_and_coverage_by_hand():
    """On a line: real examples 0..9, whose balls (k = 1) reach to their neighbours."""
    real = np.arange(10.0)[:, None]
    fake = np.array([[0.25], [0.5], [50.0], [51.0]])
    assert manifold.precision_recall(real, fake, k=1) == (0.5, pytest.approx(0.1))
    density, coverage = manifold.density_coverage(real, fake, k=1)
    assert density == pytest.approx((2 + 2 + 0 + 0) / 4)
    assert coverage == pytest.approx(0.2)
    with pytest.raises(
        ValueError, match="Expected more than k=5 examples a side. Received: 10 and 4"
    ):
        manifold.density_coverage(real, fake)


def test_precision_and_recall_tell_a_collapse_from_noise(rng):
    real = rng.standard_normal((600, 4))
    same = manifold.precision_recall(real, rng.standard_normal((600, 4)))
    collapsed = manifold.precision_recall(real, real[0] + 0.02 * rng.standard_normal((600, 4)))
    scattered = manifold.precision_recall(real, 4 * rng.standard_normal((600, 4)))
    assert min(same) > 0.6
    assert collapsed[0] > 0.95 and collapsed[1] < 0.05
    assert scattered[0] < 0.4 and scattered[1] > 0.8
    density, coverage = manifold.density_coverage(real, rng.standard_normal((600, 4)))
    assert density == pytest.approx(1, abs=0.15) and coverage == pytest.approx(1 - 2**-5, abs=0.04)


@pytest.mark.parametrize("test", [two_sample.mean_difference, two_sample.mmd])
def test_p_values_are_uniform_under_the_null(test, rng):
    p_values = [
        test(*rng.standard_normal((2, 25, 3)), permutations=59, seed=i).p_value for i in range(800)
    ]
    spread = (
        p_values - rng.random(800) / 60
    )  # they are multiples of 1/60: their cells make them continuous
    assert stats.kstest(spread, stats.uniform.cdf).pvalue > 0.01
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.04)


def test_tests_see_what_they_test_for(rng):
    x = rng.standard_normal((200, 3))
    shifted, wider = rng.standard_normal((200, 3)) + 0.7, 2.5 * rng.standard_normal((200, 3))
    assert two_sample.mean_difference(x, shifted).p_value == pytest.approx(1 / 500)
    assert (
        two_sample.mmd(x, shifted).p_value
        == two_sample.mmd(x, wider).p_value
        == pytest.approx(1 / 500)
    )
    assert two_sample.mean_difference(x, wider).p_value > 0.01
    told = two_sample.classifier_test(
        rng.standard_normal((600, 3)), 2.5 * rng.standard_normal((600, 3))
    )
    assert told.accuracy > 0.6 and told.low > 0.5 and told.p_value < 1e-3 and told.count == 600
    far = two_sample.classifier_test(
        rng.standard_normal((2000, 1)), rng.standard_normal((2000, 1)) + 20
    )
    assert 0 < far.p_value < 1e-300
    with pytest.raises(ValueError, match="Expected at least 20 examples a side, .* Received: 10"):
        two_sample.classifier_test(x[:10], x)


def test_the_classifier_tests_interval_covers_chance_under_the_null(rng):
    outcomes = [
        two_sample.classifier_test(*rng.standard_normal((2, 200, 2)), seed=i) for i in range(120)
    ]
    covered = np.mean([each.low <= 0.5 <= each.high for each in outcomes])
    assert covered == pytest.approx(0.95, abs=0.05)
    assert np.mean([each.p_value <= 0.05 for each in outcomes]) <= 0.1


def test_a_copier_is_caught(rng):
    training, held_out, fresh = rng.standard_normal((3, 300, 5))
    copies = training[rng.integers(300, size=200)] + 0.01 * rng.standard_normal((200, 5))
    caught = memorisation.copying(copies, training, held_out)
    assert caught.share > 0.99 and caught.p_value < 1e-10
    np.testing.assert_allclose(
        np.linalg.norm(copies - training[caught.nearest], axis=1), caught.distances
    )
    honest = memorisation.copying(fresh, training, held_out)
    assert honest.share == pytest.approx(0.5, abs=0.1) and honest.p_value > 0.01
    assert memorisation.copying(fresh + 9, training, held_out).share < 0.01


def test_a_model_that_copies_its_training_examples_is_caught(images):
    class Copier:
        event_shape, num_classes = (8, 8, 1), None

        def check(self, x, condition=None):
            return x, condition

        def shown_samples(self, n, condition=None, seed=None):
            return images[128 + np.arange(n) % 128]

    figures = quality.sample_quality(Copier(), images[:128], training=images[128:])
    assert figures["copied[values]"].value > 99
    honest = quality.sample_quality(Copier(), images[:64], training=images[64:128])
    assert honest["copied[values]"].value == pytest.approx(50, abs=10)
