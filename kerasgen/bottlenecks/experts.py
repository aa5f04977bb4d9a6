"""Codes of several senses at once: each sense's network is an expert, and experts are fused.

z = (shared, private of one sense, private of the next, ...). The shared factor of a set S of senses
follows the product of their experts and the prior,

    q_S(w) ~ N(w; 0, 1) * product over m in S of N(w; mean_m, scale_m^2),

a normal again, and the posterior is a mixture of such products, with equal weights:

    product              of all senses that are there: the one set S
    mixture              of single senses
    mixture_of_products  of all sets that are not empty

Wu and Goodman, Multimodal Generative Models for Scalable Weakly-Supervised Learning, 2018 (arXiv
1802.05335); Shi and others, Variational Mixture-of-Experts Autoencoders, 2019 (arXiv 1911.03393);
Sutter, Daunhawer and Vogt, Generalized Multimodal ELBO, 2021 (arXiv 2105.02470); the private
factors: Tsai and others, Learning Factorized Multimodal Representations, 2019 (arXiv 1806.06176).
"""

import itertools
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend
from kerasgen.bottlenecks.clusters import Clusters
from kerasgen.bottlenecks.continuous import Stochastic, mean_and_scale, normal
from kerasgen.checks.arguments import NamedWidths, Seed, Share, Width, one_of
from kerasgen.registration import register

FUSIONS = {  # the sets of n senses that the components of a posterior are products of, 0 or 1
    "product": lambda n: [(1,) * n],
    "mixture": lambda n: np.eye(n, dtype=int).tolist(),
    "mixture_of_products": lambda n: [s for s in itertools.product((0, 1), repeat=n) if any(s)],
}


