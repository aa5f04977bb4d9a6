"""Discrete autoencoders, which turn an image into a grid of tokens and back: tokenizers.

    x -> encoder -> tokens [B, h, w] -> code vectors -> decoder -> p(x | tokens)

With `GumbelSoftmax` this is the discrete VAE of DALL-E (Ramesh and others 2021, arXiv 2102.12092),
with `VectorQuantizer` the VQ-VAE (van den Oord and others 2017, arXiv 1711.00937). With a prior
over tokens it generates, and log p(x) >= log p(tokens) + log p(x | tokens) for the tokens of x.
"""

from typing import Any

from kerasgen.abilities import Tokenizes
from kerasgen.bottlenecks import Bottleneck
from kerasgen.checks.arguments import Layer, Part
from kerasgen.events import Tokens
from kerasgen.families.autoencoder import Autoencoder
from kerasgen.registration import register


@register
class DiscreteAutoencoder(Tokenizes, Autoencoder):
    """An autoencoder whose bottleneck is discrete: a tokenizer.

    `encode` is the posterior over tokens, whose mode are the tokens, and `decode` the likelihood
    given code vectors. Exported files have `encode` and `decode` between examples and tokens.

    Args:
        event: what one example is, of `kerasgen.events`; a list stands for an image.
        encoder: Keras layer or model, examples to features of a grid, `[B, h, w, F]`.
        bottleneck: a discrete one from `kerasgen.bottlenecks`.
        decoder: Keras layer or model, `[B, h, w, D]` to the likelihood's parameters.
        likelihood: from `kerasgen.likelihoods`.
        objective: from `kerasgen.objectives`; the ELBO by default.

    Raises:
        ValueError: a bottleneck that is not discrete; parts that do not fit each other.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> model = DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.FiniteScalar((3, 3)),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli())
    >>> tuple(model.tokenize(np.ones((2, 8, 8, 1))).shape)
    (2, 4, 4)
    """

    def __init__(
        self,
        event: Any,
        encoder: Layer,
        bottleneck: Part[Bottleneck],
        decoder: Layer,
        likelihood: Any,
        objective: Any = None,
        **kwargs: Any,
    ):
        if not bottleneck.is_discrete:
            raise ValueError(
                "Expected a discrete bottleneck: GumbelSoftmax, VectorQuantizer or FiniteScalar. "
                f"Received: {type(bottleneck).__name__}. Use Autoencoder or LatentVariableModel."
            )
        if "condition" in kwargs or "num_classes" in kwargs:
            raise ValueError(
                "Expected no condition: tokens say all that the decoder knows; a prior over tokens "
                "may have one. Received: a condition. Drop it."
            )
        super().__init__(event, encoder, bottleneck, decoder, likelihood, objective, **kwargs)
        self.token_event = Tokens(bottleneck.latent_shape[:-1], bottleneck.vocab_size)

    def _tokenize(self, x):
        return self.posterior(x).mode()

    def decode_tokens(self, tokens):
        """p(x | tokens) for tokens `[B, h, w]`: batch shape `[B]`, event `event_shape`.

        Raises:
            ValueError: tokens of another shape or out of the vocabulary.
        """
        return self.decode(self.bottleneck.embed(self.token_event.check(tokens)))

    def _detokenize(self, tokens):
        decoded = self.decode(self.bottleneck.embed(tokens)).mean()
        return self.event.clip(decoded)

    def _reconstruct(self, x, condition):
        return self._detokenize(self._tokenize(x))

    def export_signatures(self):
        """`encode`, examples to tokens, `decode`, tokens to examples, and `reconstruct`."""

        def encode(**tensors):
            """Examples to their likeliest tokens."""
            return self.token_event.unpack(self._tokenize(self.event.pack(tensors)))

        def decode(tokens):
            """Tokens to examples, the mean of the likelihood."""
            return self.event.unpack(self._detokenize(tokens))

        return super().export_signatures() | {
            "encode": (encode, self.event.tensors()),
            "decode": (decode, self.token_event.tensors()),
        }
