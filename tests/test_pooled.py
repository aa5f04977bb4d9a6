"""Pooled classifiers and how they are trained: patches, shifts, label smoothing, SGD."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from kerasgen import networks, training
from kerasgen.families.classifier import Classifier, CrossEntropy
from kerasgen.networks import PatchTransform, PooledEncoder, RandomShift


@pytest.fixture
def images():
    return np.random.default_rng(0).random((4, 8, 6, 3), "float32")


def test_a_patch_keeps_its_norm_and_its_transform_is_undone_by_the_transpose(images):
    layer = PatchTransform(2)
    coefficients = np.asarray(layer(images))
    assert coefficients.shape == (4, 7, 5, 12)
    patch = images[1, 3:5, 2:4]
    np.testing.assert_allclose((coefficients[1, 3, 2] ** 2).sum(), (patch**2).sum(), rtol=1e-5)
    units = np.eye(12, dtype="float32").reshape(12, 2, 2, 3)
    matrix = np.asarray(layer(units))[:, 0, 0]  # row i is the transform of value i
    np.testing.assert_allclose(matrix @ coefficients[1, 3, 2], patch.ravel(), atol=1e-5)


def test_neighbours_that_move_together_come_apart():
    """Brownian sheets in three like colours: values correlate, coefficients hardly."""
    steps = np.random.default_rng(0).normal(size=(2000, 8, 8, 3)).astype("float32")
    steps[..., 1:] = steps[..., :1] + 0.1 * steps[..., 1:]
    pictures = steps.cumsum(1).cumsum(2)

    def correlations(values):
        each = np.abs(np.corrcoef(values.reshape(len(values), -1).T))
        return each[~np.eye(len(each), dtype=bool)]

    assert correlations(pictures[:, 4:6, 4:6]).min() > 0.8
    assert np.median(correlations(np.asarray(PatchTransform(2)(pictures))[:, 4, 4])) < 0.1


@pytest.mark.parametrize("shape", [(32, 32, 3), (48, 64, 3), (28, 28, 1)])
def test_a_pooled_encoder_takes_any_size_and_gives_the_last_width(shape):
    encoder = PooledEncoder((4, 6))
    assert encoder(np.zeros((2, *shape), "float32")).shape == (2, 6)


def test_both_signs_of_a_patch_go_on():
    """Without a bias, gelu(x) - gelu(-x) = x."""
    x = np.random.default_rng(0).normal(size=(5, 2, 2, 3)).astype("float32")
    parts = np.asarray(networks.SignedParts()(x))
    np.testing.assert_allclose(parts[..., :3] - parts[..., 3:], x, atol=1e-5)


def test_a_shift_is_a_window_of_the_picture_among_its_mirror_images(images):
    layer = RandomShift(2, mirror=True)
    np.testing.assert_array_equal(layer(images), images)
    many = np.repeat(images[:1], 300, axis=0)
    shifted = np.asarray(layer(many, training=True))
    padded = np.pad(images[0], ((2, 2), (2, 2), (0, 0)), mode="reflect")
    windows = [padded[i : i + 8, j : j + 6] for i in range(5) for j in range(5)]
    windows += [window[:, ::-1] for window in windows]
    seen = [
        [k for k, window in enumerate(windows) if np.array_equal(each, window)] for each in shifted
    ]
    assert all(len(found) == 1 for found in seen)
    assert {found[0] for found in seen} == set(range(50))


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_smoothed_cross_entropy_is_that_to_a_mixture_with_the_uniform(smoothing):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(6, 2, 5)), rng.integers(5, size=(6, 2))
    target = (1 - smoothing) * np.eye(5)[labels] + smoothing / 5
    expected = -(target * log_softmax(logits, axis=-1)).sum(-1).mean()
    assert float(CrossEntropy(smoothing)(labels, logits)) == pytest.approx(expected, rel=1e-5)


def test_a_smoothed_classifier_learns_and_survives_its_file(digits, tmp_path):
    keras.utils.set_random_seed(0)

    model = Classifier((8, 8, 1), 10, PooledEncoder((16,)), dropout=0.0, label_smoothing=0.2)
    model.compile(training.TrainingConfig(1, 0.4, "sgd", weight_decay=0.01).optimizer(1000))
    model.fit(*digits, batch_size=32, epochs=30, verbose=0)
    assert np.mean(model.probabilities(digits[0]).numpy().argmax(-1) == digits[1]) > 0.8
    model.save(tmp_path / "c.keras")
    copy = keras.saving.load_model(tmp_path / "c.keras")
    np.testing.assert_array_equal(copy.probabilities(digits[0]), model.probabilities(digits[0]))
    assert copy.loss.smoothing == 0.2


def test_sgd_takes_nesterovs_step_and_decays_kernels_alone():
    config = training.TrainingConfig(1, 0.1, "sgd", beta_1=0.5, weight_decay=0.2)
    optimizer = config.optimizer(1000)
    kernel, bias = (keras.Variable([2.0], name=name) for name in ("kernel", "bias"))
    optimizer.build([kernel, bias])
    optimizer.apply([np.ones(1, "float32")] * 2)
    step = 0.5 * 0.1 + 0.1  # momentum times the new velocity, and the gradient
    assert float(bias.value[0]) == pytest.approx(2.0 - step)
    assert float(kernel.value[0]) == pytest.approx(2.0 * (1 - 0.1 * 0.2) - step)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match=r"training.method to be .*'sgd'.*Received: 'lion'"):
        training.TrainingConfig(1, 0.1, "lion")
