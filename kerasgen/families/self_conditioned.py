"""Adversarial models that know what part of the data they are at: components of a mixture in the
place of labels.

    c ~ p(c),    x = G(z, c),    min over G of D(P(x) p(c | x) || p(c) P_G(x | c))

Liu and others, Diverse Image Generation via Self-Conditioned GANs, 2020 (arXiv 2006.10728), where
p(c | x) comes of the critic's features, time and again; here a mixture is fitted once, before. A
generator of a normal variable bends it into separate parts, which takes long and leaves samples
between them; this one is told the part. Labels are not needed.
"""

from typing import Any

import keras
from keras import ops

from kerasgen import backend, decoding, fitting
from kerasgen.checks.arguments import Layer, Part, Width
from kerasgen.entrance import entrance
from kerasgen.events import Classes, Nothing, of
from kerasgen.families.adversarial import AdversarialModel
from kerasgen.families.mixture import Mixture
from kerasgen.registration import register


@register
class SelfConditionedModel(AdversarialModel):
    """An adversarial model of data without labels, conditional within on the component that an
    example belongs to.

    `fit`, `sample` and `score` need no condition: components are drawn from the mixture's posterior
    of the data, from its weights for samples, and are the likeliest for scores. A condition of
    samples and scores names components.

    Args:
        event, generator, critic, divergence, latent_dim: of `AdversarialModel`; the generator's
            noise is `[B, latent_dim + components]`.
        clusters: a `Mixture` over the same events, fitted before: `training: {start_from:
            {clusters: PRESET}}` in a
            recipe. The game does not change it: its `trainable` is set to False.
        kwargs: of `AdversarialModel`, but for `condition`; a `head` is of as many classes as there
            are components.

    Raises:
        ValueError: those of `AdversarialModel`; clusters of other events; classes.

    >>> clusters = kerasgen.families.Mixture([4, 4, 1], num_components=3)
    >>> from kerasgen import divergences, networks
    >>> model = SelfConditionedModel(
    ...     [4, 4, 1], networks.MLP(hidden=()), networks.MLP((4,), ()),
    ...     divergences.Hinge(), latent_dim=2,
    ...     clusters=clusters)
    >>> tuple(model.sample(5, seed=0).shape)
    (5, 4, 4, 1)
    """

    def __init__(
        self,
        event: Any,
        generator: Layer,
        critic: Layer,
        divergence: Any,
        latent_dim: Width,
        clusters: Part[Mixture],
        **kwargs: Any,
    ):
        if "condition" in kwargs or "num_classes" in kwargs:
            raise ValueError(
                "Expected no condition: the components are the classes. Received: a condition. Use "
                "AdversarialModel for data with labels."
            )
        if clusters.event_shape != of(event).shape:
            raise ValueError(
                f"Expected clusters of events of shape {of(event).shape}, the model's. "
                f"Received: {clusters.event_shape}."
            )
        clusters.trainable = False
        self.clusters = clusters  # which the building of the other parts asks for
        super().__init__(event, generator, critic, divergence, latent_dim, **kwargs)
        self.condition = Components(clusters.num_components)

    @property
    def label_event(self):
        return Classes(self.clusters.num_components)

    def shown_labels(self, n):
        """Components for `n` samples to be shown, drawn with seed 0."""
        return self._weighted_components(keras.random.uniform((n,), seed=0))

    def _requested(self, n, condition, seeds):
        condition = super()._requested(n, condition, seeds)
        if condition is not None:
            return condition
        return self._weighted_components(keras.random.uniform((n,), seed=seeds))

    @entrance
    def score(self, x, condition=None, training=False):
        """The critic's scores `[B]` of examples, each as one of its likeliest component where there
        is no condition.
        """
        if condition is None:
            condition = ops.argmax(self.clusters.responsibilities(x), axis=-1)
        return super().score(x, condition, training)

    def export_signatures(self):
        """As `AdversarialModel`'s; two more normal numbers draw the component, by
        `decoding.uniform`.
        """

        def sample(noise):
            """New examples of noise, whose last two numbers draw the component."""
            z, last = noise[:, : self.latent_dim], noise[:, self.latent_dim :]
            components = self._weighted_components(decoding.uniform(last))
            return self.event.unpack(self.event.clip(self.generate(z, components)))

        return {"sample": (sample, {"noise": fitting.noise_tensor((self.latent_dim + 2,))})}

    def _weighted_components(self, uniform):
        """Components `[n]` by the mixture's weights, of numbers uniform on [0, 1)."""
        return decoding.pick(ops.convert_to_tensor(self.clusters.logits), uniform)

    def _components(self, x):
        """Draws from the posterior of x, `[B]`."""
        uniform = backend.tfd.Uniform().sample(
            (ops.shape(x)[0],), seed=backend.next_seed(self.seeds)
        )
        return decoding.pick(self.clusters.joint(x), uniform)

    def _terms(self, x, condition, training):
        return super()._terms(x, self._components(x), training)

    def _parts(self, x, condition):
        return super()._parts(x, self._components(x))


@register
class Components(Nothing):
    """No condition of data; of samples, components where somebody names them.

    Args:
        count: number of components.

    >>> Components(3).request(2, [0, 2]).numpy().tolist()
    [0, 2]
    """

    def __init__(self, count: Width):
        self.components = count

    def validate(self, x):
        try:
            super().validate(x)
        except ValueError:
            raise ValueError(
                f"Expected data without labels: each example gets one of the {self.components} "
                "components. Received: labels. Call fit(x)."
            ) from None

    def request(self, n, condition):
        return None if condition is None else Classes(self.components).request(n, condition)
