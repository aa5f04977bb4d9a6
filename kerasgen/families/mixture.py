"""Mixtures of Gaussians: a component z from a categorical prior, then data from that component's
normal.

    p(x) = sum_k p(z = k) N(x; mean_k, scale_k scale_k^T)

Everything is exact: the likelihood, its gradient, the posterior p(z | x). Fitted by expectation
maximization (Dempster, Laird and Rubin 1977), or by any Keras optimizer, as the likelihood is
differentiable.

Images of L levels are discrete, and a density of discrete data is unbounded: it can put all its
mass on the levels. So the density is that of the pixels made continuous, y = (level + u) / L with u
uniform on [0, 1), and an image's probability is the integral of p(y) over its cell, a cube of
volume L^-D. By Jensen's inequality

    log P(x) = log E_u[p(y)] - D log L >= E_u[log p(y)] - D log L

so the right side can be compared with models of discrete pixels (Theis, van den Oord and Bethge
2016, arXiv 1511.01844, section 3.1). With diagonal covariances the integral over a cell is known
too, a product of differences of normal distribution functions. The outermost cells have no outer
end there, as samples beyond them are clipped to them.
"""

import math
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks, decoding, events
from kerasgen.abilities import Samples, Scores
from kerasgen.batches import count, in_blocks
from kerasgen.checks.arguments import Levels, Width, one_of
from kerasgen.entrance import entrance
from kerasgen.families import mixture_cells, mixture_files
from kerasgen.loss import Loss
from kerasgen.model import GenerativeModel
from kerasgen.registration import register

_ELEMENTS_AT_ONCE = 2**24  # of scoring: examples x components x size, which bounds the memory
_LEAST_SCALE = 1e-4  # keeps the likelihood bounded where a component falls on a single point


