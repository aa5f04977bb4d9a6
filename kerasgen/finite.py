"""Which loss term was the first that is not finite, and in which step."""

import keras
import numpy as np
from keras import ops

from kerasgen import backend


class FirstNotFinite(keras.metrics.Metric):
    """Counts the steps up to the first with a term that is not finite, and keeps which terms those were.

    Such a step spoils the weights, and with them every term of the next: logs of several steps show no more than that.
    A metric without a result, as `fit` carries metrics through its loops, replicas and epochs and shows what they give.

    Args:
        names: of the terms.
    """

    def __init__(self, names, name="first_not_finite"):
        super().__init__(name=name)
        self.names = tuple(names)
        self.steps = self.add_variable((), "zeros", name="steps")
        self.terms = self.add_variable((len(self.names),), "zeros", name="terms")

    def update_state(self, *groups):
        """Adds a step: terms by name, in as many groups as there are updates of weights that later terms depend on."""
        first = ops.convert_to_tensor(self.terms)
        for terms in groups:
            finite = [ops.all(ops.isfinite(terms.get(name, 0.0))) for name in self.names]
            first = ops.where(ops.any(first > 0), first, 1 - ops.cast(ops.stack(finite), first.dtype))
        self.terms.assign(first)
        self.steps.assign_add(1 - ops.max(first))

    def found(self):
        """`(step, names)`: the first such step, counted from 0 at the epoch's start, and its terms; none, no names."""
        steps, terms = (ops.convert_to_numpy(variable) for variable in (self.steps, self.terms))
        # Read outside replicas, both are sums over them: they count alike up to the step that one or more stop at.
        return int(steps // backend.num_replicas()), [self.names[i] for i in np.flatnonzero(terms)]

    def result(self):
        return {}
