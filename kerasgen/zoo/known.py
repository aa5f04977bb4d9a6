"""What a model does, takes and makes; of presets that ship it is known before one is loaded."""

import functools
import json
import pathlib
from typing import Any, NamedTuple

from kerasgen import checks

# Of the presets that ship, by `python -m kerasgen.tasks`: read without Keras, and so at once.
FILE = pathlib.Path(__file__).with_name("known.json")


class Known(NamedTuple):
    """What commands ask about a model.

    Attributes:
        does: its methods, and the commands whose task it does.
        ways: to draw, of its `sample`.
        shape: of an example.
        is_picture: whether an example is one.
        columns: what the numbers of a row are called, where an example is one.
        classes: how many it can be told, 0 of none.
        names: of these classes, where they have some.
        reads: whether it is told sentences.

    >>> shipped()["cvae_mnist"].number("7")
    7
    """

    does: list[str]
    ways: list[str]
    shape: list[int]
    is_picture: bool
    columns: list[str] | None
    classes: int
    names: list[str] | None
    reads: bool

    def number(self, name: str) -> int:
        """The class of a name or, written in digits, of a number.

        Raises:
            ValueError: there is none.
        """
        if not self.classes:
            raise ValueError(f"Expected a preset of classes. Received: one without, and {name!r}.")
        return checks.class_number(name, self.classes, self.names)


@functools.cache
def shipped() -> dict[str, Known]:
    """What is known of every preset that ships, by name.

    >>> shipped()["gan_mnist"].does
    ['sample', 'inpaint']
    """
    return {name: Known(**each) for name, each in json.loads(FILE.read_text("utf-8")).items()}


def of(model: Any) -> Known:
    """What is known of a model.

    >>> of(kerasgen.families.Mixture([2], num_components=3)).columns
    ['x1', 'x2']
    """
    from kerasgen import abilities
    from kerasgen.tasks.possible import possible

    methods = abilities.methods(model)
    event, condition = model.event, model.condition
    return Known(
        does=[*methods, *possible(model)],
        ways=list(model.sampling_ways()) if "sample" in methods else [],
        shape=list(event.shape),
        is_picture=event.is_picture,
        columns=event.columns,
        classes=condition.count or 0,
        names=condition.names,
        reads=condition.vocabulary is not None,
    )