@register
class Experts(Stochastic):
    """The posterior of several senses: experts of the shared factor, fused, and private factors.

    It reads a dict of features `[B, F]` by sense. Where senses may be missing, "present" has for
    each of them which examples have it, `[B]`. A sense that is missing is no expert, and its
    private factor follows the prior.

    Args:
        shared_dim: size of the shared factor.
        private_dims: sizes of private factors by sense; a sense without one has only the shared.
        fusion: "product", "mixture" or "mixture_of_products".
        clusters: a name of a sense of classes and how many there are, as `{"digit": 10}`: the prior
            of the shared factor is a normal for each class, which tell the class by Bayes' rule;
            the model needs no decoder of that sense. None leaves the prior N(0, 1).
        crossed: share of the posterior in which a sense outside of a component's set has its
            private factor from the prior, so that decoders learn what all senses share from the
            shared factor alone (after Palumbo, Daunhawer and Vogt, MMVAE+, 2023); 0 leaves every
            private factor to its own sense.
        crossed_senses: whose private factors it crosses; None for all.
        seed: of the noise that calls draw; None follows the global seed.

    Raises:
        ValueError: an unknown fusion, a share outside [0, 1), clusters of several senses.

    >>> bottleneck = Experts(2, {"sound": 1}, fusion="mixture")
    >>> bottleneck.build({"sound": (None, 3), "picture": (None, 3)})
    >>> features = {name: np.zeros((5, 3), "float32") for name in ("sound", "picture")}
    >>> posterior = bottleneck.posterior(features)
    >>> tuple(posterior.sample(7, seed=0).shape), tuple(posterior.weights.shape)
    ((7, 5, 3), (5, 2))
    """

    term_names = ("kl",)

    def __init__(
        self,
        shared_dim: Width,
        private_dims: NamedWidths | None = None,
        fusion: Annotated[str, one_of(*FUSIONS)] = "mixture_of_products",
        crossed: Share = 0.0,
        clusters: NamedWidths | None = None,
        crossed_senses: list[str] | None = None,
        seed: Seed = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.shared_dim = shared_dim
        self.private_dims = dict(private_dims or {})
        self.fusion = fusion
        self.crossed = crossed
        self.crossed_senses = crossed_senses
        self.clusters = {name: Clusters(count) for name, count in (clusters or {}).items()}
        if len(self.clusters) > 1:
            raise ValueError(
                f"Expected clusters of one sense at most. Received: {sorted(self.clusters)}."
            )
        self.noise = keras.random.SeedGenerator(seed)
        self.latent_shape = (shared_dim + sum(self.private_dims.values()),)

    def build(self, input_shape):
        self.senses = [name for name in input_shape if name != "present"]
        if unknown := sorted(self.private_dims.keys() - set(self.senses)):
            raise ValueError(
                f"Expected private_dims of senses that have an encoder, {self.senses}. "
                f"Received: {unknown}."
            )
        self.statistics = {}
        for name in self.senses:
            size = 2 * (self.shared_dim + self.private_dims.get(name, 0))
            self.statistics[name] = keras.layers.Dense(size, dtype=self.dtype_policy, name=name)
            self.statistics[name].build(input_shape[name])
        for clusters in self.clusters.values():
            clusters.build((None, self.shared_dim))
        self.sets = np.array(FUSIONS[self.fusion](len(self.senses)), "float32")  # [K, M]
        self.built = True

    @property
    def factors(self) -> dict[str, tuple[int, int]]:
        """Where factors begin and end in a code: "shared", and private ones by their sense.

        >>> Experts(2, {"sound": 3}).factors
        {'shared': (0, 2), 'sound': (2, 5)}
        """
        sizes = {"shared": self.shared_dim, **self.private_dims}
        ends = itertools.accumulate(sizes.values())
        return {name: (end - size, end) for (name, size), end in zip(sizes.items(), ends)}

    def posterior(self, features: dict[str, Any], whole: bool = False):
        """q(z | senses that are there): batch shape `[B]`, a mixture of normals.

        Args:
            features: by sense.
            whole: take the largest sets alone, which know most: what is there in one product, or of
                a mixture every single sense.
        """
        from kerasgen.distributions import NormalMixture  # imports TensorFlow Probability

        experts = [mean_and_scale(self.statistics[name](features[name])) for name in self.senses]
        present = features.get("present")
        there = (
            ops.ones((ops.shape(experts[0][0])[0], len(experts)))
            if present is None
            else ops.stack([ops.cast(present[name], "float32") for name in self.senses], axis=-1)
        )
        weights, sets, owners = self._sets(there, whole)
        shared = ([each[:, : self.shared_dim] for each in statistic] for statistic in zip(*experts))
        factors = [_product(sets, *(ops.stack(each, axis=1) for each in shared))]
        for name in self.private_dims:
            i = self.senses.index(name)
            own = (statistic[:, None, self.shared_dim :] for statistic in experts[i])
            factors.append(_product(owners[:, :, i : i + 1], *own))
        return NormalMixture(weights, *(ops.concatenate(each, axis=-1) for each in zip(*factors)))

    def _sets(self, there, whole):
        """Weights `[B, K]` of the components, which senses `[B, K, M]` the shared factor of each is
        a product of, and which have their private factors from themselves."""
        sizes = self.sets.sum(axis=1)
        chosen = self.sets[sizes == sizes.max()] if whole else self.sets
        sets = ops.convert_to_tensor(chosen)
        are_there = ops.cast(ops.all(there[:, None] >= sets, axis=-1), "float32")
        number = ops.sum(are_there, axis=-1, keepdims=True)
        # Without a set that is there whole, all are cut to what is: the product, and no sense.
        weights = ops.where(number > 0, are_there / ops.maximum(number, 1), 1 / len(chosen))
        owners, sets = ops.ones_like(sets) * there[:, None], sets * there[:, None]
        if whole or not self.crossed:
            return weights, sets, owners
        weights = ops.concatenate([(1 - self.crossed) * weights, self.crossed * weights], axis=1)
        crosses = [self.crossed_senses is None or n in self.crossed_senses for n in self.senses]
        crossed = ops.where(np.array(crosses), sets, owners)
        return weights, ops.tile(sets, (1, 2, 1)), ops.concatenate([owners, crossed], axis=1)

    def prior(self, condition: Any = None):
        """p(z) = N(0, I), or with clusters a mixture of one normal each."""
        from kerasgen.distributions import NormalMixture  # imports TensorFlow Probability

        for clusters in self.clusters.values():
            n, private = clusters.num_clusters, sum(self.private_dims.values())
            means = ops.pad(clusters.means, [(0, 0), (0, private)])
            log_scales = ops.pad(clusters.log_scales, [(0, 0), (0, private)])
            return NormalMixture(ops.full((n,), 1 / n), means, ops.exp(log_scales))
        return normal(ops.zeros(self.latent_shape), ops.ones(self.latent_shape))

    def sample(self, n: int, seed: Any, condition: Any = None):
        of_cluster, of_noise = backend.split_seed(seed, 2)
        noise = backend.tfd.Normal(0.0, 1.0).sample((n, *self.latent_shape), seed=of_noise)
        for clusters in self.clusters.values():
            u = backend.tfd.Uniform().sample((n,), seed=of_cluster)
            shared = clusters.from_uniform(u, noise[:, : self.shared_dim])
            return ops.concatenate([shared, noise[:, self.shared_dim :]], axis=-1)
        return noise

    def of_class(self, noise: Any, labels: Any, known: Any):
        """z `[B, D]` of the class `labels` where it is `known` `[B]`, else of the prior, that
        standard normal noise leads to."""
        (clusters,) = self.clusters.values()
        shared = noise[:, : self.shared_dim]
        u = (ops.cast(labels, "float32") + 0.5) / clusters.num_clusters
        of_label = clusters.from_uniform(u, shared)
        shared = ops.where(known[:, None], of_label, clusters.from_noise(shared))
        return ops.concatenate([shared, noise[:, self.shared_dim :]], axis=-1)

    def _kl(self, posterior):
        """Of each component `[B, K]` in nats, a bound where the prior has clusters, and of each of
        its units `[B, K, D]`."""
        mean, scale = posterior.means, posterior.scales
        by_unit = 0.5 * (scale**2 + mean**2 - 1) - ops.log(scale)
        for clusters in self.clusters.values():
            end = self.shared_dim
            of_shared, kl = clusters.kl_by_unit(mean[..., :end], scale[..., :end])
            kl = kl + ops.sum(by_unit[..., end:], axis=-1)
            return kl, ops.concatenate([of_shared, by_unit[..., end:]], axis=-1)
        return ops.sum(by_unit, axis=-1), by_unit

    def kl_by_unit(self, posterior: Any, z: Any = None, condition: Any = None):
        """The mean of the components' KL(q_k(z_d) || p(z_d)), `[B, D]`, whatever z."""
        return ops.sum(posterior.weights[..., None] * self._kl(posterior)[1], axis=-2)

    def terms(self, posterior: Any, z: Any, condition: Any = None) -> dict[str, Any]:
        """The mean of the components' KL, which bounds the mixture's KL(q || p) from above."""
        return {"kl": ops.sum(posterior.weights * self._kl(posterior)[0], axis=-1)}

    def from_noise(self, distribution: Any, noise: Any):
        """The z that standard normal noise leads to under the prior."""
        for clusters in self.clusters.values():
            shared = clusters.from_noise(noise[..., : self.shared_dim])
            return ops.concatenate([shared, noise[..., self.shared_dim :]], axis=-1)
        return distribution.mean() + distribution.stddev() * noise


def _product(sets, mean, scale):
    """Means and scales `[B, K, D]` of the prior times experts `[B, M, D]`, by sets `[B, K, M]`."""
    precision = scale**-2
    total = 1 + ops.einsum("bkm,bmd->bkd", sets, precision)
    return ops.einsum("bkm,bmd->bkd", sets, precision * mean) / total, total**-0.5
