"""Several events at once, none, and what plain lists and numbers stand for."""

from typing import Annotated, Any

import numpy as np
from keras import ops

from kerasgen.checks.arguments import named
from kerasgen.events.base import Event
from kerasgen.events.numbers import Image, Vector
from kerasgen.events.tokens import Classes
from kerasgen.registration import register


@register
class Joint(Event):
    """An event of several at once: a batch is a dict of their batches.

    Args:
        events: by name; plain lists stand for events as everywhere.

    >>> Joint({"image": [8, 8, 1], "point": [2]}).shape["point"]
    (2,)
    """

    meaning = "dicts of examples"

    def __init__(self, events: Annotated[dict[str, Any], named(lambda _, event: of(event))]):
        self.events = events

    @property
    def shape(self):
        return {name: event.shape for name, event in self.events.items()}

    @property
    def dtype(self):
        return {name: event.dtype for name, event in self.events.items()}

    def __hash__(self):
        return hash((Joint, tuple(self.events)))

    @property
    def size(self):
        return sum(event.size for event in self.events.values())

    def _check_names(self, x):
        if not isinstance(x, dict) or x.keys() != self.events.keys():
            received = sorted(x) if isinstance(x, dict) else type(x).__name__
            raise ValueError(f"Expected a dict of {sorted(self.events)}. Received: {received}.")

    def validate(self, x):
        self._check_names(x)
        self._named(lambda event, part: event.validate(part), x)
        counts = {name: ops.shape(x[name])[0] for name, _ in self._given(x)}
        if all(isinstance(n, int) for n in counts.values()) and len(set(counts.values())) > 1:
            raise ValueError(f"Expected as many examples of each. Received: {counts}.")

    def _given(self, x):
        """Names and events of the parts that a batch has."""
        return [(name, event) for name, event in self.events.items() if name in x]

    def _map(self, method, x, *arguments):
        """What the parts' events make of them, by a method's name."""
        return {name: getattr(event, method)(x[name], *arguments) for name, event in self._given(x)}

    def _named(self, act, x):
        """What `act(event, part)` makes of the parts; its errors say of which part."""
        made = {}
        for name, event in self._given(x):
            try:
                made[name] = act(event, x[name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return made

    def array(self, x):
        known = isinstance(x, dict) and x.keys() == self.events.keys()
        return self._map("array", x) if known else x

    def cast(self, x):
        return self._map("cast", x)

    def faults(self, x, xp=ops):
        return {
            f"{name}: {fault}": found
            for name, event in self.events.items()
            for fault, found in event.faults(x[name], xp).items()
        }

    def clip(self, x):
        return self._map("clip", x)

    def standardized(self, x):
        return self._map("standardized", x)

    def in_units(self, x):
        return self._map("in_units", x)

    def symbolic(self):
        return {name: event.symbolic() for name, event in self.events.items()}

    def tensors(self):
        return {name: next(iter(event.tensors().values())) for name, event in self.events.items()}

    def pack(self, tensors):
        return {name: tensors[name] for name in self.events}

    def unpack(self, x):
        return x

    def from_stored(self, stored, dtype=np.float32):
        return self._map("from_stored", stored, dtype)

    def validate_stored(self, stored):
        for name, event in self.events.items():
            event.validate_stored(stored[name])

    def stored_with(self):
        found = {}
        for part, event in self.events.items():
            for name, value in event.stored_with().items():
                found.setdefault(name, {})[part] = value
        return found

    def example(self, n, seed):
        return {name: event.example(n, seed) for name, event in self.events.items()}

    @property
    def side_by_side(self):
        return " | ".join(self.events)

    def render(self, x):
        from kerasgen.events.thumbnails import beside  # imports matplotlib

        return beside([event.render(x[name]) for name, event in self.events.items()])

    def request(self, n, condition):
        self._check_names(condition)
        return self._named(lambda event, part: event.request(n, part), condition)

    def encoded(self, condition):
        parts = [event.encoded(condition[name]) for name, event in self.events.items()]
        return ops.concatenate(parts, axis=-1)

    @property
    def encoded_size(self):
        return sum(event.encoded_size for event in self.events.values())


@register
class Nothing(Event):
    """The condition of an unconditional model: None, or an array `[B, 0]`, nothing of each example.

    >>> Nothing().check(None) is None
    True
    """

    shape = (0,)
    encoded_size = 0  # pyright: ignore[reportAssignmentType]

    @staticmethod
    def of_each(n: int) -> np.ndarray:
        """Nothing for each of `n` examples, `[n, 0]`, where None has no place.

        >>> Nothing.of_each(3).shape
        (3, 0)
        """
        return np.zeros((n, 0), "float32")

    def array(self, x):
        return x

    def validate(self, x):
        if x is not None and tuple(getattr(x, "shape", ()))[1:] != self.shape:
            raise ValueError(
                "Expected condition=None: this model is unconditional. Received: a condition. Drop "
                "it."
            )

    def cast(self, x):
        return None

    def request(self, n, condition):
        self.validate(condition)

    def faults(self, x, xp=ops):
        return {}

    def tensors(self):
        return {}

    def pack(self, tensors):
        return None

    def unpack(self, x):
        return {}

    def symbolic(self):
        return None

    def encoded(self, condition):
        return None

    def shown(self, n):
        return None

    def example(self, n, seed):
        return None


def of(event) -> Event:
    """The event that a plain list stands for: an `Image` of three numbers, a `Vector` of one.

    Raises:
        ValueError: anything else that is no event.

    >>> of([28, 28, 1]).shape, of([2])
    ((28, 28, 1), Vector(2))
    """
    if isinstance(event, Event):
        return event
    event = event.tolist() if isinstance(event, np.ndarray) else event
    if isinstance(event, (list, tuple)) and all(isinstance(n, (int, np.integer)) for n in event):
        if len(event) == 3:
            return Image(*event)
        if len(event) == 1:
            return Vector(*event)
    raise ValueError(
        "Expected an event of kerasgen.events, [height, width, channels] or [size]. "
        f"Received: {event!r}."
    )


def condition_of(condition) -> Event:
    """The event of a condition: None stands for `Nothing`, a number for as many `Classes`.

    >>> condition_of(10)
    Classes(10)
    """
    if condition is None:
        return Nothing()
    whole = isinstance(condition, (int, np.integer))
    return Classes(int(condition)) if whole else of(condition)
