"""Closeness in what a network sees: against numpy, in training, and where it sees nothing."""

import numpy as np
import pytest
from keras import ops

from kerasgen import LatentVariableModel, bottlenecks, events, likelihoods, networks, objectives


def perceptual(num_samples=1):
    return objectives.Perceptual(
        networks.PooledEncoder((4, 6)), weight=50.0, num_samples=num_samples
    )


def vae(objective, scale=1.0):
    return LatentVariableModel(
        (8, 8, 1),
        networks.MLP((4,), ()),
        bottlenecks.Gaussian(2, seed=0),
        networks.MLP((8, 8, 1), ()),
        likelihoods.Gaussian(scale),
        objective,
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(size=(6, 8, 8, 1)).astype("float32")


def test_the_distance_is_one_less_the_cosine_twice_over(images):
    """|a - b|^2 = 2 - 2 cos(a, b) of unit vectors."""
    objective, others = perceptual(), images[::-1]
    expected = np.zeros(len(images))
    for a, b in zip(objective.network.grids(images), objective.network.grids(others)):
        a, b = np.array(a, "float64"), np.array(b, "float64")
        norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
        expected += np.mean(2 - 2 * np.sum(a * b, axis=-1) / norms, axis=(1, 2))
    np.testing.assert_allclose(objective.distance(images, others), expected, rtol=1e-3)


def test_the_loss_adds_the_distance_of_each_draw_to_the_bound(images):
    model, same = vae(perceptual(num_samples=3)), vae(perceptual(num_samples=3))
    same.set_weights(model.get_weights())  # and the seed, so that it draws the same codes
    terms, weights = model.loss_terms(images)
    means = ops.unstack(same.decode(same.code(images, num_samples=3).z).mean())
    apart = [same.objective.distance(images, mean) for mean in means]
    assert set(terms) == {"reconstruction", "kl", "perceptual"} and weights["perceptual"] == 50
    np.testing.assert_allclose(terms["perceptual"], np.mean(apart, axis=0), rtol=1e-5)


def test_training_brings_pictures_nearer_and_leaves_the_network_as_it_was(images):
    model = vae(perceptual(), scale=100.0)  # by which pixels say nothing
    model.compile("adam")
    model.optimizer.learning_rate = 0.01
    before = [np.array(weight) for weight in model.objective.network.weights]
    fit = model.fit(images, epochs=60, verbose=0).history["perceptual"]
    assert fit[-1] < 0.8 * fit[0]
    assert all(map(np.array_equal, before, map(np.array, model.objective.network.weights)))


@pytest.mark.parametrize("event", [events.Vector(5), events.Series(9, 2)])
def test_a_network_of_pictures_sees_no_others(event):
    with pytest.raises(ValueError, match=r"^Expected .*PooledEncoder"):
        LatentVariableModel(
            event,
            networks.MLP((4,), ()),
            bottlenecks.Gaussian(2),
            networks.MLP(hidden=()),
            likelihoods.Gaussian(),
            perceptual(),
        )


def test_a_network_without_positions_is_refused():
    with pytest.raises(ValueError, match="positions.*Received: MLP"):
        vae(objectives.Perceptual(networks.MLP((4,), ()), weight=1.0))
