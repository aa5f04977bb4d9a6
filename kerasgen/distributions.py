"""Distributions that TFP lacks: chains of normals, variables rounded to levels, images with dependent channels, and
discrete ones whose draws are a function of the seed alone.

The probability of a level is P(x) = F(b) - F(a) with a, b = (x -+ half a level - loc) / scale. TFP's
QuantizedDistribution subtracts cumulative probabilities, which cancel in float32 a few scales away from the mode; here
the difference is taken of logarithms in the lower tail, or in closed form.
"""

import math

import numpy as np
from keras import ops

from kerasgen.backend import split_seed, tfd
from kerasgen.decoding import pick


class Categorical(tfd.Categorical):
    """Draws by one uniform number each, through the inverse of the cumulative distribution.

    Those of TensorFlow depend on the batch's size and on the number of threads, too.
    """

    def _sample_n(self, n, seed=None):
        logits = self.logits_parameter()
        return pick(logits, tfd.Uniform().sample((n, *ops.shape(logits)[:-1]), seed=seed))


class TokenCategorical(Categorical):
    """Tokens; scored by arithmetic alone, as TFLite has no operator to look them up."""

    def _log_prob(self, x):
        logits = self.logits_parameter()
        one_hot = ops.one_hot(ops.cast(x, "int32"), logits.shape[-1], dtype=logits.dtype)
        return ops.sum(one_hot * ops.log_softmax(logits), axis=-1)

    def _mean(self):
        """The likeliest token, which stands in for a mean that tokens do not have."""
        return self.mode()


class Levels(tfd.FiniteDiscrete):
    """The outcomes 0, 1/(n-1), ..., 1, drawn as `Categorical` draws their numbers; what lies between is rounded."""

    def _log_prob(self, x):  # by arithmetic alone: the base class looks x up, for which TFLite has no operator
        n = self.outcomes.shape[-1]
        level = ops.cast(ops.round(x * (n - 1)), "int32")
        log_prob = ops.sum(ops.one_hot(level, n, dtype=self.logits.dtype) * ops.log_softmax(self.logits), axis=-1)
        return ops.where(ops.logical_and(level >= 0, level < n), log_prob, -math.inf)

    def _sample_n(self, n, seed=None):
        return ops.take(self.outcomes, Categorical(logits=self.logits).sample(n, seed=seed), axis=0)


