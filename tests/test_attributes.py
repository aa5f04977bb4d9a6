"""Attribute classifiers, and whether images show what their sentences ask for."""

import dataclasses

import keras
import numpy as np
import pytest
import yaml
from scipy.special import softmax

from kerasgen import families, networks, zoo
from kerasgen.data.synthetic import captions, scenes, shapes
from kerasgen.data.synthetic.scenes import ATTRIBUTES
from kerasgen.metrics.captions import caption_fidelity, score
from kerasgen.metrics.classification import attribute_accuracy

SIZES = [3, 2, 4]


def test_tiles_are_encoded_alike_and_apart():
    encoder = networks.TileEncoder(tile=3, margin=1, hidden=(6,), features=5)
    encoder.build((None, 8, 8, 2))
    images = np.random.default_rng(0).random((2, 8, 8, 2), "float32")
    features = np.array(encoder(images)).reshape(2, 2, 2, 5)
    images[1] = images[0]
    images[1, 1:4, 4:7] = images[0, 4:7, 1:4]  # the tile below on the left
    images[1, 0] = images[1, :, -1] = 0.5  # the margin
    moved = np.array(encoder(images)).reshape(2, 2, 2, 5)
    np.testing.assert_allclose(moved[1, 0, 1], features[0, 1, 0], rtol=1e-5)
    for tile in ((0, 0), (1, 0), (1, 1)):
        np.testing.assert_allclose(moved[1][tile], features[0][tile], rtol=1e-5)
    assert np.abs(moved[1, 0, 1] - features[0, 0, 1]).max() > 1e-3


def tiny():
    keras.utils.set_random_seed(0)
    return families.AttributeClassifier((8, 8, 1), SIZES, networks.ConvEncoder((8,), (1,), 16))


def test_each_attribute_has_a_softmax_of_its_own(digits):
    model, images = tiny(), digits[0][:5]
    probabilities = np.array(model.probabilities(images))
    assert probabilities.shape == (5, 3, 4)
    logits = np.array(model.head(model.features(images)))
    for a, part in enumerate(np.split(logits, np.cumsum(SIZES)[:-1], axis=1)):
        np.testing.assert_allclose(
            probabilities[:, a, : SIZES[a]], softmax(part, axis=1), rtol=1e-5
        )
        assert np.all(probabilities[:, a, SIZES[a] :] == 0)
    np.testing.assert_array_equal(model.attributes(images), probabilities.argmax(-1))


def test_it_learns_and_survives_its_file(digits, tmp_path):
    """What part of a digit's number each attribute is: its remainder by three, whether it is odd,
    and its quarter.
    """
    images, numbers = digits
    attributes = np.stack([numbers % 3, numbers % 2, np.minimum(numbers // 3, 3)], axis=1)
    model = tiny()
    model.compile(keras.optimizers.Adam(1e-2))
    before = attribute_accuracy(model, images, attributes)
    model.fit(images, attributes, batch_size=32, epochs=15, verbose=0)
    after = attribute_accuracy(model, images, attributes)
    assert after["attribute_accuracy"].value > 90 > 60 > before["attribute_accuracy"].value
    assert before["image_accuracy"].value < before["attribute_accuracy"].value
    model.save(tmp_path / "c.keras")
    copy = keras.saving.load_model(tmp_path / "c.keras")
    np.testing.assert_array_equal(copy.probabilities(images[:4]), model.probabilities(images[:4]))


def test_accuracies_count_right_attributes(digits):
    model, images = tiny(), digits[0][:10]
    attributes = np.array(model.attributes(images))
    attributes[:4, 1] = 1 - attributes[:4, 1]
    figures = attribute_accuracy(model, images, attributes)
    assert figures["attribute_accuracy"].value == pytest.approx(100 * 26 / 30)
    assert figures["image_accuracy"].value == pytest.approx(60)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            np.zeros((2, 2), "int32"),
            r"Expected attributes of shape \[batch, 3\]. Received: shape \(2, 2\)",
        ),
        (
            np.array([[0, 0, 0], [0, 2, 0]]),
            "Expected attribute 1 to be whole numbers in 0..1. Received: 0..2",
        ),
        (
            np.array([[0, 0, 0.5], [0, 0, 0]]),
            "Expected attribute 2 to be whole numbers in 0..3. Received: 0.0..0.5",
        ),
        (None, "Expected the attributes of the images. Received: labels=None"),
    ],
)
def test_attributes_that_there_are_not(attributes, message, digits):
    with pytest.raises(ValueError, match=message):
        attribute_accuracy(tiny(), digits[0][:2], attributes)


