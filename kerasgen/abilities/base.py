"""What abilities share: blocks of a model, compiled."""

import functools

from kerasgen import backend

_BLOCKS = 32  # compiled of a model; of ways to draw that come one after the other the oldest goes


class Ability:
    """Base of the abilities.

    Attributes:
        method: name of the public method.
        absence: what a model without the ability says of it.

    >>> kerasgen.abilities.Samples.method, issubclass(kerasgen.abilities.Samples, Ability)
    ('sample', True)
    """

    method: str
    absence: str

    def _compiled(self, name, **static):
        """The block `name` of this model, compiled once for every choice of static arguments.

        Raises:
            FloatingPointError: weights that are not finite, which draw nothing but black pictures.
        """
        backend.check_process()
        self.require_finite()
        compiled = self.__dict__.get("__compiled")  # Keras tracks attributes that it sees
        if compiled is None:
            compiled = functools.lru_cache(_BLOCKS)(self._compile)
            compiled = self.__dict__.setdefault("__compiled", compiled)
        return compiled(name, *sorted(static.items()))

    def _compile(self, name, *static):
        block = functools.partial(getattr(self, name), **dict(static))
        call = backend.function(lambda moving, *args: block(*args, **moving), self)
        return lambda *args, **moving: call(moving, *args)
