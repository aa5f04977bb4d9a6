"""Several stochastic layers: the chain of normals against linear algebra, and a model that trains
on it.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal
from tiny import tiny_hierarchical

from kerasgen import LatentVariableModel, bottlenecks, likelihoods, networks
from kerasgen.backend import tfd
from kerasgen.distributions import Chain
from kerasgen.metrics.likelihood import importance_weighted
from kerasgen.metrics.units import kl_by_unit

SLOPE = np.array([[0.7, -0.4, 1.1], [0.2, 0.9, -0.3]], "float32")  # of z_2 on z_1
SCALE = np.array([0.5, 1.5, 0.8], "float32")


def linear_chain():
    """z_1 standard normal in 2 dimensions, z_2 = z_1 SLOPE + SCALE noise in 3: normal as
    a whole.
    """

    def second(above):
        mean = above @ SLOPE
        return tfd.MultivariateNormalDiag(mean, tf.ones_like(mean) * SCALE)

    covariance = np.block([[np.eye(2), SLOPE], [SLOPE.T, SLOPE.T @ SLOPE + np.diag(SCALE**2)]])
    first = tfd.MultivariateNormalDiag(tf.zeros(2), tf.ones(2))
    return Chain(first, [second], (2, 3)), multivariate_normal(np.zeros(5), covariance)


def test_a_linear_chain_is_one_normal():
    chain, normal = linear_chain()
    z = normal.rvs(50, random_state=0).astype("float32")
    np.testing.assert_allclose(chain.log_prob(z), normal.logpdf(z), rtol=1e-4)
    np.testing.assert_allclose(np.cov(chain.sample(40000, seed=1).numpy().T), normal.cov, atol=0.06)
    np.testing.assert_allclose(chain.mean(), np.zeros(5))
    np.testing.assert_allclose(chain.stddev(), [1, 1, *SCALE], rtol=1e-6)


def test_noise_and_samples_have_one_map():
    chain, _ = linear_chain()
    noise = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    z = np.array(chain.from_noise(noise))
    np.testing.assert_allclose(z[:, :2], noise[:, :2], rtol=1e-6)
    np.testing.assert_allclose(z[:, 2:], noise[:, :2] @ SLOPE + SCALE * noise[:, 2:], rtol=1e-5)


@pytest.fixture
def model():
    return LatentVariableModel(
        (8, 8, 1),
        networks.MLP((16,), (16,)),
        bottlenecks.Hierarchical((2, 3), hidden=8),
        networks.MLP((8, 8, 1), (16,)),
        likelihoods.Bernoulli(),
    )


def test_shapes(model, images):
    x = images[:6]
    posterior = model.encode(x)
    assert tuple(posterior.batch_shape) == (6,) and tuple(posterior.event_shape) == (5,)
    assert posterior.sample(4, seed=0).shape == (4, 6, 5)
    assert posterior.log_prob(posterior.sample(4, seed=0)).shape == (4, 6)
    assert model.sample(7, seed=0).shape == (7, 8, 8, 1)
    assert {name: term.shape for name, term in model.loss_terms(x).terms.items()} == {
        "reconstruction": (6,),
        "kl_1": (6,),
        "kl_2": (6,),
    }


def test_the_terms_are_the_divergence_of_the_joint_densities(model, images):
    """E_q[log q(z | x) - log p(z)], over many samples, is the sum of the layers' terms."""
    model.set_weights(
        [
            w + 0.3 * np.random.default_rng(i).normal(size=w.shape)
            for i, w in enumerate(model.get_weights())
        ]
    )
    posterior, prior = model.encode(images[:3]), model.bottleneck.prior()
    z = posterior.sample(20000, seed=0)
    by_densities = np.mean(posterior.log_prob(z) - prior.log_prob(z), axis=0)
    terms = model.bottleneck.terms(posterior, z)
    assert np.all(np.array(terms["kl_1"]) > 0.01) and np.all(np.array(terms["kl_2"]) > 0.01)
    np.testing.assert_allclose(sum(terms.values()), by_densities, rtol=0.03)


def test_the_kl_of_units_sums_to_that_of_layers(model, images):
    model.set_weights(
        [
            w + 0.1 * np.random.default_rng(i).normal(size=w.shape)
            for i, w in enumerate(model.get_weights())
        ]
    )
    x = images[:40]
    posterior, prior = model.encode(x), model.bottleneck.prior()
    layers = np.split(kl_by_unit(model, x), [2])
    z = posterior.sample(5000, seed=1)
    terms = model.bottleneck.terms(posterior, z).values()
    np.testing.assert_allclose(
        [layer.sum() for layer in layers], [np.mean(term) for term in terms], rtol=0.05
    )
    (_, q), (_, p) = (list(chain.parts(z))[1] for chain in (posterior, prior))
    by_densities = q.distribution.log_prob(z[..., 2:]) - p.distribution.log_prob(z[..., 2:])
    np.testing.assert_allclose(layers[1], np.mean(by_densities, axis=(0, 1)), rtol=0.1)


@pytest.mark.parametrize("bottleneck", [bottlenecks.Hierarchical, bottlenecks.DeepGaussian])
def test_it_trains_scores_and_survives_its_file(bottleneck, images, tmp_path):
    model = tiny_hierarchical(bottleneck)
    model.compile(keras.optimizers.Adam(1e-2))
    before = importance_weighted(model, images[:64], num_samples=20)
    model.fit(images, batch_size=32, epochs=15, verbose=0)
    after = importance_weighted(model, images[:64], num_samples=20)
    assert after["nll"].value < before["nll"].value - 5
    assert after["nll"].value < -after["elbo"].value
    model.save(tmp_path / "h.keras")
    loaded = keras.saving.load_model(tmp_path / "h.keras")
    np.testing.assert_array_equal(loaded.elbo(images[:3], seed=0), model.elbo(images[:3], seed=0))


@pytest.mark.parametrize("bottleneck", ["Hierarchical", "DeepGaussian", "Ladder"])
def test_one_layer_is_a_normal_prior(bottleneck):
    """So that its number can be searched from one up."""
    encoder, decoder = networks.GridEncoder((4,), (1,)), networks.GridDecoder(1, (4,), (1,))
    options = {"channels": 4} if bottleneck == "Ladder" else {"hidden": 4}
    if bottleneck != "Ladder":
        encoder, decoder = networks.MLP((4,), ()), networks.MLP((8, 8, 1), ())
    parts = getattr(bottlenecks, bottleneck)((2,), **options), decoder, likelihoods.Bernoulli()
    model = LatentVariableModel((8, 8, 1), encoder, *parts)
    model.compile("adam")
    model.fit(np.zeros((8, 8, 8, 1)), verbose=0)
    z = model.prior().sample(5, seed=0).numpy()
    normal = multivariate_normal(np.zeros(z.shape[-1]))
    np.testing.assert_allclose(model.prior().log_prob(z), normal.logpdf(z), rtol=1e-5)
