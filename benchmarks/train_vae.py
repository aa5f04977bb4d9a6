"""Training throughput of vae_mnist's architecture: Keras against the same architecture in plain
PyTorch.

python benchmarks/train_vae.py
"""

import math
import pathlib

import legs
import turns

RECIPE = pathlib.Path(__file__).parent.parent / "zoo" / "vae_mnist" / "recipe.yaml"


def model_config():
    """The recipe's `model` section, on the plain ELBO."""
    import yaml

    config = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))["model"]
    config["families.LatentVariableModel"]["objective"] = {"objectives.ELBO": {}}
    return config


def keras_model():
    from kerasgen.recipe import build

    return build(model_config())


def pytorch_vae(config):
    """The model of a recipe's `model` section as PyTorch users would write it, for `[B, C, H, W]`
    binary images.

    Calling it gives -log p(x | z) and KL(q(z | x) || p(z)), each `[B]` in nats.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    config = config["families.LatentVariableModel"]
    encoder = config["encoder"]["networks.ConvEncoder"]
    decoder = config["decoder"]["networks.ConvDecoder"]
    latent_dim = config["bottleneck"]["bottlenecks.Gaussian"]["latent_dim"]
    height, width, image_channels = config["event"]
    activations = {"swish": nn.SiLU, "relu": nn.ReLU}

    class ResidualBlock(nn.Module):
        def __init__(self, channels, activation):
            super().__init__()
            self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
            self.activation = activation()

        def forward(self, x):
            return x + self.conv2(self.activation(self.conv1(self.activation(x))))

    def make_encoder(channels, blocks, features, activation="swish"):
        activation = activations[activation]
        modules, previous = [], image_channels
        for size, depth in zip(channels, blocks):
            modules += [nn.PixelUnshuffle(2), nn.Conv2d(4 * previous, size, 3, padding=1)]
            modules += [ResidualBlock(size, activation) for _ in range(depth)]
            previous = size
        positions = (height >> len(channels)) * (width >> len(channels))
        return nn.Sequential(
            *modules,
            activation(),
            nn.Flatten(),
            nn.Linear(positions * previous, features),
            activation(),
        )

    def make_decoder(channels, blocks, features, activation="swish"):
        activation = activations[activation]
        lowest = (channels[0], height >> len(channels), width >> len(channels))
        modules = [
            nn.Linear(latent_dim, features),
            activation(),
            nn.Linear(features, math.prod(lowest)),
            nn.Unflatten(1, lowest),
        ]
        for size, depth, following in zip(channels, blocks, (*channels[1:], image_channels)):
            modules += [ResidualBlock(size, activation) for _ in range(depth)]
            modules += [
                activation(),
                nn.Conv2d(size, 4 * following, 3, padding=1),
                nn.PixelShuffle(2),
            ]
        return nn.Sequential(*modules)

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = make_encoder(**encoder)
            self.statistics = nn.Linear(encoder["features"], 2 * latent_dim)
            self.decoder = make_decoder(**decoder)

        def forward(self, x, noise=None):
            mean, raw_scale = self.statistics(self.encoder(x)).float().chunk(2, -1)
            scale = functional.softplus(raw_scale) + 1e-5
            noise = torch.randn_like(mean) if noise is None else noise
            logits = self.decoder(mean + scale * noise).float()
            reconstruction = functional.binary_cross_entropy_with_logits(
                logits, x, reduction="none"
            ).sum((1, 2, 3))
            kl = (0.5 * (mean**2 + scale**2 - 1) - scale.log()).sum(-1)
            return reconstruction, kl

    return VAE()


def pytorch_step(leg):
    from torch import nn

    class Loss(nn.Module):
        def __init__(self):
            super().__init__()
            self.vae = pytorch_vae(model_config())

        def forward(self, x):
            return sum(self.vae(x))

    return legs.likelihood_step(Loss(), leg)


TASK = legs.Task(
    __file__, __doc__.splitlines()[0], keras_model, 1, pytorch_step, legs.binary_images
)

if __name__ == "__main__":
    turns.main(TASK)
