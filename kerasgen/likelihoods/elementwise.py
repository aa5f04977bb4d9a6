"""Likelihoods whose elements, the channels of every pixel, are independent of each other given the
network's output.
"""

from typing import Annotated, Any

from keras import ops

from kerasgen import backend, checks
from kerasgen.checks.arguments import Check, Levels, Width, real
from kerasgen.decoding import pick
from kerasgen.events import Image, Tokens
from kerasgen.likelihoods.base import LIMIT, Discrete, Likelihood, bounded, positive_scale
from kerasgen.registration import register


@Check
def _scale(name, value):
    try:
        return value if value in ("shared", "learned") else real(1e-9, 1e9)(name, value)
    except ValueError:
        raise ValueError(
            f"Expected {name} to be a number in [1e-9, 1e9], 'shared' or 'learned'. "
            f"Received: {name}={checks.short(value)}"
        ) from None


Scale = Annotated[float | str, _scale]


@register
class Bernoulli(Likelihood):
    """A likelihood of binary pixels; grey ones in [0, 1] score their cross-entropy, a bound by
    random binarization.

    >>> likelihood = Bernoulli().build_for(kerasgen.events.of([1, 1, 1]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> float(likelihood.distribution(params).mean()[0, 0, 0, 0])
    0.5
    """

    support = "pixels of 0 and 1, or in [0, 1] where a bound is meant"
    events = (Image,)
    levels = 2
    draws_elements = True

    def per_element(self, params):
        return backend.tfd.Bernoulli(logits=bounded(params), dtype="float32")

    def draw(self, params, uniform, temperature=1.0):
        logits = bounded(ops.cast(params, "float32"))
        return ops.cast(uniform < ops.sigmoid(logits / temperature), "float32")


@register
class ContinuousBernoulli(Likelihood):
    """A normalised density for grey pixels in [0, 1] (Loaiza-Ganem and Cunningham 2019, arXiv
    1907.06845).

    >>> likelihood = ContinuousBernoulli().build_for(kerasgen.events.of([1, 1, 1]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> float(likelihood.distribution(params).mean()[0, 0, 0, 0])
    0.5
    """

    support = "pixels in [0, 1]"
    events = (Image,)

    def per_element(self, params):
        return backend.tfd.ContinuousBernoulli(logits=bounded(params))


