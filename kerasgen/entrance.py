"""Public methods of models beside those that abilities own: what they are given is looked at."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from keras import ops

from kerasgen import backend


def entrance(method: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a public method of a model: where somebody calls it, the weights have to be finite, and
    an argument `x` to be examples of the model's event.

    Within another such method, in a step of `fit` and in traced functions all that has been looked
    at. Looking takes some 10 ms of a call outside of them, so a loop that counts those is a
    `tf.function`.

    Raises:
        FloatingPointError: weights that are not finite, which mean nothing.
        ValueError: what the event refuses.

    >>> model = kerasgen.zoo.load("vae_mnist_2d")
    >>> model.posterior(np.full((1, 28, 28, 1), 255.0))
    Traceback (most recent call last):
    ValueError: Expected values in [0, 1]. Received: values in [255, 255]. Divide by 255.
    """
    signature = inspect.signature(method)

    @functools.wraps(method)
    def entered(self, *args, **kwargs):
        if self._in_step or _is_traced(self):
            return method(self, *args, **kwargs)
        given = signature.bind(self, *args, **kwargs).arguments
        if "x" in given:
            self.event.validate(given["x"])
        self.require_finite()
        self._in_step = True
        try:
            return method(self, *args, **kwargs)
        finally:
            self._in_step = False

    return entered


def _is_traced(model):
    weights = model.weights
    return bool(weights) and not backend.is_concrete(ops.sum(weights[-1]))  # the last is small
