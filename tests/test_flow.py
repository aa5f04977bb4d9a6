"""Flow priors against quadrature, numerical slopes and the closed form they start from."""

import numpy as np
import pytest
from scipy import stats

import kerasgen
from kerasgen import bottlenecks, likelihoods, networks


def bent(latent_dim, num_classes=0, couplings=4, scale=0.5):
    """A bottleneck whose prior is far from normal: its couplings have random weights."""
    bottleneck = bottlenecks.FlowGaussian(latent_dim, num_classes, couplings, hidden=8, seed=0)
    bottleneck.build((None, 5))
    random = np.random.default_rng(0)
    for coupling in bottleneck.couplings:
        for weight in coupling.weights:
            weight.assign(random.normal(0, scale, weight.shape))
    return bottleneck


def test_a_new_flow_is_the_standard_normal():
    bottleneck = bottlenecks.FlowGaussian(3, seed=0)
    bottleneck.build((None, 5))
    z = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    expected = stats.norm.logpdf(z).sum(-1)
    np.testing.assert_allclose(bottleneck.prior().log_prob(z), expected, rtol=1e-5)


@pytest.mark.parametrize("label", [0, 1])
def test_density_integrates_to_one(label):
    grid = np.linspace(-14, 14, 801, dtype="float32")
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    prior = bent(2, num_classes=2).prior(np.array([label]))
    density = np.exp(np.asarray(prior.log_prob(points), "float64"))
    assert density.sum() * (grid[1] - grid[0]) ** 2 == pytest.approx(1, abs=1e-3)


def test_density_follows_the_slopes_of_the_map():
    prior = bent(4, num_classes=3).prior(np.array([2]))
    u = np.random.default_rng(1).normal(size=(1, 4)).astype("float32")
    step = 1e-2 * np.eye(4, dtype="float32")
    jacobian = (prior.from_noise(u + step) - prior.from_noise(u - step)) / 2e-2
    expected = stats.norm.logpdf(u).sum() - np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(prior.log_prob(prior.from_noise(u))[0], expected, atol=1e-2)


def test_classes_have_priors_of_their_own():
    prior = bent(2, num_classes=2).prior(np.array([0, 1]))
    first, second = np.asarray(prior.log_prob(np.zeros((2, 2), "float32")))
    assert first != pytest.approx(second)
    assert prior.batch_shape == (2,) and prior.sample(3, seed=(0, 0)).shape == (3, 2, 2)


def test_kl_is_unbiased_and_its_parts_add_up():
    """Against quadrature."""
    bottleneck = bent(2, couplings=2)
    posterior = bottleneck.posterior(np.zeros((1, 5), "float32"))
    z = posterior.sample(20_000, seed=(0, 0))
    parts = bottleneck.kl_by_unit(posterior, z)
    total = bottleneck.terms(posterior, z)["kl"]
    np.testing.assert_allclose(np.sum(parts, -1), total, rtol=1e-5)
    grid = np.linspace(-5, 5, 401, dtype="float32")
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 1, 2)
    log_q = np.asarray(posterior.log_prob(points), "float64")[:, 0]
    log_p = np.asarray(bottleneck.prior().log_prob(points), "float64")[:, 0]
    exact = (np.exp(log_q) * (log_q - log_p)).sum() * (grid[1] - grid[0]) ** 2
    spread = float(np.std(np.asarray(posterior.log_prob(z) - bottleneck.prior().log_prob(z))))
    assert float(total[0]) == pytest.approx(exact, abs=4 * spread / 20_000**0.5 + 1e-3)


def test_a_flow_of_classes_needs_their_condition():
    encoder, decoder = networks.MLP((4,), ()), networks.MLP(hidden=())
    parts = [8, 8, 1], encoder, bottlenecks.FlowGaussian(4, 10), decoder, likelihoods.Bernoulli()
    with pytest.raises(ValueError, match="Expected a model of 10 classes"):
        kerasgen.LatentVariableModel(*parts)
