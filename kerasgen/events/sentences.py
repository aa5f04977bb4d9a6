"""Sentences, as tokens of a vocabulary."""

import json
from typing import Annotated

import numpy as np
from keras import ops

from kerasgen.checks.arguments import part
from kerasgen.events.tokens import Tokens
from kerasgen.registration import described, register
from kerasgen.text import SubwordVocabulary, Vocabulary, WordVocabulary


@register
class Sentences(Tokens):
    """Sentences of a vocabulary, or their tokens `[length]`, those after the last word 0.

    Args:
        vocabulary: of `kerasgen.text`, with examples to show a model by.

    >>> Sentences(Vocabulary(["a", "circle"], 3, ["a circle"])).shown(1).tolist()
    [[1, 2, 0]]
    """

    name = "words"
    end = 0
    meaning = "sentences or tokens"

    def __init__(
        self,
        vocabulary: Annotated[
            Vocabulary | WordVocabulary | SubwordVocabulary,
            part(Vocabulary, WordVocabulary, SubwordVocabulary),
        ],
    ):
        if not vocabulary.examples:
            raise ValueError(
                "Expected a vocabulary with examples, to show the model by. Received: none. Add "
                "some."
            )
        super().__init__(vocabulary.length, vocabulary.size)
        self.vocabulary = vocabulary

    def __repr__(self):
        return f"Sentences(length={self.length}, vocab_size={self.vocab_size})"

    def validate(self, x):
        if x is None:
            raise ValueError(
                "Expected a condition: this model draws what a sentence says. Received: "
                "condition=None. Pass a sentence for each example."
            )
        super().validate(x)

    def array(self, x):
        several = isinstance(x, (list, tuple)) and all(isinstance(each, str) for each in x)
        return self.vocabulary.encode(x) if several or isinstance(x, str) else super().array(x)

    def request(self, n, condition):
        if isinstance(condition, str):
            condition = [condition] * n
        return super().request(n, self.array(condition))

    def stored_with(self):
        told = json.dumps(described(self.vocabulary), ensure_ascii=False)
        return super().stored_with() | {"vocabulary": told}

    def lengths(self, x):
        ended = np.cumsum(np.asarray(x) == self.end, axis=1)
        return np.minimum(np.sum(ended == 0, axis=1) + 1, self.length)

    def render(self, x):
        from kerasgen.events.thumbnails import lines  # imports Pillow

        return lines(self.words(x))

    @property
    def rows(self):
        return f"one row each of {', '.join(map(repr, self.vocabulary.examples))}"

    @property
    def num_shown(self):
        return len(self.vocabulary.examples)

    def details(self):
        return super().details() | self.vocabulary.rule()

    def words(self, condition):
        return self.vocabulary.decode(ops.convert_to_numpy(condition))

    def example(self, n, seed):
        return self.shown(n)

    def shown(self, n):
        examples = self.vocabulary.encode(self.vocabulary.examples)
        return examples[[i % len(examples) for i in range(n)]]
