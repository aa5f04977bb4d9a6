"""Adversarial models: a generator makes samples of noise, and a critic that tells them from data
teaches it.

    z ~ N(0, I),    x = G(z),    min over G of D(P || P_G),    D as critics estimate it from scores
    V(x)

Goodfellow and others, Generative Adversarial Nets, 2014 (arXiv 1406.2661). Which divergence D it
is, and what keeps the critic's slope in bounds, are parts: see `kerasgen.divergences` and
`kerasgen.regularizers`.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import keras
from keras import ops

from kerasgen import backend, checks, events, fitting
from kerasgen.abilities import Samples
from kerasgen.checks.arguments import Count, Layer, Part, Width, all_of, part
from kerasgen.divergences import Divergence
from kerasgen.entrance import entrance
from kerasgen.families.game import TwoSidedTraining
from kerasgen.model import GenerativeModel
from kerasgen.networks import ScoreHead
from kerasgen.registration import register
from kerasgen.regularizers import Regularizer


@register
class AdversarialModel(TwoSidedTraining, Samples, GenerativeModel):
    """A generator, a critic and the divergence between their sides. It samples; it has no
    likelihood.

    A conditional model adds a one-hot label to the generator's noise, so that the rows of its first
    layer are the classes' embeddings, and the head projects features onto embeddings of its own.

    One way to draw: `sample(n, truncation=...)` draws the noise from normals cut off at that many
    standard deviations: the smaller, the more typical and the less varied the samples (Brock and
    others 2019, arXiv 1809.11096, section 3.1).

    Every batch that `fit` gives is shared out among the `critic_steps` steps of the critic, so that
    each sees other examples, and one step of the generator follows. `fit` logs the mean of every
    term, `divergence`, which is what the scores report, and `loss`, the sum of both sides' losses,
    which need not fall; so does `evaluate`.

    Args:
        event: what one example is, of `kerasgen.events`; a list stands for an image or a vector.
        generator: Keras layer or model, noise `[B, latent_dim + classes]` to examples.
        critic: Keras layer or model, examples `[B, *event_shape]` to features `[B, F]`. What
            regularizers within it and within the generator add joins the loss of the side.
        divergence: from `kerasgen.divergences`.
        latent_dim: size of the noise z.
        condition: a number of classes, or None.
        critic_steps: steps of the critic for one of the generator.
        regularizers: from `kerasgen.regularizers`.
        head: features to scores; `networks.ScoreHead(num_classes)` by default.

    Raises:
        ValueError: the generator's output shape is not `event_shape`, the head is one of other
            classes, or the regularizers do not go with each other or with the critic.

    >>> from kerasgen import divergences, networks
    >>> model = AdversarialModel(
    ...     [4, 4, 1], networks.MLP(hidden=()), networks.MLP((4,), ()),
    ...     divergences.Hinge(), latent_dim=2)
    >>> tuple(model.sample(3, seed=0).shape)
    (3, 4, 4, 1)
    """

    def __init__(
        self,
        event: Any,
        generator: Layer,
        critic: Layer,
        divergence: Part[Divergence],
        latent_dim: Width,
        condition: Any = None,
        critic_steps: Count = 1,
        regularizers: Annotated[Sequence[Regularizer], all_of(part(Regularizer), least=0)] = (),
        head: Layer | None = None,
        **kwargs: Any,
    ):
        names = [name for each in regularizers for name in each.names]
        if len(set(names)) < len(names):
            raise ValueError(
                f"Expected regularizers of different terms. Received: {names}. Drop one of the "
                "same name."
            )
        for each in regularizers:
            each.check(critic)
        penalties = {name: each.weight for each in regularizers for name in each.names}
        super().__init__(event, condition, ("critic", "generator", *penalties), **kwargs)
        self.generator = generator
        self.critic = critic
        self.divergence = divergence
        self.latent_dim = latent_dim
        self.critic_steps = critic_steps
        self.regularizers = list(regularizers)
        self.head = head or ScoreHead(self.num_labels)
        self.penalties = penalties
        self.divergence_mean = keras.metrics.Mean(name="divergence")
        self.seeds = keras.random.SeedGenerator()  # of the noise drawn in training
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        if self.head.num_classes != self.num_labels:
            raise ValueError(
                f"Expected a head of num_classes={self.num_labels}, the model's. "
                f"Received: num_classes={self.head.num_classes}. Set the head's num_classes."
            )
        fitting.generates(self.generator, self.latent_dim + (self.num_labels or 0), self.event)
        features = fitting.vector(self.critic, self.event, "critic")
        if not self.head.built:
            self.head.build((None, *features))
        self.built = True

    samples_at_once = 256
    weighs_examples = False
    makes_of_noise = True

    @property
    def label_event(self):
        """What both sides are told beside an example: the condition."""
        return self.condition

    @property
    def num_labels(self) -> int | None:
        """How many labels there are that both sides are told, or None."""
        event = self.label_event
        return event.count if isinstance(event, events.Classes) else None

    def shown_labels(self, n):
        """Labels for `n` samples to be shown: the classes in turn, or None."""
        return self.label_event.shown(n)

    @entrance
    def generate(self, z, condition=None, training=False):
        """Examples `[B, *event_shape]` float32 of noise z `[B, latent_dim]` and, where there are
        some, labels `[B]`.
        """
        if condition is not None:
            label = ops.cast(self.label_event.encoded(condition), z.dtype)
            z = ops.concatenate([z, label], axis=-1)
        return ops.cast(self.generator(z, training=training), "float32")

    def _noise(self, n, seed, truncation=None):
        tfd = backend.tfd
        normal = (
            tfd.Normal(0.0, 1.0)
            if truncation is None
            else tfd.TruncatedNormal(0.0, 1.0, -truncation, truncation)
        )
        return normal.sample((n, self.latent_dim), seed=seed)

    def _made(self, n, condition, training):
        return self.generate(self._noise(n, backend.next_seed(self.seeds)), condition, training)

    def _critic_terms(self, x, condition, training):
        """The critic's terms, and the divergence that its scores report."""
        fake = ops.stop_gradient(self._made(ops.shape(x)[0], condition, training))
        scores = [self.score(each, condition, training) for each in (x, fake)]
        terms = {"critic": self.divergence.critic_terms(*scores)}
        for each in self.regularizers:
            share = backend.tfd.Uniform().sample(
                (ops.shape(x)[0],), seed=backend.next_seed(self.seeds)
            )
            terms |= each.terms(lambda at: self.score(at, condition, training), x, fake, share)
        return terms, self.divergence.estimate(*scores)

    def _generator_terms(self, x, condition, training):
        fake = self.score(self._made(ops.shape(x)[0], condition, training), condition, training)
        real = self.score(x, condition, training) if self.divergence.needs_real else None
        return {"generator": self.divergence.generator_terms(real, fake)}, None

    def check_sampling(self, truncation):
        if truncation is not None:
            truncation = checks.above_zero("truncation", truncation)
        return {"truncation": truncation}

    def _sample(self, n, seed, condition, *, truncation=None):
        return self.generate(self._noise(n, seed, truncation), condition)

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors it takes).

        Nothing is drawn inside: randomness enters as standard normal noise.
        """

        def sample(noise, **tensors):
            """New examples of noise."""
            made = self.generate(ops.convert_to_tensor(noise), self.condition.pack(tensors))
            return self.event.unpack(self.event.clip(made))

        noise = {"noise": fitting.noise_tensor((self.latent_dim,))}
        return {"sample": (sample, noise | self.condition.tensors())}
