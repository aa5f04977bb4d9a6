"""What calls of constructors share: inputs, uses of what was made, and parts of larger ones."""

import numpy as np

from kerasgen.events import of

IMAGES = np.full((2, 8, 8, 3), 0.5, "float32")
ROWS = np.ones((2, 6), "float32")
GRID = np.ones((2, 4, 4, 6), "float32")


def called(*inputs):
    return lambda part: part(*inputs)


def given_classes(bottleneck):
    return bottleneck(ROWS, condition=np.array([0, 1]))


def of_images(likelihood):
    return likelihood.build_for(of([8, 8, 3]))


def sized(network):
    network.set_size(4)
    return network


def scored(divergence):
    return divergence.critic_terms(ROWS[:, 0], ROWS[:, 1])


def encoded(vocabulary):
    return vocabulary.encode(vocabulary.examples)


def nothing(part):
    return part


MLP = {"networks.MLP": {"hidden": [4]}}
FEATURES = {"networks.MLP": {"output_shape": [4], "hidden": []}}
PIXELCNN = {"networks.PixelCNN": {"channels": 4, "num_blocks": 1, "head_channels": 4}}
OF_THREE = {"networks.PixelCNN": PIXELCNN["networks.PixelCNN"] | {"output_channels": 3}}
GAUSSIAN = {"bottlenecks.Gaussian": {"latent_dim": 3}}
BERNOULLI = {"likelihoods.Bernoulli": {}}
WORDS = {"words": ["a", "red", "box"], "length": 4, "examples": ["a red box"]}
SENTENCES = {"events.Sentences": {"vocabulary": {"text.Vocabulary": WORDS}}}
TOKENS = {
    "likelihoods.AutoregressiveTokens": {
        "network": {"networks.CausalGRU": {"size": 4}},
        "context": 3,  # the classes of its model
    }
}
QUANTIZED = {
    "families.DiscreteAutoencoder": {
        "event": [8, 8, 1],
        "encoder": {"networks.GridEncoder": {"channels": [4, 4]}},
        "bottleneck": {"bottlenecks.FiniteScalar": {"levels": [3, 3]}},
        "decoder": {"networks.GridDecoder": {"channels": [4, 4]}},
        "likelihood": BERNOULLI,
    }
}
SENSES = {"events.Partial": {"events": {"a": [4], "b": [5]}}}
NORMAL = {"likelihoods.Gaussian": {"scale": 1.0}}
EXPERTS = {"bottlenecks.Experts": {"shared_dim": 3}}
ENCODER = {
    "event": [8, 8, 1],
    "encoder": MLP | {"networks.MLP": {"output_shape": [4], "hidden": []}},
    "bottleneck": GAUSSIAN,
    "decoder": MLP,
    "likelihood": BERNOULLI,
    "objective": {"objectives.ELBO": {}},
}
GAME = {
    "event": [8, 8, 1],
    "generator": {"networks.MLP": {"hidden": []}},
    "critic": FEATURES,
    "divergence": {"divergences.Hinge": {}},
    "latent_dim": 3,
}
NORMALIZED = {"output_shape": [8, 8, 3], "channels": [4, 4], "normalization": "batch"}
HALVING = {"channels": [4, 4], "blocks": [1, 1], "activation": "relu"}
CAUSAL = {"output_channels": 3, "first_kernel_size": 3, "head_channels": 4}
LAYERED = {"latent_dims": [3, 2], "hidden": 4, "activation": "relu", "seed": 0}