def asked(**changes):
    """A small red circle to the left of a large blue square, before any background; the circle's
    size goes unsaid.
    """
    values = {
        "cell": [[0, 2, -1]],
        "shape": [[0, 1, 0]],
        "color": [[0, 2, 0]],
        "size": [[0, 1, 0]],
        "offset": np.zeros((1, 3, 2)),
        "background": [1],
        "relation": [[0, 2]],
        "size_said": [[False, True, True]],
        "background_said": [False],
    }
    return scenes.Scenes(**{name: np.array(value) for name, value in (values | changes).items()})


def image(objects, background=0):
    """Attributes of an image with `{cell: (shape, color, size)}`."""
    cells = np.zeros((9, 3), "int32")
    for cell, names in objects.items():
        cells[cell] = np.array(names) + 1
    return np.concatenate([cells.ravel(), [background]])


RED_CIRCLE, BLUE_SQUARE = (0, 0, 1), (1, 2, 1)


@pytest.mark.parametrize(
    ("objects", "share", "whole"),
    [
        (
            {3: RED_CIRCLE, 4: BLUE_SQUARE},
            1,
            True,
        ),  # two objects of 2 and 3 attributes, and a relation
        ({6: (0, 0, 0), 8: BLUE_SQUARE}, 1, True),  # its size is not asked for
        ({4: RED_CIRCLE, 3: BLUE_SQUARE}, 5 / 6, False),  # to the right
        ({1: RED_CIRCLE, 4: BLUE_SQUARE}, 5 / 6, False),  # above
        ({0: RED_CIRCLE, 5: BLUE_SQUARE}, 5 / 6, False),  # not in one row
        ({3: RED_CIRCLE, 4: (1, 2, 0)}, 5 / 6, False),  # a small square
        ({3: (3, 0, 0), 4: BLUE_SQUARE}, 5 / 6, False),  # a cross
        ({3: RED_CIRCLE}, 2 / 6, False),
        ({4: BLUE_SQUARE}, 3 / 6, False),
        ({}, 0, False),
        ({3: RED_CIRCLE, 4: BLUE_SQUARE, 8: BLUE_SQUARE}, 1, False),  # one object too many
    ],
)
def test_what_is_right_of_what_is_asked(objects, share, whole):
    assert score(asked(), image(objects)) == (pytest.approx(share), whole)


def test_a_background_counts_where_it_is_asked_for():
    both = {3: RED_CIRCLE, 4: BLUE_SQUARE}
    scene = asked(background_said=[True])
    assert score(scene, image(both, 1)) == (1, True)
    assert score(scene, image(both, 0)) == (pytest.approx(6 / 7), False)


def test_three_objects_have_two_relations():
    scene = asked(cell=[[0, 1, 4]])
    third = {0: RED_CIRCLE, 1: BLUE_SQUARE}
    assert score(scene, image(third | {4: (0, 0, 0)})) == (1, True)
    assert score(scene, image(third | {3: (0, 0, 0)})) == (pytest.approx(9 / 10), False)


class Perfect:
    """Draws the very images whose sentences it reads, and looks at images through the scenes that
    they are of.
    """

    def __init__(self, drawn):
        self.drawn = drawn

    def sample(self, n, words, seed, best_of):
        np.testing.assert_array_equal(words, captions.write(self.drawn, seed))
        return np.arange(n)

    def attributes(self, images):
        return self.drawn[images].attributes()


def test_a_perfect_model_has_all_and_one_that_mixes_colors_up_has_not():
    drawn = scenes.draw(700, seed=0)
    model = Perfect(drawn)
    figures = caption_fidelity(model, model, drawn)
    assert {name: figure.value for name, figure in figures.items()} == {
        "asked_attributes": 100,
        "whole_captions": 100,
    }
    wrong = Perfect(dataclasses.replace(drawn, color=(drawn.color + 1) % 6))
    figures = caption_fidelity(model, wrong, drawn)
    assert 60 < figures["asked_attributes"].value < 80 and figures["whole_captions"].value == 0


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("judge_scenes", ATTRIBUTES),
        ("judge_shapes", tuple(shapes.Shapes(rgb=True).factor_sizes.values())),
    ],
)
def test_the_attributes_of_the_set_are_those_that_the_judge_of_the_recipe_has(name, sizes):
    path = zoo.folder(name) / "recipe.yaml"
    model = yaml.safe_load(path.read_text())["model"]["families.AttributeClassifier"]
    assert tuple(model["sizes"]) == sizes
