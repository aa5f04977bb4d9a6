"""The parts of the KL against Gaussians, in closed form and on the whole data set."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from tiny import tiny_vae

from kerasgen import backend, bottlenecks, objectives
from kerasgen.objectives import decomposition


def gaussians(n, seed=0):
    """Codes of n examples x ~ N(0, C), q(z | x) = N(x, diag(s^2)), whose aggregate posterior is
    N(0, C + diag(s^2)).
    """
    covariance, scale = (
        np.array([[1.5, 0.9, 0.0], [0.9, 1.0, 0.2], [0.0, 0.2, 0.5]]),
        np.array([0.5, 0.6, 0.4]),
    )
    x = (
        np.random.default_rng(seed)
        .multivariate_normal(np.zeros(3), covariance, n)
        .astype("float32")
    )
    posterior = backend.tfd.MultivariateNormalDiag(x, np.tile(scale, (n, 1)).astype("float32"))
    prior = backend.tfd.MultivariateNormalDiag(np.zeros(3, "float32"), np.ones(3, "float32"))
    return posterior.sample(seed=seed), posterior, prior, covariance + np.diag(scale**2), scale


def test_the_parts_of_the_kl_agree_with_a_gaussian_aggregate_posterior():
    z, posterior, prior, covariance, scale = gaussians(1500)
    variance, log_det = np.diag(covariance), np.linalg.slogdet(covariance)[1]
    exact = (
        0.5 * (log_det - np.log(scale**2).sum()),
        0.5 * (np.log(variance).sum() - log_det),
        0.5 * (variance - 1 - np.log(variance)).sum(),
    )
    parts = decomposition.kl_parts(z, posterior, prior, dataset_size=10**6)
    np.testing.assert_allclose([np.mean(part) for part in parts], exact, atol=0.06)
    assert exact[1] > 0.2


def test_the_parts_of_the_kl_are_exact_on_the_whole_data_set():
    z, posterior, prior, *_ = gaussians(30)
    densities = stats.norm(posterior.mean().numpy(), posterior.stddev().numpy()).pdf(
        z.numpy()[:, None]
    )
    log_q, log_q_dimensions = np.log(densities.prod(-1).mean(1)), np.log(densities.mean(1)).sum(-1)
    exact = (
        posterior.log_prob(z) - log_q,
        log_q - log_q_dimensions,
        log_q_dimensions - prior.log_prob(z),
    )
    parts = decomposition.kl_parts(z, posterior, prior, dataset_size=30)
    for part, value in zip(parts, exact):
        np.testing.assert_allclose(part, value, atol=1e-4)


def test_the_density_of_the_aggregate_posterior_is_estimated_without_bias():
    """q(z_0) from every batch of 3 of a set of 6 that holds x_0; their mean is q(z_0)
    from all 6.
    """
    z, posterior, prior, *_ = gaussians(6)

    def density(rows, dataset_size):
        some = backend.tfd.MultivariateNormalDiag(
            *(tf.gather(x, rows) for x in (posterior.mean(), posterior.stddev()))
        )
        information, *_ = decomposition.kl_parts(tf.gather(z, rows), some, prior, dataset_size)
        return np.exp(some.log_prob(tf.gather(z, rows)) - information)[0]

    batches = [density([0, *others], 6) for others in itertools.combinations(range(1, 6), 2)]
    assert np.mean(batches) == pytest.approx(density(list(range(6)), 6), rel=1e-4)
    assert np.std(batches) > 0


@pytest.mark.parametrize("size", [1, 2, 64])
def test_the_parts_add_up_to_the_kl(images, size):
    model = tiny_vae(objective=objectives.TCVAE(dataset_size=256))
    terms = model.loss_terms(images[:size]).terms
    assert all(term.shape == (size,) for term in terms.values())
    model.bottleneck.noise.state.assign(tiny_vae().bottleneck.noise.state)
    posterior = model.encode(images[:size])
    z = posterior.sample(seed=backend.next_seed(model.bottleneck.noise))  # the same draw
    kl = posterior.log_prob(z) - model.bottleneck.prior().log_prob(z)
    parts = [terms[name] for name in ("mutual_information", "total_correlation", "dimension_kl")]
    np.testing.assert_allclose(sum(parts), kl, atol=1e-4)
    np.testing.assert_allclose(
        terms["reconstruction"], -model.decode(z).log_prob(images[:size]), rtol=1e-5
    )


def test_tcvae_weighs_each_part_in_the_loss_and_none_in_the_log(images):
    model = tiny_vae(objective=objectives.TCVAE(256, alpha=0.5, beta=5.0, gamma=2.0))
    model.compile(keras.optimizers.SGD(1e-3))
    logs = {
        name: values[0]
        for name, values in model.fit(images[:96], batch_size=64, verbose=0).history.items()
    }
    parts = (
        0.5 * logs["mutual_information"] + 5 * logs["total_correlation"] + 2 * logs["dimension_kl"]
    )
    assert logs["loss"] == pytest.approx(logs["reconstruction"] + parts, rel=1e-4)


def test_tcvae_needs_independent_dimensions():
    with pytest.raises(
        ValueError, match="Expected a bottleneck of independent Gaussian dimensions.*Hierarchical"
    ):
        objectives.TCVAE(100).term_names(bottlenecks.Hierarchical((2, 2)))
