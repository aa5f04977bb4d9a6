"""Sentences as rows of numbers: what turns the one into the other, by name.

All have a `length`, T, of a row; a `size`, how many numbers there are; `examples`, sentences to
show a model by; `encode` sentences, `decode` rows; and a `rule`, how a program does it, in JSON's
types.
In every row 0 stands behind the last word.
"""

from kerasgen.text.closed import Vocabulary
from kerasgen.text.subwords import SubwordVocabulary
from kerasgen.text.words import WordVocabulary

VOCABULARIES = Vocabulary, WordVocabulary, SubwordVocabulary

__all__ = ["VOCABULARIES", "SubwordVocabulary", "Vocabulary", "WordVocabulary"]