class LocationScale(Likelihood):
    """A density around a predicted location.

    Args:
        scale: a number, in units of the [0, 1] range, of a table in each column's own: fixed;
            "shared": one learned scale for all; "learned": predicted for each pixel.
        levels: number of values that data have, 256 for 8-bit images, to give each the probability
            of what is rounded to it; None for a density.

    >>> Gaussian("shared").scale, Laplace().scale, Gaussian(0.1).scale
    ('shared', 'learned', 0.1)
    """

    def __init__(self, scale: Scale = "learned", levels: Levels | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale = scale
        self.levels = levels
        self.params_per_channel = 2 if scale == "learned" else 1

    def build(self, input_shape=None):
        if self.scale == "shared":
            self.log_scale = self.add_weight(name="log_scale", shape=(), initializer="zeros")
        super().build(input_shape)

    def faults(self, x):
        return {f"values beyond {LIMIT:,.0f}": ops.any(ops.abs(ops.cast(x, "float32")) > LIMIT)}

    def validate(self, x):
        if self.event.values != "real" or not backend.is_concrete(x):
            return
        values = ops.convert_to_numpy(x)
        if (furthest := max(values.max(), -values.min())) > LIMIT:
            raise ValueError(
                f"Expected values within {LIMIT:,.0f} of 0, where locations end. Received: values "
                f"as far as {furthest:,.0f}. Standardise them, or take a kerasgen.events.Table."
            )

    def location_and_scale(self, params):
        if self.scale == "learned":
            location, log_scale = self.split(params)
        else:
            location = params
            log_scale = self.log_scale if self.scale == "shared" else None
        scale = self.scale if log_scale is None else positive_scale(log_scale)
        return bounded(location), scale

    def per_element(self, params):
        location, scale = self.location_and_scale(params)
        if self.levels is None:
            location, scale = self.event.in_units(location), scale * self.event.unit
            return getattr(backend.tfd, self.density)(location, scale)
        from kerasgen import distributions  # imports TFP

        scale = scale + ops.zeros_like(location)
        return getattr(distributions, f"Discretized{self.density}")(location, scale, self.levels)


@register
class Gaussian(LocationScale):
    """A normal likelihood of each pixel, that of the L2 loss.

    >>> likelihood = Gaussian(1.0).build_for(kerasgen.events.of([1]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> round(float(likelihood.distribution(params).log_prob(np.zeros((2, 1)))[0]), 4)
    -0.9189
    """

    density = "Normal"


@register
class Laplace(LocationScale):
    """A Laplace likelihood of each pixel, that of the L1 loss.

    >>> likelihood = Laplace(1.0).build_for(kerasgen.events.of([1]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> round(float(likelihood.distribution(params).log_prob(np.zeros((2, 1)))[0]), 4)
    -0.6931
    """

    density = "Laplace"


@register
class LogitLaplace(LocationScale):
    """Pixels whose logit is a Laplace variable (Ramesh and others 2021, arXiv 2102.12092, appendix
    A.3).

        p(x) = 0.8 exp(-|logit(x') - location| / scale) / (2 scale x' (1 - x')),     x' = 0.1 + 0.8
        x

    The density has its mass on x' in (0, 1), x from -0.125 to 1.125, so that no logit of a pixel is
    infinite. Flat pictures of a few levels drive any density to infinity: take a discrete
    likelihood for them.

    Args:
        scale: as of `LocationScale`, in logits.

    >>> likelihood = LogitLaplace().build_for(kerasgen.events.of([1, 1, 1]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> likelihood.output_shape, float(likelihood.distribution(params).mean()[0, 0, 0, 0])
    ((1, 1, 2), 0.5)
    """

    support = "pixels in [0, 1]"
    events = (Image,)

    def __init__(self, scale: Scale = "learned", **kwargs: Any):
        super().__init__(scale, **kwargs)

    def per_element(self, params):
        from kerasgen import distributions  # imports TFP

        location, scale = self.location_and_scale(params)
        return distributions.LogitLaplace(location, scale + ops.zeros_like(location))


@register
class Categorical(Discrete):
    """A categorical likelihood: one free probability per level (arXiv 1601.06759).

    >>> likelihood = Categorical(levels=4).build_for(kerasgen.events.of([1, 1, 1]))
    >>> params = np.zeros((2, *likelihood.output_shape), "float32")
    >>> float(ops.exp(likelihood.distribution(params).log_prob(np.zeros((2, 1, 1, 1))))[0])
    0.25
    """

    @property
    def params_per_channel(self):
        return self.levels

    def per_element(self, params):
        from kerasgen.distributions import Levels  # imports TFP

        return Levels(ops.linspace(0.0, 1.0, self.levels), logits=bounded(self.per_channel(params)))

    def draw(self, params, uniform, temperature=1.0):
        logits = bounded(self.per_channel(ops.cast(params, "float32")))
        return ops.cast(pick(logits / temperature, uniform), "float32") / (self.levels - 1)


@register
class DiscretizedLogistic(Discrete):
    """A mixture of logistic variables rounded to levels (Salimans and others 2017, arXiv
    1701.05517).

    Args:
        components: number of logistic variables mixed; 1 for a single one.
        levels: number of values; 256 for 8-bit images.

    >>> event = kerasgen.events.of([1, 1, 1])
    >>> likelihood = DiscretizedLogistic(components=2, levels=16).build_for(event)
    >>> likelihood.output_shape, likelihood.levels
    ((1, 1, 6), 16)
    """

    def __init__(self, components: Width = 1, levels: Levels = 256, **kwargs: Any):
        super().__init__(levels, **kwargs)
        self.components = components

    @property
    def params_per_channel(self):
        return 3 * self.components

    def per_element(self, params):
        from kerasgen import distributions  # imports TFP

        logits, location, scale = self._mixture(params)
        return backend.tfd.MixtureSameFamily(
            distributions.Categorical(logits=logits),
            distributions.DiscretizedLogistic(location, scale, self.levels),
        )

    def _mixture(self, params):
        """Logits, locations and scales, each `[..., C, components]`."""
        logits, location, log_scale = ops.split(self.per_channel(params), 3, axis=-1)
        return bounded(logits), bounded(location), positive_scale(log_scale)

    def num_uniforms(self, event_channels):
        return 2 * event_channels

    def draw(self, params, uniform, temperature=1.0):
        """Of each channel, its component by the first numbers and its level by the others; the
        temperature divides the components' logits and multiplies their scales."""
        logits, location, scale = self._mixture(ops.cast(params, "float32"))
        choice, uniform = ops.split(uniform, 2, axis=-1)
        chosen = ops.one_hot(pick(logits / temperature, choice), self.components)
        location, scale = (ops.sum(chosen * part, axis=-1) for part in (location, scale))
        return self.level(location, temperature * scale, uniform)


@register
class CategoricalTokens(Likelihood):
    """A categorical likelihood of tokens: one free probability for each at every place.

    >>> likelihood = CategoricalTokens().build_for(kerasgen.events.Tokens(5, vocab_size=7))
    >>> likelihood.output_shape
    (5, 7)
    """

    support = "whole numbers"
    events = (Tokens,)
    has_mean = True
    draws_elements = True

    @property
    def output_shape(self):
        return *self.event.shape, self.event.vocab_size

    def per_element(self, params):
        from kerasgen.distributions import TokenCategorical  # imports TFP

        return TokenCategorical(logits=bounded(params))

    def num_uniforms(self, event_channels):
        return 1

    def draw(self, params, uniform, temperature=1.0):
        return pick(bounded(ops.cast(params, "float32")) / temperature, uniform[..., 0])
