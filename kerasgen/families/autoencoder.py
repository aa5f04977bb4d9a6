"""Autoencoders: an encoder, a bottleneck that holds its features to a code, a decoder and a likelihood.

    x -> encoder -> bottleneck -> z -> decoder -> p(x | z)

With the `Deterministic` bottleneck and the `Gaussian` likelihood this is the classic autoencoder with L2 loss (Hinton
and Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks, Science 2006). It has no prior: it neither
samples nor scores. `LatentVariableModel` adds both.
"""

import keras
from keras import ops

from kerasgen import checks
from kerasgen.likelihoods.channelwise import Channelwise
from kerasgen.likelihoods.pixelwise import Autoregressive
from kerasgen.model import GenerativeModel
from kerasgen.objectives import ELBO
from kerasgen.registration import register


@register
class Autoencoder(GenerativeModel):
    """Encoder, bottleneck, decoder and likelihood.

    With `num_classes` the model is conditional: a one-hot label joins the encoder's features and the decoder's input.

    Args:
        event_shape: shape of one example, `(height, width, channels)` for images.
        encoder: Keras layer or model, `[B, *event_shape]` to features `[B, F]`.
        bottleneck: from `kerasgen.bottlenecks`, features to a code z.
        decoder: Keras layer or model, `[B, *decoded_shape]`, with the class, to the likelihood's parameters.
        likelihood: from `kerasgen.likelihoods`.
        objective: from `kerasgen.objectives`; the ELBO by default, which without a prior is -log p(x | z).
        num_classes: number of classes of the condition, or None for an unconditional model.

    Raises:
        ValueError: the decoder's output shape is not the one that the likelihood needs; a bottleneck of other classes;
            an objective that needs a prior.
    """

    def __init__(
        self, event_shape, encoder, bottleneck, decoder, likelihood, objective=None, num_classes=None, **kwargs
    ):
        objective = objective or ELBO()
        super().__init__(event_shape, num_classes, terms=objective.term_names(bottleneck), **kwargs)
        if objective.needs_prior and not hasattr(self, "prior"):
            raise ValueError(
                f"Expected a model with a prior for {type(objective).__name__}. "
                f"Received: {type(self).__name__}. Use LatentVariableModel."
            )
        if getattr(bottleneck, "num_classes", num_classes) != num_classes:
            raise ValueError(
                f"Expected a bottleneck of num_classes={num_classes}, the model's. "
                f"Received: num_classes={bottleneck.num_classes}. Set the bottleneck's num_classes."
            )
        self.encoder = encoder
        self.bottleneck = bottleneck
        self.decoder = decoder
        self.likelihood = likelihood
        self.objective = objective
        self.build()

    def build(self, input_shape=None):
        features = self.encoder(keras.KerasTensor((None, *self.event_shape)))
        classes = self.num_classes or 0
        if not self.bottleneck.built:
            self.bottleneck.build((*features.shape[:-1], features.shape[-1] + classes))
        *grid, size = self.bottleneck.decoded_shape
        params = self.decoder(keras.KerasTensor((None, *grid, size + classes)))
        if isinstance(self.likelihood, Channelwise):
            raise ValueError(
                "Expected a likelihood with a mean, to reconstruct by. Received: "
                f"{type(self.likelihood).__name__}, whose channels depend on each other. Use AutoregressiveModel."
            )
        if not self.likelihood.built:
            self.likelihood.build((None, *self.event_shape))
        expected = (*self.event_shape[:-1], self.likelihood.channels(self.event_shape[-1]))
        if tuple(params.shape[1:]) != expected:
            raise ValueError(
                f"Expected the decoder's output shape to be {expected}, which is what "
                f"{type(self.likelihood).__name__} needs for data of shape {self.event_shape}. "
                f"Received: {tuple(params.shape[1:])}. Set the decoder's output_shape."
            )
        if not self.objective.built:
            self.objective.build()
        self.built = True

    def _conditioned(self, h, condition):
        """Appends the one-hot condition `[B]` to the last axis of h `[..., B, F]`."""
        if condition is None:
            return h
        one_hot = ops.one_hot(condition, self.num_classes, dtype=h.dtype)
        return ops.concatenate([h, ops.broadcast_to(one_hot, (*ops.shape(h)[:-1], self.num_classes))], axis=-1)

    def features(self, x, condition=None, training=False):
        """What the encoder gives the bottleneck, `[B, F]`: checked images, and the condition where there is one."""
        x, condition = self.check(x, condition)
        return self._conditioned(self.encoder(x, training=training), condition)

    def code(self, x, condition=None, num_samples=1, training=False):
        """Codes of checked images, `num_samples` of each, and what they cost: a `kerasgen.bottlenecks.Code`."""
        features = self.features(x, condition, training)
        return self.bottleneck(features, num_samples=num_samples, condition=condition, training=training)

    def encode(self, x, condition=None, training=False):
        """The posterior q(z | x), batch shape `[B]`."""
        return self.bottleneck.posterior(self.features(x, condition, training))

    def decode(self, z, condition=None, training=False):
        """The likelihood p(x | z) for z `[..., B, *latent_shape]`: batch shape `[..., B]`, event `event_shape`."""
        condition = checks.labels(condition, self.num_classes)
        z = self._conditioned(self.bottleneck.decoded(ops.convert_to_tensor(z)), condition)
        leading = ops.shape(z)[: len(z.shape) - len(self.bottleneck.latent_shape)]
        params = self.decoder(ops.reshape(z, (-1, *z.shape[len(leading) :])), training=training)
        params = ops.reshape(params, (*leading, *params.shape[1:]))
        return self.likelihood.distribution(params, len(self.event_shape))

    def loss_terms(self, x, condition=None, training=False):
        """The objective's terms by name, unweighted, each `[B]` in nats."""
        return self.objective.terms(self, *self.check(x, condition), training)

    def term_weights(self):
        return self.objective.term_weights(self.bottleneck)

    def reconstruct(self, x, condition=None):
        """The likelihood's mean at the posterior's mean, `[B, *event_shape]`, of images in [0, 1]."""
        return self.in_range(self.decode(self.encode(x, condition).mean(), condition).mean())

    @property
    def drawn_in_turn(self):
        """Signatures in which one pixel decides those after it."""
        return ("decode", "reconstruct", "sample") if isinstance(self.likelihood, Autoregressive) else ()

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, shapes of its inputs without batch axis).

        Nothing is drawn inside: randomness enters as standard normal noise. A conditional model takes labels too.
        `kerasgen.export.signatures.TENSORS` says what each name stands for.
        """

        def encode(images, labels=None):
            return {"mean": self.encode(images, labels).mean()}

        def decode(z, labels=None):
            return {"images": self.in_range(self.decode(z, labels).mean())}

        def reconstruct(images, labels=None):
            return {"images": self.reconstruct(images, labels)}

        labels = {} if self.num_classes is None else {"labels": ()}
        return {
            "encode": (encode, {"images": self.event_shape, **labels}),
            "decode": (decode, {"z": self.bottleneck.latent_shape, **labels}),
            "reconstruct": (reconstruct, {"images": self.event_shape, **labels}),
        }

    def get_config(self):
        parts = ("encoder", "bottleneck", "decoder", "likelihood", "objective")
        return {
            **super().get_config(),
            **{part: keras.saving.serialize_keras_object(getattr(self, part)) for part in parts},
        }
