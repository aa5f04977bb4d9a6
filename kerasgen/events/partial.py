"""Several events at once, of which some may be missing."""

from typing import Annotated, Any

import numpy as np
from keras import ops

from kerasgen import batches
from kerasgen.checks.arguments import named
from kerasgen.events.joint import Joint, of
from kerasgen.registration import register


@register
class Partial(Joint):
    """An event of several at once, of which examples may have only some, as of several senses.

    A batch is a dict of batches. A name may be left out: no example has it. Where some have it and
    some do not, "present" says which, a dict of Booleans `[B]` by name, True where it is left out;
    what stands in the place of something missing is not looked at, but is to be finite.

    Args:
        events: by name; plain lists stand for events as everywhere.

    Raises:
        ValueError: an event called "present".

    >>> both = Partial({"picture": [8, 8, 1], "sound": [3]})
    >>> x = both.check({"sound": np.zeros((5, 3))})
    >>> tuple(x["picture"].shape), bool(x["present"]["picture"][0])
    ((5, 8, 8, 1), False)
    """

    def __init__(self, events: Annotated[dict[str, Any], named(lambda _, event: of(event))]):
        if "present" in events:
            raise ValueError(
                "Expected events by other names than 'present', which tells what is there. "
                f"Received: {sorted(events)}."
            )
        super().__init__(events)

    def __hash__(self):
        return hash((Partial, tuple(self.events)))

    def _check_names(self, x):
        known = {*self.events, "present"}
        if not isinstance(x, dict) or not x.keys() <= known or not x.keys() & self.events.keys():
            received = sorted(x) if isinstance(x, dict) else type(x).__name__
            raise ValueError(
                f"Expected a dict of some of {sorted(self.events)}, and perhaps 'present'. "
                f"Received: {received}."
            )

    def _map(self, method, x, *arguments):
        told = {name: x[name] for name in ("present",) if name in x}
        return super()._map(method, x, *arguments) | told

    def array(self, x):
        """The batch with something in every place, and "present" of every name."""
        try:
            self._check_names(x)
            given = self._map("array", x)
            like = next(given[name] for name in self.events if hasattr(given.get(name), "shape"))
        except (ValueError, StopIteration):
            return x  # which `validate` refuses
        xp, n = (np, len(like)) if isinstance(like, np.ndarray) else (ops, ops.shape(like)[0])
        empty = {
            name: xp.zeros((n, *event.shape), event.dtype)
            for name, event in self.events.items()
            if name not in given
        }
        present = {name: xp.full((n,), name in given) for name in self.events}
        return given | empty | {"present": present | given.get("present", {})}

    def validate(self, x):
        self._check_names(x)
        super().validate(x)
        n = batches.count(next(x[name] for name in self.events if name in x))
        for name, present in x.get("present", {}).items():
            shape = tuple(getattr(present, "shape", ()))
            if name not in self.events or shape[:1] not in ((n,), (None,)) or len(shape) != 1:
                raise ValueError(
                    f"Expected present as Booleans [{n}] by names of {sorted(self.events)}. "
                    f"Received: {name!r} of shape {shape}."
                )

    def request(self, n, condition):
        self._check_names(condition)
        told = {name: condition[name] for name in ("present",) if name in condition}
        return self.check(super().request(n, condition) | told)
