"""Autoencoders without a prior: they reconstruct, and neither sample nor score."""

import keras
import numpy as np
import pytest
from tiny import tiny_autoencoder

from kerasgen import bottlenecks, families, likelihoods, networks, objectives
from kerasgen.reports import report


def test_the_code_is_certain():
    model, x = tiny_autoencoder(), np.full((3, 8, 8, 1), 0.5, "float32")
    code = model.encode(x)
    assert tuple(code.batch_shape) == (3,) and tuple(code.event_shape) == (8,)
    np.testing.assert_array_equal(code.sample(), code.mean())
    np.testing.assert_allclose(
        model.reconstruct(x), np.clip(model.decode(code.mean()).mean(), 0, 1), atol=1e-6
    )


def test_the_loss_is_half_the_squared_error_and_a_constant(images):
    """-log N(x; y, 1) = |x - y|^2 / 2 + D / 2 log(2 pi)."""
    model, x = tiny_autoencoder(), images[:5]
    squared = np.sum(
        (x - np.array(model.decode(model.encode(x).mean()).mean())) ** 2, axis=(1, 2, 3)
    )
    terms = model.loss_terms(x).terms
    assert terms.keys() == {"reconstruction"}
    np.testing.assert_allclose(
        terms["reconstruction"], squared / 2 + 32 * np.log(2 * np.pi), rtol=1e-5
    )


def test_the_squared_error_is_that_of_reconstructions(images):
    model, x = tiny_autoencoder(), images[:5]
    squared = np.sum((x - np.array(model.reconstruct(x))) ** 2, axis=(1, 2, 3))
    assert report(model).evaluate(x)["squared_error"].value == pytest.approx(
        squared.mean(), rel=1e-5
    )


def test_it_learns_to_reconstruct(images):
    model = tiny_autoencoder()
    before = report(model).evaluate(images)["squared_error"].value
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, batch_size=32, epochs=40, verbose=0)
    assert report(model).evaluate(images)["squared_error"].value < before / 5


@pytest.mark.parametrize("method", ["sample", "log_prob", "elbo"])
def test_it_lacks_what_needs_a_prior(method):
    assert not hasattr(tiny_autoencoder(), method)


def test_it_survives_its_file(tmp_path, images):
    model = tiny_autoencoder()
    model.save(tmp_path / "ae.keras")
    loaded = keras.saving.load_model(tmp_path / "ae.keras")
    np.testing.assert_array_equal(loaded.reconstruct(images[:3]), model.reconstruct(images[:3]))


@pytest.mark.parametrize("objective", [objectives.ELBO(), objectives.IWAE(2), objectives.TCVAE(64)])
def test_layers_of_a_users_encoder_and_decoder_train_as_keras_trains_them(objective, images):
    """Dropout drops, batch statistics are those of the batch, and a regularizer's penalty joins the
    loss.
    """
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(16, kernel_regularizer=keras.regularizers.L2(1.0))
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dropout(0.5, seed=0), dense])
    decoder = keras.Sequential([networks.MLP((8, 8, 1), (16,)), keras.layers.BatchNormalization()])
    parts = encoder, bottlenecks.Gaussian(4), decoder, likelihoods.Bernoulli()
    model = families.LatentVariableModel((8, 8, 1), *parts, objective)
    before = [np.array(weight) for weight in decoder.non_trainable_variables]
    first, second = (np.asarray(model.features(images[:8], training=True)) for _ in range(2))
    assert np.any(first != second)
    np.testing.assert_array_equal(*(model.features(images[:8]) for _ in range(2)))
    model.loss_terms(images[:8], training=True)
    assert all(
        np.any(old != new) for old, new in zip(before, decoder.non_trainable_variables, strict=True)
    )
    loss = float(model.compute_loss(images[:8]))
    terms = sum(float(mean.result()) for mean in model.term_means.values())
    if isinstance(objective, objectives.ELBO):
        assert loss - terms == pytest.approx(float(np.sum(np.square(dense.kernel))), rel=1e-3)


def test_a_model_with_a_prior_asks_for_one():
    parts = networks.MLP((16,), (16,)), bottlenecks.Deterministic(4), networks.MLP((8, 8, 1), (16,))
    with pytest.raises(
        ValueError,
        match="real numbers with a prior, Gaussian, .*DeepGaussian. Received: Determinis",
    ):
        families.LatentVariableModel((8, 8, 1), *parts, likelihoods.Bernoulli())
    with pytest.raises(ValueError, match="for IWAE. Received: Deterministic. Use ELBO with it"):
        families.Autoencoder((8, 8, 1), *parts, likelihoods.Bernoulli(), objectives.IWAE(3))
    for objective in (objectives.IWAE(3), objectives.TCVAE(64)):
        name = type(objective).__name__
        parts = networks.MLP((16,), (16,)), bottlenecks.Gaussian(4), networks.MLP((8, 8, 1), (16,))
        with pytest.raises(
            ValueError,
            match=f"Expected a model with a prior for {name}. Received: Autoencoder. Use",
        ):
            families.Autoencoder((8, 8, 1), *parts, likelihoods.Bernoulli(), objective)
    with pytest.raises(ValueError, match="Expected at least 1 example. Received: 0."):
        tiny_autoencoder().reconstruct(np.zeros((0, 8, 8, 1), "float32"))