class _LocationScale(tfd.Distribution):
    """Numbers whose distributions have a location and a scale, tensors of one shape, the batch shape."""

    def __init__(self, loc, scale, reparameterization_type, parameters, name):
        self.loc = loc
        self.scale = scale
        super().__init__(
            dtype=loc.dtype,
            reparameterization_type=reparameterization_type,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def _batch_shape(self):
        return self.loc.shape

    def _batch_shape_tensor(self):
        return ops.shape(self.loc)

    def _event_shape(self):
        return ()

    def _event_shape_tensor(self):
        return ops.zeros((0,), "int32")


class Discretized(_LocationScale):
    """A symmetric variable rounded to the `levels` values 0, 1/(levels-1), ..., 1; the two end levels hold the tails.

    Float32 gives probabilities to a relative error of about 1e-4 at scale 1, which grows with the scale.

    Args:
        loc, scale: float tensors of one shape, the batch shape; in units of the [0, 1] range.
        levels: number of values.
    """

    def __init__(self, loc, scale, levels=256, name="Discretized"):
        parameters = dict(locals())
        self.levels = levels
        super().__init__(loc, scale, tfd.NOT_REPARAMETERIZED, parameters, name)

    @property
    def _half_level(self):
        return 0.5 / (self.levels - 1)

    def _log_prob(self, x):
        below = (x - self._half_level - self.loc) / self.scale
        above = (x + self._half_level - self.loc) / self.scale
        first, last = x < self._half_level, x > 1 - self._half_level
        tail = self.standard(0.0, 1.0).log_cdf(ops.where(first, above, -below))  # the end levels reach infinity
        return ops.where(ops.logical_or(first, last), tail, self._log_between(below, above))

    def _log_between(self, below, above):
        """log of the standard variable's mass between two points, from the lower tail, where nothing cancels."""
        upper = below + above > 0
        log_low = self.standard(0.0, 1.0).log_cdf(ops.where(upper, -above, below))
        log_high = self.standard(0.0, 1.0).log_cdf(ops.where(upper, -below, above))
        # Below its middle log F rises by more than half the distance. Far out, float32 loses the difference.
        log_ratio = ops.minimum(log_low - log_high, -2 * self._half_level / self.scale / 4)
        return log_high + ops.log(-ops.expm1(log_ratio))

    def _sample_n(self, n, seed=None):
        continuous = self.standard(self.loc, self.scale).sample(n, seed=seed)
        return ops.round(ops.clip(continuous, 0, 1) * (self.levels - 1)) / (self.levels - 1)

    def _mean(self):
        """The mean of the variable clipped to [0, 1], which the rounding changes by less than half a level."""
        # E[clip(X, 0, 1)] = integral over [0, 1] of P(X > t) = integral of F((loc - t) / scale)
        return self.scale * (
            self._integral_of_cdf(self.loc / self.scale) - self._integral_of_cdf((self.loc - 1) / self.scale)
        )


class DiscretizedNormal(Discretized):
    """A normal variable rounded to levels."""

    standard = tfd.Normal

    def _integral_of_cdf(self, x):
        normal = tfd.Normal(0.0, 1.0)
        return x * normal.cdf(x) + normal.prob(x)


class DiscretizedLaplace(Discretized):
    """A Laplace variable rounded to levels."""

    standard = tfd.Laplace

    def _integral_of_cdf(self, x):
        return ops.relu(x) + 0.5 * ops.exp(-ops.abs(x))


class DiscretizedLogistic(Discretized):
    """A logistic variable rounded to levels, exact at every scale:

        sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - exp(a - b)),     b - a = one level / scale

    (Salimans and others 2017, arXiv 1701.05517, equation 2, without its difference).
    """

    standard = tfd.Logistic

    def _log_between(self, below, above):
        width = 2 * self._half_level / self.scale
        return ops.log_sigmoid(above) + ops.log_sigmoid(-below) + ops.log(-ops.expm1(-width))

    def _integral_of_cdf(self, x):
        return ops.softplus(x)


class LogitLaplace(_LocationScale):
    """x of which logit(margin + (1 - 2 margin) x) is a Laplace variable; its tails reach beyond [0, 1].

    The margin keeps logits of 0 and 1 finite (Ramesh and others 2021, arXiv 2102.12092, appendix A.3).

    Args:
        loc, scale: of the Laplace variable, float tensors of one shape, the batch shape.
        margin: of [0, 1], on both sides.
    """

    def __init__(self, loc, scale, margin=0.1, name="LogitLaplace"):
        parameters = dict(locals())
        self.margin = margin
        super().__init__(loc, scale, tfd.FULLY_REPARAMETERIZED, parameters, name)

    def _log_prob(self, x):
        squeezed = self.margin + (1 - 2 * self.margin) * x
        inside = ops.logical_and(squeezed > 0, squeezed < 1)
        squeezed = ops.where(inside, squeezed, 0.5)
        low, high = ops.log(squeezed), ops.log1p(-squeezed)
        log_slope = math.log(1 - 2 * self.margin) - low - high  # of the logit
        log_prob = tfd.Laplace(self.loc, self.scale).log_prob(low - high) + log_slope
        return ops.where(inside, log_prob, -math.inf)

    def _stretched(self, logit):
        return (ops.sigmoid(logit) - self.margin) / (1 - 2 * self.margin)

    def _sample_n(self, n, seed=None):
        return self._stretched(tfd.Laplace(self.loc, self.scale).sample(n, seed=seed))

    def _mean(self):
        """By quadrature, over 16 equally likely parts: the mean has no closed form."""
        quantiles = [-math.log(2 * (k + 0.5) / 16) for k in range(8)]  # of the upper half
        means = [self._stretched(self.loc + side * quantile * self.scale) for quantile in quantiles for side in (-1, 1)]
        return sum(means) / len(means)


class ImageDistribution(tfd.Distribution):
    """Images of independent pixels, whose channels depend on each other.

    Args:
        likelihood: scores pixels by `pixel_log_prob(params, x)`, and draws them by `draw(params, uniform)`.
        params: `[..., *space, P]`.
        event_shape: `[*space, C]`.
    """

    def __init__(self, likelihood, params, event_shape, name="ImageDistribution"):
        parameters = dict(locals())
        self.likelihood = likelihood
        self.params = params
        self.shape = tuple(event_shape)
        super().__init__(
            dtype=params.dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def _batch_shape(self):
        return self.params.shape[: -len(self.shape)]

    def _batch_shape_tensor(self):
        return ops.shape(self.params)[: -len(self.shape)]

    def _event_shape(self):
        return self.shape

    def _event_shape_tensor(self):
        return ops.convert_to_tensor(self.shape, dtype="int32")

    def _log_prob(self, x):
        space = tuple(range(1 - len(self.shape), 0))
        return ops.sum(self.likelihood.pixel_log_prob(self.params, x), axis=space)

    def _sample_n(self, n, seed=None):
        shape = (n, *ops.shape(self.params)[:-1], self.likelihood.num_uniforms(self.shape[-1]))
        uniform = tfd.Uniform().sample(shape, seed=seed)
        return self._draw(ops.broadcast_to(self.params, (*shape[:-1], self.params.shape[-1])), uniform)

    def _draw(self, params, uniform):
        return self.likelihood.draw(params, uniform)


class AutoregressiveImageDistribution(ImageDistribution):
    """Images whose pixels depend on those before them, too.

    Args:
        likelihood: gives pixels `given(params, x)` the distribution that each has given those before it, and draws
            images by `draw_images(params, uniform)`.
        params, event_shape: as of `ImageDistribution`.
    """

    def _log_prob(self, x):
        return self.likelihood.given(self.params, x).log_prob(x)

    def _draw(self, params, uniform):
        images = self.likelihood.draw_images(_flat(params), _flat(uniform))
        return ops.reshape(images, (*ops.shape(params)[:-3], *self.shape))

    def _mean(self):
        """The mean of every pixel given the image in which each takes its median, given those before it: a picture of
        what the parameters ask for. The mean over all images has no closed form."""
        shape = (*ops.shape(self.params)[:-1], self.likelihood.num_uniforms(self.shape[-1]))
        return self.likelihood.given(self.params, self._draw(self.params, ops.full(shape, 0.5))).mean()


def _flat(x):
    """`[..., H, W, C]` as `[B, H, W, C]`."""
    return ops.reshape(x, (-1, *x.shape[-3:]))


class Chain(tfd.Distribution):
    """Vectors in parts, z = (z_1, ..., z_L), each part normal given those before it.

        p(z) = product over l of N(z_l; mean_l(z_1..z_{l-1}), diag(scale_l(z_1..z_{l-1})^2))

    Args:
        first: the independent normals of z_1, batch shape `[B]` or `[]`.
        conditionals: for each further part, a function of the parts before it, `[..., B, D]`, to independent normals of
            batch shape `[..., B]`.
        sizes: of all parts.
    """

    def __init__(self, first, conditionals, sizes, name="Chain"):
        parameters = dict(locals())
        self.first = first
        self.conditionals = conditionals
        self.sizes = sizes
        super().__init__(
            dtype=first.dtype,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def _batch_shape(self):
        return self.first.batch_shape

    def _batch_shape_tensor(self):
        return self.first.batch_shape_tensor()

    def _event_shape(self):
        return (sum(self.sizes),)

    def _event_shape_tensor(self):
        return ops.convert_to_tensor([sum(self.sizes)], dtype="int32")

    def parts(self, z):
        """`(z_l, its distribution given the parts before it)` for every l."""
        yield z[..., : self.sizes[0]], self.first
        start = self.sizes[0]
        for conditional, size in zip(self.conditionals, self.sizes[1:]):
            yield z[..., start : start + size], conditional(z[..., :start])
            start += size

    def from_noise(self, noise):
        """The z that standard normal noise `[..., B, sum(sizes)]` leads to; zeros lead along the means."""
        normal, z, start = self.first, [], 0
        for conditional, size in zip((*self.conditionals, None), self.sizes):
            z.append(normal.mean() + normal.stddev() * noise[..., start : start + size])
            start += size
            if conditional:
                normal = conditional(ops.concatenate(z, axis=-1))
        return ops.concatenate(z, axis=-1)

    def _log_prob(self, z):
        return sum(normal.log_prob(part) for part, normal in self.parts(z))

    def _sample_n(self, n, seed=None):
        shape = (n, *ops.shape(self.first.mean())[:-1], sum(self.sizes))
        return self.from_noise(tfd.Normal(0.0, 1.0).sample(shape, seed=seed))

    def _mean(self):
        """The means of the parts, each given the means before it: not the mean of z unless the chain is linear."""
        return self.from_noise(self._zeros())[0]

    def _stddev(self):
        """The scales of the parts, each given the means before it."""
        scales = [normal.stddev() + ops.zeros_like(part) for part, normal in self.parts(self.from_noise(self._zeros()))]
        return ops.concatenate(scales, axis=-1)[0]

    def _zeros(self):
        """Noise of zeros, with a leading axis, which the layers in `conditionals` want."""
        first = ops.zeros_like(self.first.mean())[None]
        return ops.concatenate([first[..., :1]] * sum(self.sizes), axis=-1)


class Flipped(Chain):
    """A `Chain` whose vectors hold its last part first, so that it compares with a chain that runs the other way."""

    def parts(self, z):
        """As of the chain, its last part first."""
        return reversed(list(super().parts(self._flip(z, self.sizes[::-1]))))

    def from_noise(self, noise):
        """The z that standard normal noise, its parts in the order of z, leads to."""
        return self._flip(super().from_noise(self._flip(noise, self.sizes[::-1])), self.sizes)

    def _flip(self, z, sizes):
        ends = np.cumsum(sizes)[:-1].tolist()
        return ops.concatenate(ops.split(z, ends, axis=-1)[::-1], axis=-1)


class Product:
    """Independent variables by name: a batch is a dict, its log-probability the sum of theirs.

    Args:
        parts: distributions of one batch shape, by name.
    """

    def __init__(self, parts):
        self.parts = parts

    def log_prob(self, x):
        return sum(part.log_prob(x[name]) for name, part in self.parts.items())

    def sample(self, sample_shape=(), seed=None):
        seeds = split_seed(seed, len(self.parts))
        drawn = zip(self.parts.items(), seeds)
        return {name: part.sample(sample_shape, seed=each) for (name, part), each in drawn}

    def mean(self):
        return {name: part.mean() for name, part in self.parts.items()}
