"""Tiny models of sentences, and sentences for them."""

import keras
import numpy as np

from kerasgen import LatentVariableModel, bottlenecks, events, families, likelihoods, networks
from kerasgen.text import WordVocabulary

VOCABULARY = WordVocabulary("small large red blue circle square a is , the", 8, ["a red circle"])
EVENT = events.Sentences(VOCABULARY)
NETWORKS = {
    "gru": lambda: networks.CausalGRU(size=8),
    "lstm": lambda: networks.CausalLSTM(size=8),
    "transformer": lambda: networks.CausalTransformer(size=8, num_blocks=2, num_heads=2),
}


def tokens(count=64, seed=0):
    """`[count, 8]` tokens of sentences by a rule: the circle is red, the square blue."""
    rng = np.random.default_rng(seed)
    kinds = ["a {} red circle", "the {} blue square", "a square is {}, the red"]
    sizes = ["small", "large"]
    return VOCABULARY.encode(
        [kinds[rng.integers(3)].format(sizes[rng.integers(2)]) for _ in range(count)]
    )


def likelihood(network="gru", context=0, **options):
    return likelihoods.AutoregressiveTokens(NETWORKS[network](), 8, context, **options)


def language_model(network="gru", event=EVENT, condition=None):
    return families.LanguageModel(event, likelihood(network, condition or 0), condition)


def policy(event=EVENT, **options):
    critic = networks.SentenceEncoder(event.vocab_size, 4)
    return families.PolicyGradientModel(event, likelihood(), critic, **options)


def text_vae(network="gru", event=EVENT, objective=None, latent_dim=2, **options):
    return LatentVariableModel(
        event,
        networks.SentenceEncoder(event.vocab_size, 8),
        bottlenecks.Gaussian(latent_dim),
        networks.MLP(hidden=()),
        likelihood(network, 6, **options),
        objective,
    )


def conditional_text_vae():
    return LatentVariableModel(
        EVENT,
        networks.SentenceEncoder(EVENT.vocab_size, 8),
        bottlenecks.FlowGaussian(2, num_classes=2, couplings=2, hidden=8),
        networks.MLP(hidden=()),
        likelihood(context=6),
        condition=events.Classes(2, ["small", "large"]),
    )


def with_random_weights(model, seed=0):
    """Some weights start at zero, which would hide what they do."""
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign_add(0.3 * rng.standard_normal(weight.shape).astype("float32"))
    return model


def seeded(make, *args, **options):
    keras.utils.set_random_seed(0)
    return with_random_weights(make(*args, **options))
