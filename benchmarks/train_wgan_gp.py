"""Training throughput of wgan_gp_fashion's architecture: Keras against the same networks in plain
PyTorch.

    python benchmarks/train_wgan_gp.py

A step is what the recipe says: a step of the critic with a gradient penalty, and one of the
generator.
"""

import pathlib

import legs
import turns

_ROOT = pathlib.Path(__file__).parent.parent
RECIPE = _ROOT / "zoo" / "wgan_gp_fashion" / "recipe.yaml"


def model_config():
    import yaml

    return yaml.safe_load(RECIPE.read_text(encoding="utf-8"))["model"]


def keras_model():
    from kerasgen.recipe import build

    return build(model_config())


def pytorch_networks(config):
    """Generator and critic as PyTorch users would write them: noise `[B, D]` to images, images to
    scores `[B]`.
    """
    from torch import nn

    generator = config["generator"]["networks.DCGANGenerator"]
    critic = config["critic"]["networks.DCGANCritic"]
    if critic.get("normalization") not in (None, "layer"):
        raise ValueError(f"Expected a critic with layer normalization or none. Received: {critic}")
    (height, width, image_channels), (first, *others) = config["event"], generator["channels"]
    stages = len(generator["channels"])
    lowest = (first, height >> stages, width >> stages)

    def normalized(
        channels,
    ):  # as Keras: epsilon 1e-3, a tenth of every batch to the moving averages
        return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1)

    modules = [
        nn.Linear(config["latent_dim"], lowest[0] * lowest[1] * lowest[2]),
        nn.Unflatten(1, lowest),
    ]
    modules += [normalized(first), nn.ReLU()]
    previous = first
    for size in others:
        modules += [
            nn.ConvTranspose2d(previous, size, 4, 2, padding=1),
            normalized(size),
            nn.ReLU(),
        ]
        previous = size
    modules += [nn.ConvTranspose2d(previous, image_channels, 4, 2, padding=1), nn.Sigmoid()]

    class Scale(nn.Module):
        def forward(self, x):
            return 2 * x - 1

    class LayerNorm(nn.LayerNorm):  # of every position's channels, as Keras'
        def forward(self, x):
            return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    critics, previous = [Scale()], image_channels
    for stage, size in enumerate(critic["channels"]):
        critics.append(nn.Conv2d(previous, size, 4, 2, padding=1))
        if stage > 0 and critic.get("normalization"):
            critics.append(LayerNorm(size, eps=1e-3))
        critics.append(nn.LeakyReLU(0.2))
        previous = size
    side = height >> len(critic["channels"])
    critics += [nn.Flatten(), nn.Linear(previous * side**2, 1), nn.Flatten(0)]
    return nn.Sequential(*modules), nn.Sequential(*critics)


def pytorch_step(leg):
    import torch

    config = model_config()["families.AdversarialModel"]
    generator, critic = pytorch_networks(config)
    optimizers = [legs.adam(module, leg) for module in (generator, critic)]
    generator, critic = (legs.prepared(module, leg) for module in (generator, critic))
    weight = config["regularizers"][0]["regularizers.GradientPenalty"]["weight"]

    def autocast():
        return torch.autocast("cpu", torch.bfloat16, enabled=leg.precision == "bfloat16")

    def generated(n):
        return generator(torch.randn(n, config["latent_dim"]))

    def critic_loss(real):
        with autocast():
            fake = generated(len(real)).detach().float()
            difference = (critic(fake) - critic(real)).float().mean()
        share = torch.rand(len(real), 1, 1, 1)
        between = (
            (real + share * (fake - real)).requires_grad_().clone()
        )  # the counter of operations takes no leaf
        with autocast():
            scores = critic(between)
        (slope,) = torch.autograd.grad(scores.float().sum(), between, create_graph=True)
        norm = (slope.square().sum((1, 2, 3)) + 1e-12).sqrt()
        return difference + weight * (norm - 1).square().mean()

    def generator_loss(real):
        with autocast():
            return -critic(generated(len(real))).float().mean()

    def step(x):
        parts = x.chunk(config.get("critic_steps", 1))
        games = [(critic_loss, optimizers[1], part) for part in parts] + [
            (generator_loss, optimizers[0], parts[-1])
        ]
        for loss_of, optimizer, part in games:
            for each in optimizers:
                each.zero_grad()
            loss = loss_of(part)
            loss.backward()
            optimizer.step()
        return loss

    return step


TASK = legs.Task(
    __file__,
    __doc__.splitlines()[0],
    keras_model,
    2,
    pytorch_step,
    legs.binary_images,
    batch_size=32,
)

if __name__ == "__main__":
    turns.main(TASK)
