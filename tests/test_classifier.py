"""Classifiers: shapes, augmentation in training only, learning, figures and files."""

import keras
import numpy as np
import pytest
from scipy.special import softmax
from tiny import tiny_classifier

from kerasgen.metrics.classification import accuracy
from kerasgen.networks import RandomAffine


def test_probabilities_are_the_softmax_of_the_logits(digits):
    model, images = tiny_classifier(), digits[0][:5]
    assert model.features(images).shape == (5, 16)
    logits = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(model.probabilities(images), softmax(logits, axis=-1), rtol=1e-5)


def test_it_learns(digits):
    model = tiny_classifier()
    model.compile(keras.optimizers.Adam(1e-2))
    before = accuracy(model, *digits)
    model.fit(*digits, batch_size=32, epochs=25, verbose=0)
    after = accuracy(model, *digits)
    assert after["accuracy"].value > 80 > before["accuracy"].value
    assert after["cross_entropy"].value < before["cross_entropy"].value


def test_accuracy_counts_right_answers(digits):
    images, labels = digits
    model = tiny_classifier()
    predicted = np.argmax(model.probabilities(images), axis=-1)
    assert accuracy(model, images, predicted)["accuracy"].value == 100
    assert accuracy(model, images, (predicted + 1) % 10)["accuracy"].value == 0
    log_probabilities = np.log(
        np.array(model.probabilities(images))[np.arange(len(labels)), labels]
    )
    assert accuracy(model, images, labels)["cross_entropy"].value == pytest.approx(
        -log_probabilities.mean(), rel=1e-4
    )


def test_a_classifier_survives_its_file(tmp_path, digits):
    model, images = (
        tiny_classifier(augmentation=[RandomAffine(rotation=10, mirror=True)]),
        digits[0][:3],
    )
    model.save(tmp_path / "c.keras")
    loaded = keras.saving.load_model(tmp_path / "c.keras")
    np.testing.assert_array_equal(loaded.probabilities(images), model.probabilities(images))
    assert loaded.augmentation[0].get_config() == model.augmentation[0].get_config()


def test_bad_input(digits):
    model = tiny_classifier()
    with pytest.raises(ValueError, match="Divide by 255"):
        model.probabilities(digits[0] * 255)
    with pytest.raises(ValueError, match=r"Expected labels in 0..9. Received: labels in 10..10"):
        accuracy(model, digits[0][:2], np.array([10, 10]))


def test_augmentation_acts_in_training_only_and_differs_by_image():
    image = np.zeros((4, 16, 16, 1), "float32")
    image[:, 4:8, 4:12] = 1
    layer = RandomAffine(rotation=20, zoom=0.1, shift=0.2)
    np.testing.assert_array_equal(layer(image), image)
    changed = np.array(layer(image, training=True))
    assert len({each.tobytes() for each in (*changed, image[0])}) == 5


def test_a_mirror_exchanges_left_and_right_or_does_nothing():
    images = np.repeat(np.random.default_rng(0).random((1, 8, 8, 1), "float32"), 64, axis=0)
    changed = np.array(RandomAffine(mirror=True)(images, training=True))
    mirrored = np.array([np.allclose(each, images[0, :, ::-1], atol=1e-5) for each in changed])
    same = np.array([np.allclose(each, images[0], atol=1e-5) for each in changed])
    assert np.all(mirrored ^ same) and 10 < mirrored.sum() < 54
