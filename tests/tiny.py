"""Models of every family that are built and trained in seconds."""

import keras

from kerasgen import (
    LatentVariableModel,
    bottlenecks,
    divergences,
    events,
    families,
    likelihoods,
    networks,
    objectives,
)
from kerasgen.abilities import Tokenizes
from kerasgen.model import GenerativeModel
from kerasgen.registration import register
from kerasgen.text import Vocabulary


def tiny_vae(likelihood=None, objective=None, num_classes=None, latent_dim=4):
    """A VAE of 8x8 images with the real parts, small enough to train in a moment; the same weights
    every time.
    """
    keras.utils.set_random_seed(0)
    likelihood = likelihood or likelihoods.Bernoulli()
    return LatentVariableModel(
        (8, 8, 1),
        networks.ConvEncoder((8,), (1,), 16),
        bottlenecks.Gaussian(latent_dim),
        networks.ConvDecoder((8, 8, likelihood.channels(1)), (8,), (1,), 16),
        likelihood,
        objective,
        num_classes,
    )


def tiny_mlp_vae(likelihood=None, objective=None, num_classes=None, bottleneck=None):
    """The same of perceptrons, which trace and compile much faster."""
    keras.utils.set_random_seed(0)
    likelihood = likelihood or likelihoods.Bernoulli()
    return LatentVariableModel(
        (8, 8, 1),
        networks.MLP((16,), (16,)),
        bottleneck or bottlenecks.Gaussian(4),
        networks.MLP((8, 8, likelihood.channels(1)), (16,)),
        likelihood,
        objective,
        num_classes,
    )


def tiny_classifier(augmentation=()):
    """A classifier of 8x8 digits; the same weights every time."""
    keras.utils.set_random_seed(0)
    return families.Classifier(
        (8, 8, 1), 10, networks.ConvEncoder((8,), (1,), 16), augmentation, dropout=0.1
    )


def tiny_attribute_classifier():
    """A classifier of 8x8 digits by two attributes, which digit and whether it is odd; the same
    weights every time.
    """
    keras.utils.set_random_seed(0)
    return families.AttributeClassifier((8, 8, 1), [10, 2], networks.ConvEncoder((8,), (1,), 16))


def tiny_autoencoder(bottleneck=None):
    """An autoencoder of 8x8 images; the same weights every time."""
    keras.utils.set_random_seed(0)
    return families.Autoencoder(
        (8, 8, 1),
        networks.MLP((16,), (32,)),
        bottleneck or bottlenecks.Deterministic(8),
        networks.MLP((8, 8, 1), (32,)),
        likelihoods.Gaussian(scale=1.0),
    )


def tiny_hierarchical(bottleneck=bottlenecks.Hierarchical):
    """A VAE of two stochastic layers; the same weights every time."""
    keras.utils.set_random_seed(0)
    encoder, decoder = networks.MLP((16,), (16,)), networks.MLP((8, 8, 1), (16,))
    return LatentVariableModel(
        (8, 8, 1), encoder, bottleneck((2, 3), hidden=8), decoder, likelihoods.Bernoulli()
    )


def tiny_ladder():
    """A VAE of grids of codes at two resolutions; the same weights every time."""
    keras.utils.set_random_seed(0)
    return LatentVariableModel(
        (8, 8, 1),
        networks.GridEncoder((8,), (1,)),
        bottlenecks.Ladder((2, 1), channels=8),
        networks.GridDecoder(None, (8,), (1,)),
        likelihoods.ChannelwiseLogistic(2, levels=17),
    )


def tiny_pixel_vae():
    """A VAE whose pixels depend on those before them, too; the same weights every time."""
    keras.utils.set_random_seed(0)
    in_turn = likelihoods.Autoregressive(
        networks.PixelCNN(2, 4, 1, head_channels=4), likelihoods.Bernoulli()
    )
    in_turn.build((None, 8, 8, 1))
    return tiny_mlp_vae(in_turn)


def tiny_mixture():
    """A mixture of Gaussians over images of 17 levels; the same weights every time."""
    keras.utils.set_random_seed(0)
    return families.Mixture((8, 8, 1), 3, levels=17)


def tiny_gan(
    divergence=None,
    regularizers=(),
    num_classes=None,
    normalization="batch",
    spectral=False,
    **arguments,
):
    """A GAN of 8x8 images with the real parts; the same weights every time."""
    keras.utils.set_random_seed(0)
    return families.AdversarialModel(
        (8, 8, 1),
        networks.DCGANGenerator((8, 8, 1), (8,), normalization),
        networks.DCGANCritic((8,), "spectral" if spectral else None),
        divergence or divergences.NonSaturating(),
        latent_dim=4,
        condition=num_classes,
        regularizers=regularizers,
        **{"head": networks.ScoreHead(num_classes, spectral), **arguments},
    )


