"""Recipes that train in a moment, for what tries many runs."""

POINTS = {
    "name": "points",
    "data": {"name": "ring", "split": "train[:200]", "batch_size": 50},
    "model": {
        "families.LatentVariableModel": {
            "event": [2],
            "encoder": {"networks.MLP": {"output_shape": [4], "hidden": []}},
            "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 2}},
            "decoder": {"networks.MLP": {"output_shape": [2], "hidden": []}},
            "likelihood": {"likelihoods.Gaussian": {"scale": "shared"}},
        }
    },
    "training": {"epochs": 3, "learning_rate": 0.01},
}
TOKENIZER = {
    "name": "tokenizer",
    "data": {"name": "digits", "split": "train[:100]", "batch_size": 50},
    "model": {
        "families.DiscreteAutoencoder": {
            "event": [8, 8, 1],
            "encoder": {"networks.GridEncoder": {"channels": [4], "blocks": [1]}},
            "bottleneck": {"bottlenecks.VectorQuantizer": {"vocab_size": 8, "latent_dim": 4}},
            "decoder": {"networks.GridDecoder": {"channels": [4], "blocks": [1]}},
            "likelihood": {"likelihoods.Bernoulli": {}},
        }
    },
    "training": {"epochs": 1, "learning_rate": 0.01},
}
