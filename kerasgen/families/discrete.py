"""Discrete autoencoders, which turn an image into a grid of words and back: tokenizers.

    x -> encoder -> ids [B, h, w] -> code vectors -> decoder -> p(x | ids)

With `GumbelSoftmax` this is the discrete VAE of DALL-E (Ramesh and others 2021, arXiv 2102.12092), with
`VectorQuantizer` the VQ-VAE (van den Oord and others 2017, arXiv 1711.00937). With a prior over ids it generates, and
log p(x) >= log p(ids) + log p(x | ids) for the ids of x.
"""

from kerasgen import bottlenecks, checks
from kerasgen.families.autoencoder import Autoencoder
from kerasgen.registration import register


@register
class DiscreteAutoencoder(Autoencoder):
    """An autoencoder whose bottleneck is discrete. It meets the tokenizer protocol:

    - `vocab_size`, the number of words, and `grid_shape`, `(h, w)`;
    - `tokenize(x)`, images to ids;
    - `detokenize(ids)`, ids to images; `decode_ids(ids)`, ids to p(x | ids).

    `encode` is the posterior over ids, whose mode are the ids, and `decode` the likelihood given code vectors. Exported
    files have `encode` and `decode` between images and ids.

    Args:
        event_shape: `(height, width, channels)` of images in [0, 1].
        encoder: Keras layer or model, `[B, *event_shape]` to features of a grid, `[B, h, w, F]`.
        bottleneck: a discrete one from `kerasgen.bottlenecks`.
        decoder: Keras layer or model, `[B, h, w, D]` to the likelihood's parameters.
        likelihood: from `kerasgen.likelihoods`.
        objective: from `kerasgen.objectives`; the ELBO by default.

    Raises:
        ValueError: a bottleneck that is not discrete; the decoder's output is not what the likelihood needs; classes.
    """

    def __init__(self, event_shape, encoder, bottleneck, decoder, likelihood, objective=None, **kwargs):
        checks.no_classes(kwargs, "ids say all that the decoder knows; a prior over ids may have classes")
        if not isinstance(bottleneck, bottlenecks.DiscreteBottleneck):
            raise ValueError(
                "Expected a discrete bottleneck: GumbelSoftmax, VectorQuantizer or FiniteScalar. "
                f"Received: {type(bottleneck).__name__}. Use Autoencoder or LatentVariableModel with it."
            )
        super().__init__(event_shape, encoder, bottleneck, decoder, likelihood, objective, **kwargs)

    @property
    def vocab_size(self):
        return self.bottleneck.vocab_size

    @property
    def grid_shape(self):
        return self.bottleneck.latent_shape[:-1]

    def tokenize(self, x):
        """The most likely ids of images, `[B, h, w]` int32."""
        return self.encode(x).mode()

    def decode_ids(self, ids):
        """p(x | ids) for ids `[B, h, w]`: batch shape `[B]`, event `event_shape`.

        Raises:
            ValueError: ids of another shape or out of the vocabulary.
        """
        return self.decode(self.bottleneck.embed(checks.ids(ids, self.grid_shape, self.vocab_size)))

    def detokenize(self, ids):
        """The likelihood's mean for ids `[B, h, w]`, `[B, *event_shape]` in [0, 1]; errors as of `decode_ids`."""
        return self.in_range(self.decode_ids(ids).mean())

    def reconstruct(self, x, condition=None):
        """Images to ids and back, `[B, *event_shape]`."""
        checks.labels(condition, None)
        return self.detokenize(self.tokenize(x))

    def export_signatures(self):
        """`encode`, images to ids, `decode`, ids to images, and `reconstruct`: see `Autoencoder`."""

        def encode(images):
            return {"ids": self.tokenize(images)}

        def decode(ids):
            return {"images": self.detokenize(ids)}

        return {
            **super().export_signatures(),
            "encode": (encode, {"images": self.event_shape}),
            "decode": (decode, {"ids": self.grid_shape}),
        }