def tiny_self_conditioned():
    """A GAN of 8x8 images that knows the component of a mixture of three; the same weights every
    time.
    """
    clusters = tiny_mixture()
    return families.SelfConditionedModel(
        (8, 8, 1),
        networks.DCGANGenerator((8, 8, 1), (8,)),
        networks.DCGANCritic((8,)),
        divergences.NonSaturating(),
        latent_dim=4,
        clusters=clusters,
    )


def tiny_autoregressive(num_classes=None):
    """A Gated PixelCNN of 8x8 images, or a PixelCNN of classes, 2x2 patches and 17 levels; always
    the same weights.
    """
    keras.utils.set_random_seed(0)
    if num_classes is None:
        network, likelihood, patch_size = (
            networks.GatedPixelCNN(1, 8, 2, head_channels=8),
            likelihoods.Bernoulli(),
            1,
        )
    else:
        network, likelihood = (
            networks.PixelCNN(30, 8, 1, head_channels=8),
            likelihoods.ChannelwiseLogistic(2, 17),
        )
        patch_size = 2
    return families.AutoregressiveModel((8, 8, 1), network, likelihood, num_classes, patch_size)


def tiny_autoregressive_of_patches(network):
    """A network over 2x2 patches of binary 8x8 images, by their 16 joint values; the same weights
    every time.
    """
    keras.utils.set_random_seed(0)
    parts = {
        "PixelCNNPlusPlus": (4, 1, 2),
        "RowLSTM": (4, 1),
        "DiagonalBiLSTM": (4, 1),
        "CausalTransformer": (8, 1, 2),
    }[network]
    likelihood = likelihoods.JointCategorical(2)
    return families.AutoregressiveModel(
        (8, 8, 1), getattr(networks, network)(16, *parts), likelihood, None, patch_size=2
    )


def tiny_tokenizer(kind, **arguments):
    """A tokenizer of 8x8 images, 4x4 words of a vocabulary of 16; the same weights every time."""
    keras.utils.set_random_seed(0)
    bottleneck = {
        "gumbel": lambda: bottlenecks.GumbelSoftmax(16, 4, temperature_steps=20, **arguments),
        "vq": lambda: bottlenecks.VectorQuantizer(16, 4, **arguments),
        "vq_gradient": lambda: bottlenecks.VectorQuantizer(16, 4, codebook="gradient", **arguments),
        "fsq": lambda: bottlenecks.FiniteScalar((4, 4), **arguments),
    }[kind]()
    return families.DiscreteAutoencoder(
        (8, 8, 1),
        networks.GridEncoder((8,), (1,)),
        bottleneck,
        networks.GridDecoder(1, (8,), (1,)),
        likelihoods.Bernoulli(),
        objectives.ELBO(warmup_steps=20, warmup="cosine"),
    )


@register
class PatchTokenizer(Tokenizes, GenerativeModel):
    """Every 2x2 patch of an image, rounded to black and white, as a number: exact for binary
    images.
    """

    def __init__(self, event, **kwargs):
        super().__init__(event, **kwargs)
        self.token_event = events.Tokens((event[0] // 2, event[1] // 2), 16)
        self.likelihood = likelihoods.Bernoulli().build_for(self.event)
        self.built = True

    def _tokenize(self, x):
        bits = keras.ops.cast(networks.SpaceToDepth()(x) > 0.5, "int32")
        return keras.ops.sum(bits * keras.ops.array([8, 4, 2, 1]), axis=-1)

    def _detokenize(self, ids):
        bits = keras.ops.mod(
            keras.ops.floor_divide(ids[..., None], keras.ops.array([8, 4, 2, 1])), 2
        )
        return networks.DepthToSpace()(keras.ops.cast(bits, "float32"))

    def decode_tokens(self, ids):
        return self.likelihood.distribution(6 * (2 * self.detokenize(ids) - 1))


SENTENCES = ["a red circle above a square", "a square"]


def tiny_grid_two_stage():
    """A PixelCNN over ids of patches; the same weights every time."""
    keras.utils.set_random_seed(0)
    network = networks.TokenGrid(16, networks.GatedPixelCNN(16, 4, 2), size=4)
    return families.TwoStageModel((8, 8, 1), PatchTokenizer((8, 8, 1)), network)


def tiny_two_stage(condition=None, event_shape=(8, 8, 1)):
    """A transformer over ids of patches, conditional on "classes" or "text" or nothing; the same
    weights every time.
    """
    keras.utils.set_random_seed(0)
    vocabulary = Vocabulary(["a", "red", "circle", "square", "above"], 6, SENTENCES)
    event = {"text": events.Sentences(vocabulary), "classes": events.Classes(10), None: None}[
        condition
    ]
    network = networks.TokenTransformer(16, event.vocab_size if event else 1, 8, 2, 2)
    return families.TwoStageModel(event_shape, PatchTokenizer(event_shape), network, event)
