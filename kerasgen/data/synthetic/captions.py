"""Sentences about scenes, by a grammar with paraphrases.

    sentence    object relation object [which relation object] [background]
    object      a [size] color shape
    relation    left of | to the left of | above | over | ...
    background  on a grey background | on grey | ...

Every choice among paraphrases is drawn evenly. A size or a background may go unsaid: the scene
then has any.
"""

import numpy as np

from kerasgen.text import Vocabulary

SHAPES = {
    "circle": ("circle", "disc"),
    "square": ("square", "box"),
    "triangle": ("triangle",),
    "cross": ("cross", "plus"),
}
COLORS = {
    "red": ("red",),
    "green": ("green",),
    "blue": ("blue",),
    "yellow": ("yellow",),
    "purple": ("purple", "violet"),
    "cyan": ("cyan",),
}
SIZES = {"small": ("small", "little", "tiny"), "large": ("large", "big")}
RELATIONS = {
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under", "beneath"),
}
BACKGROUNDS = {
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "gray"),
    "brown": ("brown",),
}

_ON = {
    name: tuple(phrase.format(word) for word in words for phrase in ("on {}", "on a {} background"))
    for name, words in BACKGROUNDS.items()
}
_ARTICLE, _WHICH = {"a": ("a",)}, {"which": ("which is", "that is")}
_TABLES = (_ARTICLE, SIZES, COLORS, SHAPES, RELATIONS, _WHICH, _ON)
LENGTH = 23  # words of the longest sentence

VOCABULARY = Vocabulary(
    sorted(
        {
            word
            for table in _TABLES
            for phrases in table.values()
            for each in phrases
            for word in each.split()
        }
    ),
    LENGTH,
)


def write(scenes, seed):
    """Word numbers `[N, LENGTH]` int32 of one sentence for each of N `Scenes`.

    >>> words = write(kerasgen.data.synthetic.scenes.draw(2, seed=0), seed=0)
    >>> words.dtype.name, words.shape
    ('int32', (2, 23))
    """
    rng = np.random.default_rng(seed)
    count, third = len(scenes), scenes.cell[:, 2] >= 0

    def phrase(table, index, said=True):
        """A phrase for each scene's entry of a table, as word numbers; zeros where unsaid."""
        phrases = list(table.values())
        width = max(len(each.split()) for entry in phrases for each in entry)
        numbers = np.zeros((len(phrases), max(map(len, phrases)), width), "int32")
        for entry, row in zip(phrases, numbers):
            for each, words in zip(entry, row):
                words[:] = VOCABULARY.encode(each)[0, :width]
        number = np.array([len(entry) for entry in phrases])[index]
        choice = np.floor(rng.random(count) * number).astype(int)
        return np.where(np.broadcast_to(said, (count,))[:, None], numbers[index, choice], 0)

    def thing(k, said=True):
        return [
            phrase(_ARTICLE, np.zeros(count, int), said),
            phrase(SIZES, scenes.size[:, k], said & scenes.size_said[:, k]),
            phrase(COLORS, scenes.color[:, k], said),
            phrase(SHAPES, scenes.shape[:, k], said),
        ]

    parts = [
        *thing(0),
        phrase(RELATIONS, scenes.relation[:, 0]),
        *thing(1),
        phrase(_WHICH, np.zeros(count, int), third),
        phrase(RELATIONS, scenes.relation[:, 1], third),
        *thing(2, third),
        phrase(_ON, scenes.background, scenes.background_said),
    ]
    numbers = np.concatenate(parts, axis=1)
    words_first = np.argsort(numbers == 0, axis=1, kind="stable")[:, :LENGTH]
    return np.take_along_axis(numbers, words_first, axis=1)
