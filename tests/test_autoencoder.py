"""Autoencoders without a prior: they reconstruct, and neither sample nor score."""

import keras
import numpy as np
import pytest
from conftest import tiny_autoencoder

from kerasgen.metrics.evaluation import evaluate


def test_the_code_is_certain():
    model, x = tiny_autoencoder(), np.full((3, 8, 8, 1), 0.5, "float32")
    code = model.encode(x)
    assert tuple(code.batch_shape) == (3,) and tuple(code.event_shape) == (8,)
    np.testing.assert_array_equal(code.sample(), code.mean())
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(code.mean()).mean())


def test_the_loss_is_half_the_squared_error_and_a_constant(images):
    """-log N(x; y, 1) = |x - y|^2 / 2 + D / 2 log(2 pi)."""
    model, x = tiny_autoencoder(), images[:5]
    squared = np.sum((x - np.array(model.reconstruct(x))) ** 2, axis=(1, 2, 3))
    terms = model.loss_terms(x)
    assert terms.keys() == {"reconstruction"}
    np.testing.assert_allclose(terms["reconstruction"], squared / 2 + 32 * np.log(2 * np.pi), rtol=1e-5)
    assert evaluate(model, x)["squared_error"].value == pytest.approx(squared.mean(), rel=1e-5)


def test_it_learns_to_reconstruct(images):
    model = tiny_autoencoder()
    before = evaluate(model, images)["squared_error"].value
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, batch_size=32, epochs=40, verbose=0)
    assert evaluate(model, images)["squared_error"].value < before / 5


@pytest.mark.parametrize("method", ["sample", "log_prob", "elbo"])
def test_it_lacks_what_needs_a_prior(method):
    assert not hasattr(tiny_autoencoder(), method)


def test_it_survives_its_file(tmp_path, images):
    model = tiny_autoencoder()
    model.save(tmp_path / "ae.keras")
    loaded = keras.saving.load_model(tmp_path / "ae.keras")
    np.testing.assert_array_equal(loaded.reconstruct(images[:3]), model.reconstruct(images[:3]))