@register
class Mixture(Samples, Scores, GenerativeModel):
    """A mixture of Gaussians over vectors, or over images as vectors of their pixels.

    Args:
        event: what one example is, of `kerasgen.events`; a list stands for an image or a vector.
        num_components: number of Gaussians K.
        covariance: "diag": independent coordinates within a component; "full": any covariance.
        levels: None for continuous data; for images whose pixels are 0, 1/(levels-1), ..., 1, that
            number: 256 for 8-bit images. Log-likelihoods in training, in exported files, and all of
            full covariances are then bounds on the log-probability of the image, as said above.

    Raises:
        ValueError: bad arguments, levels of data that are not images, or classes.

    >>> Mixture([2], num_components=3).sample(5, seed=0).shape
    TensorShape([5, 2])
    """

    num_samples = 1  # draws u of an image, where log_prob is a bound
    samples_at_once = 256
    num_seeds = 2  # of components and of noise
    patch_size = 1  # every pixel stands for itself

    def __init__(
        self,
        event: Any,
        num_components: Width,
        covariance: Annotated[str, one_of("diag", "full")] = "diag",
        levels: Levels | None = None,
        **kwargs: Any,
    ):
        if "condition" in kwargs or "num_classes" in kwargs:
            raise ValueError(
                "Expected no condition: a mixture finds components itself. Received: one. Drop it."
            )
        super().__init__(event, None, ("nll",), **kwargs)
        self.is_image = isinstance(self.event, events.Image)
        if levels is not None and not self.is_image:
            raise ValueError(
                f"Expected levels of images alone. Received: levels={levels}, {self.event!r}."
            )
        self.num_components, self.covariance, self.levels = num_components, covariance, levels
        self.size = self.event.size
        self.seeds = keras.random.SeedGenerator()  # of noise that makes pixels continuous
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        k, d = self.num_components, self.size
        initializers, image = keras.initializers, self.is_image
        anywhere = (
            initializers.RandomUniform(0, 1) if image else initializers.RandomNormal(stddev=1.0)
        )
        is_full = self.covariance == "full"

        def one_scale(dtype):  # of every component and coordinate
            raw_scale = ops.cast(_raw(np.array(0.5 if image else 1.0)), dtype)
            return raw_scale * (ops.eye(d, dtype=dtype) if is_full else ops.ones((d,), dtype))

        add = self.add_weight
        self.logits = add(name="logits", shape=(k,), initializer="zeros", dtype="float32")
        self.means = add(name="means", shape=(k, d), initializer=anywhere, dtype="float32")
        self.raw_scales = add(
            name="raw_scales",
            shape=(k, d, d) if is_full else (k, d),
            initializer=lambda shape, dtype=None: ops.broadcast_to(one_scale(dtype), shape),
            dtype="float32",
        )
        self.built = True

    def scales(self):
        """Standard deviations `[K, D]`; of a full covariance, its Cholesky factors `[K, D, D]`."""
        if self.covariance == "diag":
            return _positive(self.raw_scales)
        diagonal = _positive(ops.diagonal(self.raw_scales, axis1=-2, axis2=-1))
        return ops.tril(self.raw_scales, -1) + diagonal[..., None] * ops.eye(self.size)

    @entrance
    def distribution(self):
        """A `tfd.MixtureSameFamily` over flattened events `[D]`; of levels, continuous pixels."""
        tfd = backend.tfd
        normal = (
            tfd.MultivariateNormalDiag if self.covariance == "diag" else tfd.MultivariateNormalTriL
        )
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=ops.convert_to_tensor(self.logits)),
            normal(ops.convert_to_tensor(self.means), self.scales()),
        )

    @property
    def likelihood_kind(self):
        """An estimate of a bound where pixels of levels are made continuous by noise."""
        return "exact" if self.levels is None or self.covariance == "diag" else "estimate"

    def _log_prob(self, x, condition):
        if self.levels:
            return self._log_mass(x)
        return self._log_density(self.continuous(x, 0.0)) - self.log_cells

    def _log_weights(self, x, condition, seed, num_samples):
        draws = [self._bound(x, each) for each in backend.split_seed(seed, num_samples)]
        return ops.stack(draws)

    def _bound(self, x, seed):
        """log p(y) - D log L for pixels y made continuous by one draw of noise, `[B]`."""
        noise = backend.tfd.Uniform().sample(ops.shape(x), seed=seed)
        return self._log_density(self.continuous(x, noise)) - self.log_cells

    def _log_density(self, points):
        return self.distribution().log_prob(points)

    def _log_mass(self, x):
        """log of the probability of the cells that images of levels `[B, *event_shape]` are."""
        level = ops.reshape(ops.round(x * (self.levels - 1)), (-1, 1, self.size))
        cells = mixture_cells.log_masses(level, self.means, self.scales(), self.levels)
        return ops.logsumexp(
            ops.sum(cells, axis=-1) + ops.log_softmax(ops.convert_to_tensor(self.logits)), axis=-1
        )

    @property
    def known_in_turn(self):
        return self.levels is not None and self.likelihood_kind == "exact"

    @entrance
    def in_turn(self, n, condition=None):
        """As `AutoregressiveModel.in_turn`, of levels and diagonal covariances: see
        `kerasgen.families.mixture_cells`."""
        return mixture_cells.in_turn(self, n)

    @property
    def scores_at_once(self):
        return max(1, _ELEMENTS_AT_ONCE // (self.num_components * self.size))

    decodes_at_once = scores_at_once

    @property
    def log_cells(self):
        """log of the number of cells that the levels cut the unit cube into; of continuous data,
        of the volume of a unit cube of standardized examples.
        """
        return self.size * math.log(self.levels) if self.levels else self.event.log_volume

    def continuous(self, x, noise):
        """Flattened examples `[B, D]`, pixels of levels where `noise` in [0, 1) puts them."""
        if self.levels:
            x = (ops.round(x * (self.levels - 1)) + noise) / self.levels
        return ops.reshape(self.event.standardized(x), (-1, self.size))

    def loss_terms(self, x, condition=None, training=False):
        """`nll`, the negative log-likelihood `[B]` in nats, of levels a bound on it."""
        if self.levels is None:
            return Loss({"nll": -self._log_prob(x, None)})
        return Loss({"nll": -self._bound(x, backend.next_seed(self.seeds))})

    def responsibilities(self, x):
        """The posterior p(z | x), `[B, K]`; of levels, at the middle of the image's cell."""
        x = self.event.check(x)
        return in_blocks(lambda x: ops.softmax(self.joint(x)), count(x), self.scores_at_once, x)

    @entrance
    def joint(self, x):
        """log p(x, z), `[B, K]`, of all components; of levels, at the middle of x's cell."""
        components = self.distribution().components_distribution
        return components.log_prob(self.continuous(x, 0.5)[:, None]) + ops.log_softmax(self.logits)

    def _sample(self, n, seed, condition):
        of_component, of_noise = seed
        uniform = backend.tfd.Uniform().sample((n,), seed=of_component)
        component = decoding.pick(ops.convert_to_tensor(self.logits), uniform)
        return self.draw(component, backend.tfd.Normal(0.0, 1.0).sample((n, self.size), of_noise))

    @entrance
    def draw(self, component, noise):
        """Examples of the components `[n]` from standard normal noise `[n, D]`."""
        scale = ops.take(self.scales(), component, axis=0)
        offset = (
            scale * noise if self.covariance == "diag" else ops.sum(scale * noise[:, None], axis=-1)
        )
        x = ops.reshape(ops.take(self.means, component, axis=0) + offset, (-1, *self.event_shape))
        if self.levels:
            x = ops.floor(x * self.levels) / (self.levels - 1)
        return self.event.clip(self.event.in_units(x))

    def fit_em(self, x, max_iter=100, tol=1e-3, reg_covar=1e-6, seed=0):
        """Fits the mixture by expectation maximization from k-means clusters, with scikit-learn,
        and sets the weights.

        Args:
            x: `[N, *event_shape]`, all in memory; at least one example a component.
            max_iter: largest number of iterations.
            tol: least gain of the mean log-likelihood, in nats, to go on.
            reg_covar: added to the variances in every iteration, in squared units of x: what a
                component allows beyond the examples that it has seen.
            seed: of k-means, and of the noise that makes pixels of levels continuous.

        Returns:
            `{"nll": mean over x in nats, "iterations": int, "converged": bool}`.

        Raises:
            ValueError: bad data, or fewer examples than components.
        """
        from sklearn.mixture import GaussianMixture

        x = self.event.check(x)
        if x.shape[0] < self.num_components:
            raise ValueError(
                f"Expected at least {self.num_components} examples, one a component. Received: "
                f"{x.shape[0]} examples."
            )
        noise = (
            np.random.default_rng(seed).random(x.shape, dtype="float32") if self.levels else None
        )
        points = ops.convert_to_numpy(self.continuous(x, noise)).astype("float64")
        mixture = GaussianMixture(
            self.num_components,
            covariance_type=self.covariance,
            max_iter=checks.positive("max_iter", max_iter),
            tol=tol,
            reg_covar=reg_covar,
            random_state=seed,
        )
        mixture.fit(points)
        self._set(mixture.weights_, mixture.means_, mixture.covariances_)
        return {
            "nll": float(self.log_cells - mixture.score(points)),
            "iterations": int(mixture.n_iter_),
            "converged": bool(mixture.converged_),
        }

    def _set(self, weights, means, covariances):
        self.logits.assign(np.log(np.maximum(weights, 1e-30)))
        self.means.assign(means)
        if self.covariance == "diag":
            self.raw_scales.assign(_raw(np.sqrt(covariances)))
            return
        scales = np.linalg.cholesky(covariances)
        diagonal = np.eye(self.size) * _raw(np.diagonal(scales, axis1=1, axis2=2))[:, None]
        self.raw_scales.assign(np.tril(scales, -1) + diagonal)

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors it takes).
        See `kerasgen.families.mixture_files`.
        """
        return mixture_files.signatures(self)


def _positive(raw):
    return ops.softplus(raw) + _LEAST_SCALE


def _raw(scales):
    """What `_positive` maps to `scales`, in float64: log(exp(s) - 1), which overflows for no s."""
    scales = np.maximum(scales - _LEAST_SCALE, 1e-10)
    return scales + np.log(-np.expm1(-scales))
