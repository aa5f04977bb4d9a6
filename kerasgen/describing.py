"""What a model is, in a line and as a card in a notebook."""

from typing import Any

import keras

from kerasgen import abilities, registration


def parts(model: keras.Model) -> dict[str, Any]:
    """The parts that a model was constructed of, by the names of its arguments.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> parts(model)
    {}
    """
    kinds = tuple(registration.CLASSES.values())
    names = [name for name in registration.arguments(model) if name not in ("event", "condition")]
    found = {name: getattr(model, name, None) for name in names}
    return {name: part for name, part in found.items() if isinstance(part, kinds)}


def line(model: keras.Model) -> str:
    """Class, preset, event, condition, parts and parameters.

    >>> line(kerasgen.families.Mixture([2], num_components=3))
    '<Mixture of Vector(2), 15 parameters>'
    """
    of = repr(model.event)
    if model.condition.encoded_size:
        of += f" given {model.condition!r}"
    preset = f" {model.preset!r}" if model.preset else ""
    made = [f"{name} {type(part).__name__}" for name, part in parts(model).items()]
    return f"<{', '.join([f'{type(model).__name__}{preset} of {of}', *made, _count(model)])}>"


def card(model: keras.Model) -> str:
    """The same as HTML, with the parameters of each part and what the model can do.

    >>> "15 parameters" in card(kerasgen.families.Mixture([2], num_components=3))
    True
    """
    from kerasgen.rendering import render

    rows = [
        (name, type(part).__name__, _count(part) if hasattr(part, "count_params") else "")
        for name, part in parts(model).items()
    ]
    return render(
        "model.html.j2",
        kind=type(model).__name__,
        preset=model.preset,
        event=repr(model.event),
        condition=repr(model.condition) if model.condition.encoded_size else None,
        parts=rows,
        count=_count(model),
        methods=abilities.methods(model),
    )


def _count(layer):
    return f"{layer.count_params():,} parameters"


class Described:
    """A model that shows itself: a line in Python, a card in notebooks.

    >>> isinstance(kerasgen.families.Mixture([2], num_components=3), Described)
    True
    """

    def __repr__(self):
        return line(self)

    def _repr_html_(self):
        return card(self)

    def summary(self, *args, print_fn=print, **kwargs):
        """Keras' `summary`, with a dash at parts that give no single tensor."""
        marked = lambda text: print_fn(text.replace("│ ?", "│ -").rstrip())  # noqa: E731
        super().summary(*args, print_fn=marked, **kwargs)
