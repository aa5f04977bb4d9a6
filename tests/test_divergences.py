"""Divergences: with the optimal critic, in closed form or trained, each reports what quadrature
gives.
"""

import importlib.util
import math
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from critics import estimate, train
from scipy import integrate, stats

from kerasgen import divergences, networks, recipe, regularizers

P, Q = stats.norm(0.0, 0.8), stats.norm(0.7, 1.0)


def ratio(x):
    return P.pdf(x) / Q.pdf(x)


def points(distribution, count=200_000):
    """Quantiles in equal steps of probability: a mean over them is quadrature of an expectation."""
    return distribution.ppf((np.arange(count) + 0.5) / count)


def quadrature(integrand):
    return integrate.quad(
        lambda x: integrand(P.pdf(x), Q.pdf(x)), -12, 12, limit=500, epsabs=1e-10
    )[0]


def jensen_shannon(p, q):
    return (p * math.log(2 * p / (p + q)) + q * math.log(2 * q / (p + q))) / 2


# Divergence, its optimal critic as a function of p / q, and the integrand of what it reports.
OPTIMA = {
    "minimax": (divergences.Minimax(), np.log, jensen_shannon),
    "non_saturating": (divergences.NonSaturating(), np.log, jensen_shannon),
    "kl": (divergences.KL(), lambda r: 1 + np.log(r), lambda p, q: p * math.log(p / q)),
    "reverse_kl": (divergences.ReverseKL(), np.log, lambda p, q: q * math.log(q / p)),
    "pearson": (divergences.Pearson(), lambda r: 2 * (r - 1), lambda p, q: (p - q) ** 2 / q),
    "squared_hellinger": (
        divergences.SquaredHellinger(),
        lambda r: np.log(r) / 2,
        lambda p, q: (math.sqrt(p) - math.sqrt(q)) ** 2,
    ),
    "total_variation": (
        divergences.TotalVariation(),
        lambda r: 20 * np.sign(r - 1),
        lambda p, q: abs(p - q) / 2,
    ),
    "least_squares": (
        divergences.LeastSquares(),
        lambda r: r / (1 + r),
        lambda p, q: (p - q) ** 2 / (p + q) / 2,
    ),
    "hinge": (divergences.Hinge(), lambda r: np.sign(r - 1), lambda p, q: abs(p - q) / 2),
}
every_divergence = pytest.mark.parametrize("name", OPTIMA)
ALL = [divergence for divergence, *_ in OPTIMA.values()] + [
    divergences.Wasserstein(),
    divergences.RelativisticAverage(),
    divergences.RelativisticAverage(divergences.Hinge()),
    divergences.NonSaturating(divergences.KL()),
]


@every_divergence
def test_the_optimal_critic_reports_the_divergence(name):
    divergence, optimum, integrand = OPTIMA[name]
    reported = estimate(divergence, optimum(ratio(points(P))), optimum(ratio(points(Q))))
    assert reported == pytest.approx(quadrature(integrand), rel=2e-3)


@every_divergence
def test_no_other_critic_reports_more(name):
    divergence, optimum, integrand = OPTIMA[name]
    real, fake = points(P, 20_000), points(Q, 20_000)
    best = quadrature(integrand)
    for disturb in (lambda x: 0.3 * np.sin(3 * x), lambda x: 0.2 * x, lambda x: 0.4 + 0 * x):
        scores = [optimum(ratio(x)) + disturb(x) for x in (real, fake)]
        assert estimate(divergence, *scores) < best + 1e-3


@every_divergence
def test_equal_distributions_diverge_by_nothing(name):
    divergence, optimum, _ = OPTIMA[name]
    scores = np.broadcast_to(optimum(np.ones(1)), (4,))
    assert estimate(divergence, scores, scores) == pytest.approx(0, abs=1e-6)


# The second coordinate of points in the plane, independent of the first.
P_2, Q_2 = stats.norm(0.0, 1.0), stats.norm(0.5, 1.1)


def in_the_plane(first, second, count=48):
    """Points `[count^2, 2]`, of equal probability."""
    return np.stack(np.meshgrid(points(first, count), points(second, count)), axis=-1).reshape(
        -1, 2
    )


def quadrature_in_the_plane(integrand):
    x, step = np.linspace(-8, 8, 400, retstep=True)
    p, q = (first.pdf(x) * second.pdf(x)[:, None] for first, second in ((P, P_2), (Q, Q_2)))
    return np.sum(np.vectorize(integrand)(p, q)) * step**2


@every_divergence
@pytest.mark.parametrize("dimensions", [1, 2])
def test_a_critic_trained_to_convergence_reports_the_divergence(name, dimensions):
    divergence, _, integrand = OPTIMA[name]
    samples = [points(each, 512)[:, None] for each in (P, Q)]
    if dimensions == 2:
        samples = [in_the_plane(P, P_2), in_the_plane(Q, Q_2)]
    if (
        name == "reverse_kl"
    ):  # the narrow one must be the samples', or points beyond all of the data are infinitely far
        samples, integrand = samples[::-1], lambda p, q: OPTIMA[name][2](q, p)
    exact = (quadrature if dimensions == 1 else quadrature_in_the_plane)(integrand)
    real, fake = (each.astype("float32") for each in samples)
    critic = networks.MLP((), (32, 32), "tanh")
    critic(real)
    train(critic.trainable_variables, lambda: divergence.critic_terms(critic(real), critic(fake)))
    assert float(divergence.estimate(critic(real), critic(fake))) == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize(
    ("name", "distance", "exact"),
    [
        ("Jensen-Shannon", 0.75, 0.75 * math.log(2)),
        ("total variation", 0.75, 0.75),
        ("Wasserstein", 0.5, 0.5),
        ("Wasserstein", 3, 3),
    ],
)
def test_the_critics_of_the_picture_have_converged(name, distance, exact):
    path = pathlib.Path(__file__).parents[1] / "benchmarks" / "divergences.py"
    spec = importlib.util.spec_from_file_location("divergences_benchmark", path)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    assert benchmark.GAMES[name][2](distance) == pytest.approx(exact)
    assert benchmark.reported(name, distance, 4000) == pytest.approx(exact, abs=0.01)


