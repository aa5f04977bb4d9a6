"""A right call of every constructor that recipes can name, and what its object is used for."""

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

CALLS = {
    "events.Image": ({"height": 8, "width": 8, "channels": 1, "levels": 2}, nothing),
    "events.SmallImage": ({"height": 8, "width": 8, "channels": 1, "levels": 2}, nothing),
    "events.Vector": ({"size": 3}, nothing),
    "events.Table": ({"columns": ["a"], "means": [0.0], "scales": [1.0]}, nothing),
    "events.Series": ({"length": 3, "channels": 2}, nothing),
    "events.Tokens": ({"length": 3, "vocab_size": 4}, nothing),
    "events.Classes": ({"count": 2, "names": ["a", "b"]}, nothing),
    "events.Attributes": ({"sizes": [2, 3]}, nothing),
    "events.Joint": ({"events": {"a": [4], "b": [5]}}, nothing),
    "events.Nothing": ({}, nothing),
    "events.Partial": ({"events": {"a": [4], "b": [5]}}, nothing),
    "events.Sentences": ({"vocabulary": {"text.Vocabulary": WORDS}}, nothing),
    "text.Vocabulary": (WORDS, encoded),
    "text.WordVocabulary": (WORDS, encoded),
    "text.SubwordVocabulary": ({"merges": ["r e"], "length": 9, "examples": ["a red"]}, encoded),
    "bottlenecks.Gaussian": ({"latent_dim": 3, "seed": 0}, called(ROWS)),
    "bottlenecks.ConditionalGaussian": (
        {"latent_dim": 3, "num_classes": 3, "seed": 0},
        given_classes,
    ),
    "bottlenecks.Deterministic": ({"latent_dim": 3}, called(ROWS)),
    "bottlenecks.Hierarchical": (LAYERED, called(ROWS)),
    "bottlenecks.DeepGaussian": (LAYERED, called(ROWS)),
    "bottlenecks.Clusters": ({"num_clusters": 3}, nothing),
    "bottlenecks.Experts": (
        {
            "shared_dim": 3,
            "private_dims": {"a": 2},
            "fusion": "product",
            "crossed": 0.1,
            "clusters": {"b": 3},
            "crossed_senses": ["a"],
            "seed": 0,
        },
        nothing,
    ),
    "bottlenecks.FlowGaussian": (
        {"latent_dim": 3, "num_classes": 3, "couplings": 2, "hidden": 4, "seed": 0},
        given_classes,
    ),
    "bottlenecks.FlowPosterior": (
        {"latent_dim": 3, "flow": {"networks.Planar": {"num_steps": 1}}, "context": 2, "seed": 0},
        called(ROWS),
    ),
    "bottlenecks.GumbelSoftmax": (
        {
            "vocab_size": 4,
            "latent_dim": 3,
            "temperature_steps": 9,
            "temperatures": [1.0, 0.5],
            "straight_through": True,
            "seed": 0,
        },
        called(GRID),
    ),
    "bottlenecks.Ladder": (
        {"latent_channels": [2, 2], "channels": 4, "blocks": 1, "activation": "relu", "seed": 0},
        called(GRID),
    ),
    "bottlenecks.VectorQuantizer": (
        {
            "vocab_size": 4,
            "latent_dim": 3,
            "codebook": "ema",
            "decay": 0.9,
            "commitment": 0.2,
            "revive_below": 0.1,
            "seed": 0,
        },
        called(GRID),
    ),
    "bottlenecks.FiniteScalar": ({"levels": [3, 4]}, called(GRID)),
    "networks.RandomAffine": (
        {"rotation": 3.0, "zoom": 0.1, "shift": 0.1, "mirror": True},
        called(IMAGES),
    ),
    "networks.RandomShift": ({"pixels": 2, "mirror": True}, called(IMAGES)),
    "networks.Corrupted": ({"network": FEATURES, "noise": [0.1, 0.2]}, called(IMAGES)),
    "networks.GatedPixelCNN": (
        CAUSAL | {"channels": 4, "num_layers": 2, "kernel_size": 3},
        called(IMAGES),
    ),
    "networks.PixelBefore": ({}, called(IMAGES)),
    "networks.CausalTransformer": (
        {
            "output_channels": 3,
            "size": 4,
            "num_blocks": 1,
            "num_heads": 2,
            "dropout": 0.1,
            "stem": {"networks.PixelBefore": {}},
        },
        called(IMAGES),
    ),
    "networks.CausalGRU": (
        {"output_channels": 3, "size": 4, "dropout": 0.1},
        called(IMAGES[:, :1]),
    ),
    "networks.CausalLSTM": (
        {"output_channels": 3, "size": 4, "dropout": 0.1},
        called(IMAGES[:, :1]),
    ),
    "networks.PixelCNN": (
        CAUSAL | {"channels": 4, "num_blocks": 1, "kernel_size": 3},
        called(IMAGES),
    ),
    "networks.SpaceToDepth": ({"block": 2}, called(IMAGES)),
    "networks.DepthToSpace": ({"block": 2}, called(IMAGES[..., :1].repeat(4, -1))),
    "networks.PixelCNNPlusPlus": (
        {"output_channels": 3, "channels": 4, "num_blocks": 1, "num_stages": 1},
        called(IMAGES),
    ),
    "networks.RowLSTM": (CAUSAL | {"size": 4, "num_layers": 1}, called(IMAGES)),
    "networks.DiagonalBiLSTM": (CAUSAL | {"size": 4, "num_layers": 1}, called(IMAGES)),
    "networks.ResidualBlock": (
        {"channels": 3, "activation": "relu", "dropout": 0.1},
        called(IMAGES),
    ),
    "networks.ConvEncoder": (HALVING | {"features": 4, "dropout": 0.1}, called(IMAGES)),
    "networks.ConvDecoder": (
        HALVING | {"output_shape": [8, 8, 3], "features": 4, "dropout": 0.1},
        called(ROWS),
    ),
    "networks.DCGANGenerator": (NORMALIZED | {"hidden": [4]}, called(ROWS)),
    "networks.DCGANCritic": (
        {"channels": [4], "normalization": "layer", "dropout": 0.1, "hidden": [4]},
        called(IMAGES),
    ),
    "networks.MLP": (
        {"output_shape": [3], "hidden": [4], "activation": "relu", "normalization": "layer"},
        called(IMAGES),
    ),
    "networks.EnlargingDecoder": (
        {
            "small_shape": [4, 4, 3],
            "output_shape": [8, 8, 3],
            "channels": 4,
            "blocks": 1,
            "activation": "relu",
        },
        nothing,
    ),
    "networks.RealNVP": ({"num_steps": 2, "hidden": 4}, sized),
    "networks.MaskedAutoregressive": ({"num_steps": 2, "hidden": 4}, sized),
    "networks.Planar": ({"num_steps": 2}, sized),
    "networks.GridEncoder": (HALVING, called(IMAGES)),
    "networks.GridDecoder": (HALVING | {"output_channels": 3}, called(GRID)),
    "networks.ScoreHead": ({"num_classes": 3, "spectral": True}, nothing),
    "networks.JointEncoder": ({"networks": {"a": FEATURES}}, nothing),
    "networks.SenseEncoder": ({"networks": {"a": FEATURES}}, nothing),
    "networks.SenseDecoder": ({"networks": {"a": FEATURES}, "factors": {"a": [0, 2]}}, nothing),
    "networks.JointDecoder": ({"networks": {"a": FEATURES}}, nothing),
    "networks.PatchTransform": ({"size": 2}, called(IMAGES)),
    "networks.SignedParts": ({}, called(IMAGES)),
    "networks.PooledBlock": ({"channels": 4}, called(IMAGES)),
    "networks.PooledEncoder": ({"channels": [4], "patch": 2}, called(IMAGES)),
    "networks.ResampledBlock": (
        {"channels": 4, "resample": "up", "normalization": "layer"},
        called(IMAGES),
    ),
    "networks.ResidualGenerator": (NORMALIZED, called(ROWS)),
    "networks.ResidualCritic": ({"channels": [4], "normalization": "layer"}, called(IMAGES)),
    "networks.SentenceEncoder": (
        {"vocab_size": 5, "size": 4, "dropout": 0.1},
        called(np.ones((2, 4), "int32")),
    ),
    "networks.TileEncoder": (
        {"tile": 2, "margin": 1, "hidden": [4], "features": 4, "activation": "relu"},
        called(IMAGES),
    ),
    "networks.TokenGrid": (
        {"vocab_size": 5, "network": PIXELCNN, "prefix_size": 1, "size": 4},
        nothing,
    ),
    "networks.TokenTransformer": (
        {"vocab_size": 5, "prefix_size": 1, "size": 4, "num_blocks": 1, "num_heads": 2},
        nothing,
    ),
    **{
        f"divergences.{name}": ({}, scored)
        for name in (
            *("LeastSquares", "Hinge", "Wasserstein", "Minimax", "KL", "ReverseKL", "Pearson"),
            *("SquaredHellinger", "TotalVariation"),
        )
    },
    "divergences.NonSaturating": ({"divergence": {"divergences.Minimax": {}}}, scored),
    "divergences.RelativisticAverage": ({"divergence": {"divergences.Hinge": {}}}, scored),
    "regularizers.GradientPenalty": ({"weight": 1.0}, nothing),
    "regularizers.WeightClipping": ({"limit": 0.1}, nothing),
    "decoding.Sampler": (
        {"temperature": 0.9, "top_k": 2, "top_p": 0.9, "guidance": 1.5},
        lambda part: part(ROWS, np.full((2, 2), 0.3, "float32")),
    ),
    "likelihoods.ChannelwiseCategorical": ({"levels": 4, "features": 3}, of_images),
    "likelihoods.JointCategorical": ({"levels": 2}, of_images),
    "likelihoods.ChannelwiseLogistic": ({"components": 2, "levels": 4}, of_images),
    "likelihoods.Bernoulli": ({}, of_images),
    "likelihoods.ContinuousBernoulli": ({}, of_images),
    "likelihoods.Gaussian": ({"scale": 0.5, "levels": 4}, of_images),
    "likelihoods.Laplace": ({"scale": 0.5, "levels": 4}, of_images),
    "likelihoods.LogitLaplace": ({"scale": 0.5}, of_images),
    "likelihoods.Categorical": ({"levels": 4}, of_images),
    "likelihoods.DiscretizedLogistic": ({"components": 2, "levels": 4}, of_images),
    "likelihoods.CategoricalTokens": ({}, nothing),
    "likelihoods.Joint": ({"likelihoods": {"a": NORMAL}}, nothing),
    "likelihoods.Autoregressive": ({"network": OF_THREE, "likelihood": BERNOULLI}, of_images),
    "likelihoods.AutoregressiveTokens": (
        {
            "network": {"networks.CausalGRU": {"size": 4}},
            "size": 4,
            "context": 2,
            "word_dropout": 0.1,
            "bag_of_words": True,
        },
        nothing,
    ),
    "objectives.ELBO": (
        {"beta": 2.0, "warmup_steps": 3, "num_samples": 2, "warmup": "cosine"},
        nothing,
    ),
    "objectives.IWAE": ({"num_samples": 2, "start_step": 3}, nothing),
    "objectives.FreeBits": ({"nats": 0.1}, nothing),
    "objectives.BagOfWords": ({"objective": {"objectives.ELBO": {}}, "weight": 0.5}, nothing),
    "objectives.TCVAE": ({"dataset_size": 9, "alpha": 1.0, "beta": 2.0, "gamma": 1.0}, nothing),
    "objectives.REINFORCE": ({"num_samples": 2}, nothing),
    "objectives.SensesELBO": ({"weights": {"a": 2.0}}, nothing),
    "families.AdversarialModel": (
        GAME
        | {
            "condition": 3,
            "critic_steps": 2,
            "regularizers": [],
            "head": {"networks.ScoreHead": {"num_classes": 3}},
        },
        nothing,
    ),
    "families.CrossEntropy": ({"smoothing": 0.1, "name": "loss"}, nothing),
    "families.Classifier": (
        {
            "event": [8, 8, 1],
            "num_classes": 3,
            "encoder": FEATURES,
            "augmentation": [{"networks.RandomShift": {}}],
            "dropout": 0.1,
            "label_smoothing": 0.1,
        },
        nothing,
    ),
    "families.AttributeClassifier": (
        {
            "event": [8, 8, 1],
            "sizes": [3, 2],
            "encoder": FEATURES,
            "augmentation": [],
            "dropout": 0.1,
        },
        nothing,
    ),
    "families.Autoencoder": (ENCODER | {"condition": 3}, nothing),
    "families.LatentVariableModel": (ENCODER | {"condition": 3}, nothing),
    "families.AutoregressiveModel": (
        {
            "event": [4, 4, 1],
            "network": PIXELCNN,
            "likelihood": BERNOULLI,
            "condition": 3,
            "patch_size": 2,
        },
        nothing,
    ),
    "families.DiscreteAutoencoder": (
        QUANTIZED["families.DiscreteAutoencoder"] | {"objective": {"objectives.ELBO": {}}},
        nothing,
    ),
    "families.FlowModel": (
        {"event": [3], "flow": {"networks.RealNVP": {"num_steps": 2, "hidden": 4}}, "condition": 3},
        nothing,
    ),
    "families.LanguageModel": (
        {"event": SENTENCES, "likelihood": TOKENS, "condition": 3},
        nothing,
    ),
    "families.Mixture": (
        {"event": [4, 4, 1], "num_components": 2, "covariance": "diag", "levels": 4},
        nothing,
    ),
    "families.MultimodalVAE": (
        {
            "event": SENSES,
            "encoders": {"a": FEATURES, "b": FEATURES},
            "bottleneck": EXPERTS,
            "decoders": {"a": MLP, "b": MLP},
            "likelihoods": {"a": NORMAL, "b": NORMAL},
            "objective": {"objectives.ELBO": {}},
        },
        nothing,
    ),
    "families.SelfSupervisedEncoder": (
        {
            "event": SENSES,
            "encoders": {"a": FEATURES},
            "bottleneck": EXPERTS,
            "heads": {"b": MLP},
            "likelihoods": {"b": NORMAL},
            "objective": {"objectives.ELBO": {}},
        },
        nothing,
    ),
    "families.PolicyGradientModel": (
        {
            "event": SENTENCES,
            "likelihood": TOKENS,
            "critic": {"networks.SentenceEncoder": {"vocab_size": 5, "size": 4}},
            "condition": 3,
            "rollouts": 1,
            "baseline": True,
            "teaching": 0.1,
            "critic_steps": 2,
        },
        nothing,
    ),
    "families.SelfConditionedModel": (
        GAME | {"clusters": {"families.Mixture": {"event": [8, 8, 1], "num_components": 2}}},
        nothing,
    ),
    "families.Components": ({"count": 3}, nothing),
    "families.TwoStageModel": (
        {
            "event": [8, 8, 1],
            "tokenizer": QUANTIZED,
            "network": {
                "networks.TokenTransformer": {
                    "vocab_size": 9,
                    "prefix_size": 4,
                    "size": 4,
                    "num_blocks": 1,
                    "num_heads": 2,
                }
            },
            "condition": 3,
            "text_weight": 0.1,
            "condition_dropout": 0.1,
            "guidance": 1.5,
        },
        nothing,
    ),
}
