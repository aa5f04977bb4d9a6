"""A right call of every network, and what it is used for."""

import numpy as np
from construction import (
    CAUSAL,
    FEATURES,
    GRID,
    HALVING,
    IMAGES,
    NORMALIZED,
    PIXELCNN,
    ROWS,
    called,
    nothing,
    sized,
)

NETWORKS = {
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
        {
            "vocab_size": 5,
            "prefix_size": 1,
            "size": 4,
            "num_blocks": 1,
            "num_heads": 2,
            "tied": True,
        },
        nothing,
    ),
}
