"""Numbers that TFLite's own operators get wrong, or eight bits round away."""

import keras
import numpy as np
import pytest
from tiny import tiny_gan

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import dense, inputs, interpreter

import kerasgen
from kerasgen import export, likelihoods
from kerasgen.bottlenecks import Gaussian
from kerasgen.export import signatures
from kerasgen.networks import MLP


def test_confident_logits_survive_tflite(tmp_path):
    """TFLite's own softplus overflows past 88, which a wrong pixel of a confident
    decoder reaches.
    """
    model = dense()
    model.decoder.set_weights([1000 * weights for weights in model.decoder.get_weights()])
    given = inputs(model, "elbo", 64)
    want = np.asarray(signatures.of(model)["elbo"].function(**given)["elbo"])
    assert want.min() < -1000
    report = export.tflite(model, tmp_path / "model.tflite", signatures=["elbo"], batch_size=None)
    have = interpreter(report.path).get_signature_runner("elbo")(**given)["elbo"]
    np.testing.assert_allclose(have, want, rtol=1e-4)


def test_labels_survive_full_integer_files(tmp_path):
    """TFLite's own one_hot gives 3.3 and -3.9 there, for 1 and 0."""
    report = export.tflite(tiny_gan(num_classes=10), tmp_path / "model.tflite", "int8")
    assert max(report.mean_errors.values()) < 0.005


def test_small_scales_survive_full_integer_files(tmp_path):
    """Eight bits round a small scale to 0, and LiteRT ends at a division by it."""
    model, rng = dense(likelihood=likelihoods.DiscretizedLogistic(2)), np.random.default_rng(0)
    *others, kernel, bias = model.decoder.get_weights()
    kernel, bias = rng.normal(0, 0.3, kernel.shape), rng.normal(-2, 2.5, bias.shape)
    model.decoder.set_weights([*others, kernel, bias])
    report = export.tflite(model, tmp_path / "a.tflite", "int8", signatures=["decode"], bound=1.0)
    assert report.mean_errors["decode"] < 0.1


def test_wide_logits_leave_locations_alone_in_full_integer_files(tmp_path):
    """Of one scale of eight bits a step would be 0.3, where logits reach from -40 to 40."""
    likelihood, rng = likelihoods.DiscretizedLogistic(2), np.random.default_rng(0)
    decoder = MLP((4, 4, likelihood.channels(1)), hidden=(300, 300, 4))  # whose last layer is small
    model = kerasgen.LatentVariableModel((4, 4, 1), MLP((8,), ()), Gaussian(2), decoder, likelihood)
    *others, kernel, bias = decoder.get_weights()
    groups = np.repeat([[0.0, 20.0], [0.5, 0.2], [-3.0, 0.5]], 2, axis=0)  # logits, places, scales
    mean, spread = np.tile(groups, (len(bias) // len(groups), 1)).T
    decoder.set_weights([*others, 0.1 * kernel, rng.normal(mean, spread)])
    report = export.tflite(model, tmp_path / "a.tflite", "int8", signatures=["decode"])
    assert report.mean_errors["decode"] < 0.01
