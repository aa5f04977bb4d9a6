"""Bounds against a linear-Gaussian model, whose log p(x) and posterior are known exactly.

    z ~ N(0, I),  x | z ~ N(W z + b, s^2 I),  so  x ~ N(b, W W' + s^2 I)

The columns of W are orthogonal, so that the posterior's covariance is diagonal and the encoder can
be exact.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats
from tiny import tiny_vae

from kerasgen import LatentVariableModel, bottlenecks, likelihoods, networks, objectives

S = 0.3
W = np.array([[0.4, 0.1], [0.2, -0.2], [0.0, 0.3]])
W[:, 1] -= W[:, 0] * (W[:, 0] @ W[:, 1]) / (W[:, 0] @ W[:, 0])
B = np.array([0.5, 0.4, 0.6])
MARGINAL = stats.multivariate_normal(B, W @ W.T + S**2 * np.eye(3))
VARIANCE = 1 / (1 + (W**2).sum(0) / S**2)  # of the exact posterior


def exact_posterior_mean(x):
    return (x - B) @ W / S**2 * VARIANCE


def linear_gaussian(objective=None, shift=0.0, stretch=1.0):
    """The model with its exact posterior, or with one `shift`ed and `stretch`ed: keras Dense layers
    throughout.
    """
    encoder, decoder = keras.layers.Dense(3), keras.layers.Dense(3)
    model = LatentVariableModel(
        (3,), encoder, bottlenecks.Gaussian(2), decoder, likelihoods.Gaussian(S), objective
    )
    encoder.set_weights([np.eye(3), np.zeros(3)])
    decoder.set_weights([W.T, B])
    to_mean = W / S**2 * VARIANCE
    model.bottleneck.statistics.set_weights(
        [
            np.concatenate([to_mean, np.zeros((3, 2))], axis=1),
            np.concatenate(
                [-B @ to_mean + shift, np.log(np.expm1(stretch * np.sqrt(VARIANCE) - 1e-5))]
            ),
        ]
    )
    return model


def kl_to_exact_posterior(shift, stretch):
    return (0.5 * (stretch**2 + shift**2 / VARIANCE - 1) - np.log(stretch)).sum()


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).uniform(size=(64, 3)).astype("float32")


WRONG = {"shift": 0.3, "stretch": 1.4}


def test_the_oracle_encoder_is_exact(x):
    posterior = linear_gaussian().encode(x)
    np.testing.assert_allclose(posterior.mean(), exact_posterior_mean(x), atol=1e-5)
    np.testing.assert_allclose(posterior.stddev(), np.tile(np.sqrt(VARIANCE), (64, 1)), rtol=1e-4)


def test_with_the_exact_posterior_every_bound_is_log_p_whatever_the_samples(x):
    model, log_p = linear_gaussian(), MARGINAL.logpdf(x)
    np.testing.assert_allclose(
        model.log_weights(x, num_samples=5), np.tile(log_p, (5, 1)), atol=1e-3
    )
    np.testing.assert_allclose(model.elbo(x, seed=0), log_p, atol=1e-3)
    np.testing.assert_allclose(model.log_prob(x, num_samples=3, seed=0), log_p, atol=1e-3)
    terms = linear_gaussian(objectives.IWAE(3)).loss_terms(x).terms
    np.testing.assert_allclose(terms["iwae"], -log_p, atol=1e-3)


def test_with_another_posterior_the_elbo_is_below_log_p_by_the_kl(x):
    log_weights = linear_gaussian(**WRONG).log_weights(x, num_samples=4000).numpy()
    gap = MARGINAL.logpdf(x) - log_weights.mean(0)
    standard_error = log_weights.std(0) / np.sqrt(4000)
    assert np.all(np.abs(gap - kl_to_exact_posterior(**WRONG)) < 5 * standard_error)
    assert np.all(standard_error < 0.05)


def test_the_elbo_objective_is_the_same_bound_in_two_terms(x):
    terms = linear_gaussian(objectives.ELBO(num_samples=4000), **WRONG).loss_terms(x).terms
    mean, variance = exact_posterior_mean(x) + WRONG["shift"], WRONG["stretch"] ** 2 * VARIANCE
    kl = 0.5 * (variance + mean**2 - 1 - np.log(variance)).sum(-1)
    np.testing.assert_allclose(terms["kl"], kl, rtol=1e-3)
    elbo = -(terms["reconstruction"] + terms["kl"]).numpy()
    np.testing.assert_allclose(elbo, MARGINAL.logpdf(x) - kl_to_exact_posterior(**WRONG), atol=0.15)
    assert abs((MARGINAL.logpdf(x) - elbo).mean() - kl_to_exact_posterior(**WRONG)) < 0.02


def test_log_prob_rises_to_log_p_as_k_grows(x, monkeypatch):
    monkeypatch.setattr(LatentVariableModel, "decodes_at_once", 10**6)
    model, log_p = linear_gaussian(**WRONG), MARGINAL.logpdf(x).mean()
    gaps = []
    for k in (1, 8, 64, 512):
        many = np.tile(x, (max(4, 128 // k), 1))
        gaps.append(log_p - np.mean(model.log_prob(many, num_samples=k, seed=0)))
    assert gaps[0] == pytest.approx(kl_to_exact_posterior(**WRONG), abs=0.05)
    assert all(later < earlier for earlier, later in zip(gaps, gaps[1:-1], strict=False)), gaps
    assert abs(gaps[-1]) < 0.01, gaps


def test_log_prob_is_the_same_estimate_in_any_number_of_chunks(x, monkeypatch):
    model, x = linear_gaussian(**WRONG), x[:6]
    monkeypatch.setattr(LatentVariableModel, "decodes_at_once", 1000)
    examples_split = model.log_prob(x, num_samples=400, seed=0)  # two examples at a time
    samples_split = model.log_prob(x, num_samples=2500, seed=0)  # three chunks for each example
    assert examples_split.shape == samples_split.shape == (6,)
    np.testing.assert_allclose(examples_split, MARGINAL.logpdf(x), atol=0.2)
    np.testing.assert_allclose(samples_split, MARGINAL.logpdf(x), atol=0.1)


def test_iwae_is_the_log_of_the_mean_weight_and_tighter_than_the_elbo(x):
    model, many = linear_gaussian(objectives.IWAE(8), **WRONG), np.tile(x, (20, 1))
    state = model.seeds.state.numpy()
    bound = -model.loss_terms(many).terms["iwae"].numpy()
    model.seeds.state.assign(state)
    log_weights = model.log_weights(many, num_samples=8).numpy().astype("float64")
    np.testing.assert_allclose(bound, special.logsumexp(log_weights, axis=0) - np.log(8), atol=1e-4)
    log_p = MARGINAL.logpdf(x).mean()
    assert log_p - kl_to_exact_posterior(**WRONG) + 0.1 < bound.mean() < log_p


def test_iwae_of_one_sample_is_the_elbo(x):
    bound = -np.mean(
        linear_gaussian(objectives.IWAE(1), **WRONG).loss_terms(np.tile(x, (50, 1))).terms["iwae"]
    )
    assert bound == pytest.approx(
        MARGINAL.logpdf(x).mean() - kl_to_exact_posterior(**WRONG), abs=0.06
    )


def test_iwae_starts_on_the_elbo_where_asked(x):
    model, many = linear_gaussian(objectives.IWAE(64, start_step=2), **WRONG), np.tile(x, (20, 1))
    log_p = MARGINAL.logpdf(x).mean()
    gaps = [log_p + np.mean(model.loss_terms(many, training=True).terms["iwae"]) for _ in range(3)]
    assert gaps[:2] == pytest.approx([kl_to_exact_posterior(**WRONG)] * 2, abs=0.1)
    assert gaps[2] < 0.1


@pytest.mark.parametrize("posterior", [{}, WRONG])
def test_the_gradient_of_iwae_tends_to_that_of_log_p(x, posterior):
    model = linear_gaussian(objectives.IWAE(4000), **posterior)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.loss_terms(x).terms["iwae"])
    gradient = tape.gradient(loss, model.decoder.bias)
    exact = -np.mean((x - B) @ np.linalg.inv(MARGINAL.cov), axis=0)  # d -log N(x; b, C) / db
    np.testing.assert_allclose(gradient, exact, atol=0.03)


def test_the_gradient_of_the_elbo_pulls_the_posterior_to_the_exact_one(x):
    model = linear_gaussian(objectives.ELBO(num_samples=4000), **WRONG)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(sum(model.loss_terms(x).terms.values()))
    gradient = tape.gradient(loss, model.bottleneck.statistics.bias).numpy()[:2]
    np.testing.assert_allclose(
        gradient, WRONG["shift"] / VARIANCE, rtol=0.05
    )  # dKL(q || p(z | x)) / dmean


def test_beta_weighs_the_kl_in_the_loss_and_not_in_the_log(images):
    model = tiny_vae(objective=objectives.ELBO(beta=4.0))
    model.compile(keras.optimizers.SGD(0.0))
    logs = model.evaluate(images, batch_size=64, return_dict=True, verbose=0)
    unweighted = model.loss_terms(images).terms
    assert logs["kl"] == pytest.approx(np.mean(unweighted["kl"]), rel=1e-4)
    assert logs["loss"] == pytest.approx(logs["reconstruction"] + 4 * logs["kl"], rel=1e-4)


def test_warm_up_raises_the_weight_to_beta_step_by_step(images):
    model = tiny_vae(objective=objectives.ELBO(beta=2.0, warmup_steps=4))
    model.compile(keras.optimizers.SGD(0.0))
    assert float(model.loss_terms(images[:2]).weights["kl"]) == 0
    for weight in (0.5, 1.0, 1.5, 2.0, 2.0):
        logs = model.fit(images[:32], batch_size=32, verbose=0).history
        assert logs["loss"][0] == pytest.approx(
            logs["reconstruction"][0] + weight * logs["kl"][0], rel=1e-5
        )
    model.evaluate(images[:32], verbose=0)
    assert int(model.objective.step) == 5  # evaluation is not a training step


def test_the_warm_up_step_is_saved_with_the_weights(images, tmp_path):
    def objective():
        return objectives.ELBO(warmup_steps=10)

    model = tiny_vae(objective=objective())
    model.compile(keras.optimizers.SGD(1e-3))
    model.fit(images[:96], batch_size=32, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = tiny_vae(objective=objective())
    fresh.load_weights(tmp_path / "model.weights.h5")
    assert int(fresh.objective.step) == 3
    assert float(fresh.loss_terms(images[:2]).weights["kl"]) == pytest.approx(0.3)


OBJECTIVES = [
    objectives.ELBO(2.0, 5, 3),
    objectives.IWAE(5, 2),
    objectives.TCVAE(100, 0.5, 3.0, 2.0),
]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=["elbo", "iwae", "tcvae"])
def test_config_round_trip(objective):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(objective))
    assert type(copy) is type(objective)
    assert copy.get_config() == objective.get_config()


def test_any_event_shape_will_do():
    model = LatentVariableModel(
        (7,),
        networks.MLP((4,), (8,)),
        bottlenecks.Gaussian(2),
        networks.MLP((14,), (8,)),
        likelihoods.Gaussian(),
    )
    assert model.sample(3, seed=0).shape == (3, 7)
    assert model.log_prob(np.full((2, 7), 0.5), num_samples=4).shape == (2,)


@pytest.mark.parametrize("name", ["ELBO", "IWAE", "TCVAE"])
def test_data_of_another_type_are_cast(name):
    """Keras casts neither integers nor what a tf.data pipeline gives."""
    arguments = {"IWAE": {"num_samples": 2}, "TCVAE": {"dataset_size": 8}}.get(name, {})
    model = tiny_vae(likelihoods.Gaussian(), getattr(objectives, name)(**arguments))
    model.compile("adam")
    images = np.random.default_rng(0).integers(2, size=(4, 8, 8, 1))
    for dtype in ("uint8", "float64"):
        logs = model.fit(
            tf.data.Dataset.from_tensor_slices(images.astype(dtype)).batch(2), verbose=0
        ).history
        assert np.isfinite(logs["loss"])


@pytest.mark.parametrize(
    "part", [lambda: bottlenecks.Gaussian(2), lambda: bottlenecks.GumbelSoftmax(8, 4)]
)
def test_the_noise_of_training_follows_the_global_seed(part):
    """So that a recipe's seed is one of the noise too."""

    def drawn(seed):
        keras.utils.set_random_seed(seed)
        bottleneck = part()
        features = np.zeros((3, 2, 2, 4), "float32")
        features = (
            features
            if isinstance(bottleneck, bottlenecks.GumbelSoftmax)
            else features.reshape(3, -1)
        )
        keras.utils.set_random_seed(0)  # of the weights
        return np.asarray(bottleneck(features, training=True).z)

    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert np.any(drawn(1) != drawn(2))
