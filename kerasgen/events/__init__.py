"""What one example is, and what a model may be conditional on: the events of probability.

    Image, Vector, Table, Series    real numbers       Tokens, Classes, Sentences    whole numbers
    Joint, Partial                  several at once    Nothing                       no condition

An event knows its shape and its range. It checks what callers pass, clips what models draw, names
the tensors of exported files and renders examples as pictures. A plain list stands for an `Image`
of three numbers or a `Vector` of one, a plain number for `Classes`.
"""

from kerasgen.events.base import Event, Tensor
from kerasgen.events.joint import Joint, Nothing, condition_of, of
from kerasgen.events.numbers import Image, Series, SmallImage, Table, Vector
from kerasgen.events.partial import Partial
from kerasgen.events.sentences import Sentences
from kerasgen.events.tokens import Attributes, Classes, Tokens

__all__ = [
    "Attributes",
    "Classes",
    "Event",
    "Image",
    "Joint",
    "Nothing",
    "Sentences",
    "Partial",
    "Series",
    "SmallImage",
    "Table",
    "Tensor",
    "Tokens",
    "Vector",
    "condition_of",
    "of",
]
