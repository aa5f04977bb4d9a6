"""Autoencoders: an encoder, a bottleneck that holds its features to a code, a decoder, a
likelihood.

    x -> encoder -> bottleneck -> z -> decoder -> p(x | z)

With the `Deterministic` bottleneck and the `Gaussian` likelihood this is the classic autoencoder
with L2 loss (Hinton and Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks,
Science 2006). It has no prior: it neither samples nor scores. `LatentVariableModel` adds both.
"""

from typing import Any

import keras
from keras import ops

from kerasgen import fitting
from kerasgen.abilities import Encodes, Reconstructs
from kerasgen.bottlenecks import Bottleneck
from kerasgen.checks.arguments import Layer, Part
from kerasgen.entrance import entrance
from kerasgen.likelihoods import Likelihood
from kerasgen.model import GenerativeModel
from kerasgen.objectives import ELBO, Objective
from kerasgen.registration import register


@register
class Autoencoder(Encodes, Reconstructs, GenerativeModel):
    """An autoencoder of an encoder, a bottleneck, a decoder and a likelihood.

    With a condition, its vector (one-hot of classes) joins the encoder's features and the decoder's
    input.

    Args:
        event: what one example is, of `kerasgen.events`; a list stands for an image or a vector.
        encoder: Keras layer or model, examples to features `[B, F]`.
        bottleneck: from `kerasgen.bottlenecks`, features to a code z.
        decoder: Keras layer or model, `[B, *decoded_shape]`, with the condition, to the
            likelihood's parameters; one of `kerasgen.networks` learns their shape from the
            likelihood.
        likelihood: from `kerasgen.likelihoods`.
        objective: from `kerasgen.objectives`; the ELBO by default, which without a prior is
            -log p(x | z).
        condition: a number of classes, any of `kerasgen.events`, or None.

    Raises:
        ValueError: parts that do not fit each other or the event; an objective that needs a prior.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = Autoencoder(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Deterministic(2),
    ...     networks.MLP(hidden=()), likelihoods.Gaussian("shared"))
    >>> tuple(model.reconstruct(np.zeros((3, 4, 4, 1))).shape)
    (3, 4, 4, 1)
    """

    def __init__(
        self,
        event: Any,
        encoder: Layer,
        bottleneck: Part[Bottleneck],
        decoder: Layer,
        likelihood: Part[Likelihood],
        objective: Part[Objective] | None = None,
        condition: Any = None,
        **kwargs: Any,
    ):
        objective = ELBO() if objective is None else objective
        terms = self.term_names(bottleneck, objective)
        super().__init__(event, condition, terms, support=likelihood, **kwargs)
        bottleneck.check_condition(self.condition)
        objective.check_likelihood(likelihood)
        self.encoder = encoder
        self.bottleneck = bottleneck
        self.decoder = decoder
        self.likelihood = likelihood
        self.objective = objective
        self.build()

    @classmethod
    def term_names(cls, bottleneck, objective):
        """Names of the loss terms; an objective that needs a prior is a ValueError."""
        names = objective.term_names(bottleneck)
        if objective.needs_prior:
            raise ValueError(
                f"Expected a model with a prior for {type(objective).__name__}. "
                f"Received: {cls.__name__}. Use LatentVariableModel."
            )
        return names

    def build(self, input_shape=None):
        if self.built:
            return
        if not self.bottleneck.built:
            self.bottleneck.build(self.feature_shape())
        self.likelihood.build_for(self.told)
        if not self.likelihood.has_mean:
            raise ValueError(
                "Expected a likelihood with a mean, to reconstruct by. Received: "
                f"{type(self.likelihood).__name__}, which has none. Use AutoregressiveModel."
            )
        *grid, size = self.bottleneck.decoded_shape
        fitting.predicts(self.decoder, (*grid, size + self.condition.encoded_size), self.likelihood)
        self.objective.build_for(self.told)
        self.built = True

    @property
    def told(self):
        """The event that the decoder tells of."""
        return self.event

    def feature_shape(self):
        """Of what the bottleneck reads, with the condition."""
        read = fitting.features if self.bottleneck.takes_grid else fitting.vector
        *grid, size = read(self.encoder, self.event)
        return None, *grid, size + self.condition.encoded_size

    def _conditioned(self, h, condition):
        """Appends the condition's vector `[B, K]` to the last axis of h `[..., B, F]`."""
        if condition is None:
            return h
        vector = ops.cast(self.condition.encoded(condition), h.dtype)
        return ops.concatenate(
            [h, ops.broadcast_to(vector, (*ops.shape(h)[:-1], vector.shape[-1]))], axis=-1
        )

    @entrance
    def features(self, x, condition=None, training=False):
        """What the encoder gives the bottleneck, `[B, F]`, with the condition where
        there is one.
        """
        features = self.encoder(self.event.standardized(x), training=training)
        return self._conditioned(features, condition)

    @entrance
    def code(self, x, condition=None, num_samples=1, training=False):
        """Codes of examples, `num_samples` of each, and what they cost: `bottlenecks.Code`."""
        features = self.features(x, condition, training)
        draws = {"num_samples": num_samples, "condition": condition}
        return self.bottleneck(features, **draws, training=training)

    @entrance
    def posterior(self, x, condition=None, training=False):
        """The posterior q(z | x), batch shape `[B]`; `encode` is the same of unchecked data."""
        return self.bottleneck.posterior(self.features(x, condition, training))

    @entrance
    def decode(self, z, condition=None, training=False):
        """The likelihood p(x | z) for z `[..., B, *latent_shape]`, batch shape `[..., B]`."""
        return self.likelihood.distribution(
            self.likelihood_params(z, condition, training), training
        )

    @entrance
    def likelihood_params(self, z, condition=None, training=False):
        """The parameters of the likelihood for z `[..., B, *latent_shape]`."""
        z = ops.convert_to_tensor(z)
        fitting.check_code(z, self.bottleneck.latent_shape)
        z = self._conditioned(self.bottleneck.decoded(z), condition)
        leading = ops.shape(z)[: len(z.shape) - len(self.bottleneck.decoded_shape)]
        params = self.decoder(ops.reshape(z, (-1, *z.shape[len(leading) :])), training=training)
        return keras.tree.map_structure(lambda p: ops.reshape(p, (*leading, *p.shape[1:])), params)

    def loss_terms(self, x, condition=None, training=False):
        """The objective's terms, each `[B]` in nats, and their weights."""
        return self.objective.loss(self, x, condition, training)

    def _reconstruct(self, x, condition):
        z = self.posterior(x, condition).mean()
        return self.told.clip(self.decode(z, condition).mean())

    @property
    def autoregressive_signatures(self):
        """Exported signatures in which one element decides those after it."""
        return ("decode", "reconstruct", "sample") if self.likelihood.autoregressive else ()

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors it takes).

        Nothing is drawn inside: randomness enters as standard normal noise.
        """
        condition = self.condition.tensors()
        x = self.event.tensors() | condition
        z = {"z": fitting.code_tensor(self.bottleneck.latent_shape)} | condition

        def encode(**tensors):
            """Examples to their codes, by the posterior's parameters."""
            posterior = self.posterior(*self.unpacked(tensors))
            return self.bottleneck.posterior_tensors(posterior)

        def decode(z, **tensors):
            """Codes to examples, the mean of the likelihood."""
            decoded = self.decode(z, self.condition.pack(tensors)).mean()
            return self.told.unpack(self.told.clip(decoded))

        def reconstruct(**tensors):
            """Examples as their codes tell them."""
            return self.told.unpack(self._reconstruct(*self.unpacked(tensors)))

        return {"encode": (encode, x), "decode": (decode, z), "reconstruct": (reconstruct, x)}
