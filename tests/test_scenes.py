"""Captioned scenes: what a sentence says is in the image, and held-out pairs are nowhere in
training.
"""

import itertools
import pathlib

import numpy as np
import pytest

from kerasgen import data
from kerasgen.data import catalog
from kerasgen.data.synthetic import captions, scenes
from kerasgen.data.synthetic.captions import (
    BACKGROUNDS,
    COLORS,
    RELATIONS,
    SHAPES,
    SIZES,
    VOCABULARY,
)
from kerasgen.data.synthetic.scenes import ATTRIBUTES, HELD_OUT
from kerasgen.recipe import Recipe

MEANING = {  # word: the name that it stands for, of its kind
    word: name
    for table in (SHAPES, COLORS, SIZES, BACKGROUNDS)
    for name, words in table.items()
    for word in words
} | {
    phrase.split()[-2 if phrase.endswith(" of") else 0]: name
    for name, each in RELATIONS.items()
    for phrase in each
}


def read(sentence):
    """The objects `[{kind: name}, ...]`, the relations and the background that a sentence tells of,
    by its words.
    """
    objects, relations, background = [{}], [], None
    for word in sentence.split():
        name = MEANING.get(word)
        for kind, table in (("shape", SHAPES), ("color", COLORS), ("size", SIZES)):
            if name in table:
                objects[-1][kind] = name
        if name in RELATIONS:
            relations.append(name)
            objects.append({})
        background = name if name in BACKGROUNDS else background
    return objects, relations, background


