"""Whether images of scenes show what their sentences ask for, as a classifier sees them."""

import itertools
from collections.abc import Sequence

import numpy as np

from kerasgen.abilities import Classifies
from kerasgen.batches import mapped
from kerasgen.data.synthetic import captions
from kerasgen.data.synthetic.scenes import CELLS, Scenes
from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure
from kerasgen.model import GenerativeModel

_BATCH = 500
# Rows and columns from an object to what it is related to.
_STEPS = {"left": (0, 1), "right": (0, -1), "above": (1, 0), "below": (-1, 0)}


def caption_fidelity(
    model: GenerativeModel, judge: Classifies, scenes: Scenes, seed: int = 0, best_of: int = 1
) -> dict[str, Figure]:
    """The share of what sentences ask for that is in the images drawn for them.

    Asked for are the shape, the color and, where said, the size of every object, every relation
    and, where said, the background. Of all ways to match asked objects with those found, the one
    that is right most often counts. A relation is right where both objects stand in one row or one
    column, in the order that it says.

    Args:
        model: a model of images given a sentence.
        judge: a `kerasgen.families.AttributeClassifier` of
            `kerasgen.data.synthetic.scenes.ATTRIBUTES`.
        scenes: N at least 2, for whose sentences images are drawn.
        seed: of the sentences and of the samples.
        best_of: of how many draws the model takes the likeliest.

    Returns:
        In percent: `asked_attributes`, mean over the sentences of the share that is right, and
        `whole_captions`, sentences of which everything is right and whose images have no further
        object.

    >>> from kerasgen.data.synthetic.scenes import draw
    >>> class Painter:  # draws what it is asked for
    ...     def sample(self, n, condition, seed, best_of):
    ...         return np.arange(n)
    >>> class Judge:
    ...     def attributes(self, images):
    ...         return scenes[images].attributes()
    >>> scenes = draw(20, seed=0)
    >>> print(caption_fidelity(Painter(), Judge(), scenes)["whole_captions"])
    100 ± 0 %
    """
    words = captions.write(scenes, seed)
    images = model.sample(len(scenes), words, seed=seed, best_of=best_of)
    found = mapped(judge.attributes, _BATCH, images)
    scores = [score(scenes[i : i + 1], found[i]) for i in range(len(scenes))]
    shares, whole = np.array(scores, "float64").T
    return {
        "asked_attributes": figure.mean(100 * shares, "%"),
        "whole_captions": figure.mean(100 * whole, "%"),
    }


def score(scene: Scenes, found: Sequence[int]) -> tuple[float, bool]:
    """The share of what the sentence of one scene asks for that is right.

    Args:
        scene: of length 1.
        found: the attributes of an image, `[len(ATTRIBUTES)]`.

    Returns:
        The share, and whether all is right and nothing else is there.

    >>> from kerasgen.data.synthetic.scenes import draw
    >>> scene = draw(1, seed=0)
    >>> score(scene, scene.attributes()[0])
    (1.0, True)
    """
    cells = np.reshape(found[:-1], (CELLS, 3))
    places = [int(cell) for cell in np.flatnonzero(cells[:, 0])]
    objects = [k for k in range(3) if scene.cell[0, k] >= 0]
    names = [
        (scene.shape[0, k], scene.color[0, k], scene.size[0, k] if scene.size_said[0, k] else None)
        for k in objects
    ]
    said = scene.relation[0, : len(objects) - 1]
    relations = [_STEPS[list(captions.RELATIONS)[index]] for index in said]
    asked = sum(name is not None for each in names for name in each) + len(relations)
    candidates = places + [None] * max(0, len(objects) - len(places))
    matches = itertools.permutations(candidates, len(objects))
    right = max(_right(match, names, relations, cells) for match in matches)
    if scene.background_said[0]:
        asked += 1
        right += bool(found[-1] == scene.background[0])
    return float(right / asked), bool(right == asked and len(places) == len(objects))


def _right(match, names, relations, cells):
    """How much is right when the objects asked for are those in the cells of `match`.

    An object that is not found has the cell None.
    """
    count = sum(
        bool(name is not None and cells[cell][kind] == name + 1)
        for cell, each in zip(match, names)
        if cell is not None
        for kind, name in enumerate(each)
    )
    for (first, second), step in zip(itertools.pairwise(match), relations):
        if first is not None and second is not None:
            (row, column), (other_row, other_column) = divmod(first, 3), divmod(second, 3)
            count += (np.sign(other_row - row), np.sign(other_column - column)) == step
    return count
