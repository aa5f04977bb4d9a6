"""The likelihood of several things at once, independent given the network's output.

p(x | params) = product over names of p(x_name | params_name)
"""

from typing import Annotated, Any

from kerasgen import events
from kerasgen.checks.arguments import named, part
from kerasgen.likelihoods.base import Likelihood
from kerasgen.registration import register


@register
class Joint(Likelihood):
    """A likelihood for each of the events of `kerasgen.events.Joint`.

    Args:
        likelihoods: by the events' names. A network gives a dict of their parameters.

    Raises:
        ValueError: the event has other names.

    >>> from kerasgen.likelihoods import Bernoulli, Gaussian
    >>> likelihoods = {"image": Bernoulli(), "point": Gaussian()}
    >>> event = kerasgen.events.Joint({"image": [4, 4, 1], "point": [2]})
    >>> Joint(likelihoods).build_for(event).output_shape
    {'image': (4, 4, 1), 'point': (4,)}
    """

    support = "dicts"
    events = (events.Joint,)

    def __init__(
        self, likelihoods: Annotated[dict[str, Likelihood], named(part(Likelihood))], **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.likelihoods = dict(likelihoods)

    @property
    def autoregressive(self):
        return any(each.autoregressive for each in self.likelihoods.values())

    @property
    def has_mean(self):
        return all(each.has_mean for each in self.likelihoods.values())

    def build_for(self, event):
        self._check(event)
        if event.events.keys() != self.likelihoods.keys():
            raise ValueError(
                f"Expected a likelihood for each of {sorted(event.events)}. "
                f"Received: {sorted(self.likelihoods)}."
            )
        for name, likelihood in self.likelihoods.items():
            likelihood.build_for(event.events[name])
        self.event = event
        self.built = True
        return self

    def faults(self, x):
        return {
            f"{name}: {fault}": found
            for name, each in self.likelihoods.items()
            for fault, found in each.faults(x[name]).items()
        }

    def validate(self, x):
        for name, each in self.likelihoods.items():
            each.validate(x[name])

    @property
    def output_shape(self):
        return {name: each.output_shape for name, each in self.likelihoods.items()}

    def distribution(self, params, training=False):
        from kerasgen.distributions import Product  # imports TFP

        parts = self.likelihoods.items()
        return Product({name: each.distribution(params[name], training) for name, each in parts})