def look(image):
    """`{cell: (r, g, b) of its pixel in the middle}` of the cells that are not empty, and the
    background.
    """
    background = tuple(image[0, 0].astype(int))
    cells = {
        cell: image[1 + 10 * (cell // 3) :, 1 + 10 * (cell % 3) :][4:6, 4:6].mean((0, 1))
        for cell in range(9)
    }
    return {
        cell: color for cell, color in cells.items() if np.abs(color - background).max() > 8
    }, background


def test_sentences_are_true_of_their_images():
    """Read by this test's own reader and from pixels: colors, places, backgrounds."""
    drawn = scenes.draw(300, seed=5, pairs="all")
    positions = {"left": (0, -1), "right": (0, 1), "above": (-1, 0), "below": (1, 0)}
    for sentence, image in zip(VOCABULARY.decode(captions.write(drawn, seed=5)), drawn.render()):
        objects, relations, background = read(sentence)
        found, behind = look(image)
        assert len(found) == len(objects)
        if background:
            assert behind == tuple(scenes._BACKGROUND_RGB[list(BACKGROUNDS).index(background)])
        rgb = [scenes._RGB[list(COLORS).index(each["color"])] for each in objects]
        fitting = []
        for cells in itertools.permutations(found):
            places = [divmod(cell, 3) for cell in cells]
            steps = [tuple(np.sign(np.subtract(b, a))) for a, b in itertools.pairwise(places)]
            related = all(
                tuple(np.multiply(-1, positions[name])) == step
                for name, step in zip(relations, steps)
            )
            colored = all(np.abs(found[cell] - each).max() < 40 for cell, each in zip(cells, rgb))
            fitting.append(related and colored)
        assert any(fitting), sentence


def test_attributes_are_those_of_the_scenes():
    drawn = scenes.draw(500, seed=1, pairs="all")
    attributes = drawn.attributes()
    assert attributes.shape == (500, len(ATTRIBUTES))
    assert np.all(attributes >= 0) and np.all(attributes.max(0) == np.array(ATTRIBUTES) - 1)
    cells = attributes[:, :-1].reshape(500, 9, 3)
    np.testing.assert_array_equal((cells > 0).all(-1), (cells > 0).any(-1))
    np.testing.assert_array_equal((cells[..., 0] > 0).sum(1), (drawn.cell >= 0).sum(1))
    for i, k in itertools.product(range(20), range(2)):
        values = (drawn.shape[i, k] + 1, drawn.color[i, k] + 1, drawn.size[i, k] + 1)
        assert tuple(cells[i, drawn.cell[i, k]]) == values
    # All of the nine cells, with and without a third object, the four relations.
    assert (
        np.all(np.bincount(drawn.cell[:, 0], minlength=9) > 0)
        and 200 < (drawn.cell[:, 2] < 0).sum() < 300
    )
    assert np.all(np.bincount(drawn.relation.ravel(), minlength=4) > 200)


def pairs_of(drawn):
    """Of each scene the pairs of shape and color of the objects that are there."""
    there = drawn.cell >= 0
    names = list(SHAPES), list(COLORS)
    return [
        [(names[0][shape], names[1][color]) for shape, color, t in zip(*row) if t]
        for row in zip(drawn.shape, drawn.color, there)
    ]


def test_held_out_pairs_are_in_no_training_scene_and_once_in_every_held_out_one():
    parts = {part: scenes.split(32, "captions", part) for part in ("train", "test", "held_out")}
    for split, counts in (("train", {0}), ("test", {0}), ("held_out", {1})):
        held_out = [
            sum(pair in HELD_OUT for pair in pairs)
            for pairs in pairs_of(parts[split][0].items[:5000])
        ]
        assert set(held_out) == counts
    seen = {pair for pairs in pairs_of(parts["train"][0].items[:5000]) for pair in pairs}
    assert len(seen) == 20
    assert {pair for pairs in pairs_of(parts["held_out"][0].items) for pair in pairs} == seen | set(
        HELD_OUT
    )


def test_a_shape_covers_its_area():
    """Nothing is cut off, smoothed edges leave the area as it is, sizes and sides scale it."""
    drawn = scenes.draw(2000, seed=0)
    radius = np.array([2.9, 4.3])[drawn.size[:, 0]]
    areas = np.array([np.pi, 4 * 0.87**2, 1.85, 2 * 4 * 0.34 - 4 * 0.34**2]) * radius[:, None] ** 2
    expected = areas[np.arange(2000), drawn.shape[:, 0]]
    for scale in (1, 2):
        coverage = drawn._coverage(np.arange(2000), np.zeros(2000, int), scale)
        np.testing.assert_allclose(coverage.sum((1, 2)) / scale**2, expected, rtol=0.1 / scale)


def test_equal_seeds_equal_scenes():
    first, same, other = (scenes.draw(50, seed).render() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("name", "side"), [("scenes", 32), ("scenes_64", 64), ("scenes_attributes", 32)]
)
def test_sets_load_as_images_and_labels(name, side):
    images, labels = next(iter(data.load(name, "test[:20]", batch_size=8, labels=True)))
    assert images.shape == (8, side, side, 3) and images.dtype == "float32"
    pictures, numbers = scenes.split(side, catalog.entry(name).condition, "test")
    np.testing.assert_allclose(images, pictures[np.arange(8)] / np.float32(255), rtol=1e-6)
    np.testing.assert_array_equal(labels, numbers[:8])
    assert labels.dtype == "int32" and labels.shape[1] == (
        len(ATTRIBUTES) if "attributes" in name else captions.LENGTH
    )


def test_a_large_image_is_the_small_one_in_more_detail():
    five = np.arange(5)
    small, large = (
        scenes.split(side, "captions", "test")[0][five].astype(float) for side in (32, 64)
    )
    differences = np.abs(large.reshape(5, 32, 2, 32, 2, 3).mean((2, 4)) - small)
    assert differences.mean() < 0.5 and differences.max() < 60


def test_every_sentence_fits_and_uses_known_words_only():
    drawn = captions.write(scenes.draw(20_000, seed=0), seed=0)
    assert drawn.shape == (20_000, captions.LENGTH) and drawn.dtype == "int32"
    assert (drawn > 0).sum(1).max() == captions.LENGTH
    assert set(np.unique(drawn)) == set(range(VOCABULARY.size))
    assert np.all(np.diff((drawn > 0).astype(int), axis=1) <= 0), (
        "padding only behind the last word"
    )
    np.testing.assert_array_equal(VOCABULARY.encode(VOCABULARY.decode(drawn[:100])), drawn[:100])


def test_the_recipe_has_the_words_of_the_grammar():
    root = pathlib.Path(__file__).parents[1]
    places = (
        root / "zoo/text_to_image_shapes/recipe.yaml",
        root / "examples/recipes/text_to_image_shapes.yaml",
    )
    text = Recipe.load(next(path for path in places if path.exists())).build().condition.vocabulary
    assert (text.words, text.length) == (VOCABULARY.words, VOCABULARY.length)


def test_drawing_in_blocks_gives_the_same_images(monkeypatch):
    drawn = scenes.draw(5, 0)
    monkeypatch.setattr("kerasgen.data.synthetic.drawn._CHUNK", 2)
    np.testing.assert_array_equal(np.asarray(scenes.images(drawn, 32)), drawn.render(32))


def test_other_pairs_and_sides_are_refused():
    with pytest.raises(
        ValueError, match="Expected pairs to be 'seen', 'held_out' or 'all'. Received: pairs='seem'"
    ):
        scenes.draw(2, 0, "seem")
    with pytest.raises(ValueError, match="Expected a side that 32 divides. Received: side=48"):
        scenes.draw(2, 0).render(48)
