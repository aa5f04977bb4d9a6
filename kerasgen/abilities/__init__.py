"""What models can do. An ability is a base class of the families that have it.

Each owns its public method: it checks, works in blocks that are padded to few sizes, seeds,
compiles and joins. A family implements one block. A model without an ability lacks the method.
"""

from typing import Any

from kerasgen.abilities.base import Ability
from kerasgen.abilities.classifying import Classifies
from kerasgen.abilities.coding import Encodes, Reconstructs, Tokenizes
from kerasgen.abilities.sampling import Completes, Samples
from kerasgen.abilities.scoring import Scores

__all__ = [
    "ALL",
    "Ability",
    "Classifies",
    "Completes",
    "Encodes",
    "Reconstructs",
    "Samples",
    "Scores",
    "Tokenizes",
    "lacking",
    "methods",
]

ALL = (Samples, Scores, Encodes, Reconstructs, Tokenizes, Completes, Classifies)


def methods(model: Any) -> list[str]:
    """Names of the public methods of a model's abilities.

    >>> methods(kerasgen.zoo.load("gmm_ring"))
    ['sample', 'log_prob']
    """
    return [ability.method for ability in ALL if isinstance(model, ability)]


def lacking(name: str) -> str | None:
    """What a model says that has not the ability whose public method is called `name`.

    >>> lacking("log_prob")
    'It has no likelihood that can be computed.'
    """
    return next((ability.absence for ability in ALL if ability.method == name), None)