def moved(distance, critic, regularizer=None):
    """What a trained critic reports as the Wasserstein distance of a unit square and the same moved
    so far.
    """
    u = (np.arange(12) + 0.5) / 12
    fake = tf.constant(np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2), "float32")
    real = fake + distance * tf.constant([0.6, 0.8])
    divergence, regularizer = divergences.Wasserstein(), regularizer or regularizers.Regularizer()
    critic(real)

    def terms():
        scores = [critic(x, training=True) for x in (real, fake)]
        penalties = regularizer.terms(critic, real, fake, tf.random.uniform((len(real),), seed=0))
        return divergence.critic_terms(*scores) + sum(
            regularizer.weight * term for term in penalties.values()
        )

    train(critic.trainable_variables, terms, regularizer.constrain)
    return float(divergence.estimate(critic(real), critic(fake)))


@pytest.mark.parametrize("distance", [0.5, 2.0])
def test_with_a_gradient_penalty_the_report_is_the_wasserstein_distance_in_the_plane(distance):
    reported = moved(distance, networks.MLP((), (32, 32)), regularizers.GradientPenalty(100.0))
    assert reported == pytest.approx(distance, rel=0.03)


def test_a_spectral_critic_reports_the_wasserstein_distance_in_the_plane_at_most():
    reported = moved(2.0, networks.MLP((), (32, 32), normalization="spectral"))
    assert 1.0 < reported < 2.02


def test_with_weight_clipping_the_report_is_proportional_to_the_wasserstein_distance_in_the_plane():
    """A linear critic's weights end at the limit: its slope along the move is that times
    0.6 + 0.8.
    """
    for distance in (1.0, 3.0):
        reported = moved(distance, networks.MLP((), ()), regularizers.WeightClipping(0.1))
        assert reported == pytest.approx(0.1 * (0.6 + 0.8) * distance, rel=1e-3)


def test_jensen_shannon_saturates_where_wasserstein_grows():
    """Two uniform densities on unit intervals that do not overlap; x itself is an optimal critic of
    slope 1.
    """
    u = (np.arange(1000) + 0.5) / 1000
    for distance in (1.0, 3.0, 10.0):
        real, fake = u + distance, u
        assert estimate(divergences.Wasserstein(), real, fake) == pytest.approx(distance, rel=1e-5)
        assert stats.wasserstein_distance(real, fake) == pytest.approx(distance)
        certain = np.full(1000, 50.0)
        assert estimate(divergences.Minimax(), certain, -certain) == pytest.approx(
            math.log(2), abs=1e-6
        )


@pytest.mark.parametrize("divergence", ALL, ids=lambda each: type(each).__name__)
def test_the_generator_is_pulled_towards_data(divergence):
    """Raising the scores of samples lowers the generator's loss and raises the critic's, term by
    term.
    """
    real, fake = np.full(5, 0.9, "float32"), np.linspace(-0.9, 0.5, 5, dtype="float32")
    lower, higher = (
        np.mean(divergence.generator_terms(real, fake + shift)) for shift in (0.0, 0.1)
    )
    assert higher < lower
    terms = divergence.critic_terms(real, fake)
    assert terms.shape == (5,)
    if not isinstance(divergence, divergences.LeastSquares):  # which draws scores to 0
        assert np.mean(divergence.critic_terms(real, fake + 0.1)) > np.mean(terms)


@pytest.mark.parametrize("divergence", ALL, ids=lambda each: type(each).__name__)
def test_saves_and_loads(divergence):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(divergence))
    assert type(copy) is type(divergence)
    scores = np.random.default_rng(0).standard_normal((2, 9)).astype("float32")
    np.testing.assert_array_equal(copy.critic_terms(*scores), divergence.critic_terms(*scores))


def test_forms_of_divergences_that_there_are_not_are_refused():
    for whole in (divergences.Hinge(), divergences.NonSaturating(), "Minimax"):
        message = rf"Expected divergence to be .*FDivergence\. .*\({type(whole).__name__}\)"
        with pytest.raises(ValueError, match=message):
            divergences.NonSaturating(whole)
    for other in (divergences.Wasserstein(), divergences.KL(), divergences.NonSaturating()):
        message = rf"Expected divergence to be .*Minimax or .*Hinge\. .*\({type(other).__name__}\)"
        with pytest.raises(ValueError, match=message):
            divergences.RelativisticAverage(other)


def test_a_recipe_names_divergences():
    built = recipe.build(
        {"divergences.NonSaturating": {"divergence": {"divergences.ReverseKL": {}}}}
    )
    assert isinstance(built.divergence, divergences.ReverseKL)
