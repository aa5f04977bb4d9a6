"""Training throughput of a Gated PixelCNN: Keras against the same network in plain PyTorch.

    python benchmarks/train_gated_pixelcnn.py
    python benchmarks/train_gated_pixelcnn.py --legs keras pytorch pytorch-channels-last
    pytorch-compile

Eight gated layers of 64 channels on binary images of 28x28, the masked kernels on both sides cut
down to what they see.
"""

import legs
import turns

LAYERS, CHANNELS, KERNEL, FIRST_KERNEL, HEAD = 8, 64, 3, 7, 64


def keras_model():
    from kerasgen import families, likelihoods, networks

    network = networks.GatedPixelCNN(1, CHANNELS, LAYERS, KERNEL, FIRST_KERNEL, HEAD)
    return families.AutoregressiveModel((28, 28, 1), network, likelihoods.Bernoulli())


def pytorch_gated_pixelcnn():
    """The network as PyTorch users would write it; calling it on `[B, 1, H, W]` gives -log p(x),
    `[B]` in nats.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    def gate(x):
        a, b = x.chunk(2, 1)
        return torch.tanh(a) * torch.sigmoid(b)

    class Layer(nn.Module):
        def __init__(self, inputs, size, first):
            super().__init__()
            reach, self.first = size // 2, first
            rows = reach if first else reach + 1
            self.above = (reach, reach, rows, -1 if first else 0)  # left, right, top, bottom
            self.beside = (reach, -1 if first else 0, 0, 0)
            self.vertical = nn.Conv2d(inputs, 2 * CHANNELS, (rows, size))
            self.horizontal = nn.Conv2d(inputs, 2 * CHANNELS, (1, rows), bias=False)
            self.link = nn.Conv2d(2 * CHANNELS, 2 * CHANNELS, 1)
            self.output = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)
            if not first:
                self.above = (reach, reach, reach, 0)

        def forward(self, v, h):
            vertical = self.vertical(functional.pad(v, self.above))
            out = self.output(
                gate(self.horizontal(functional.pad(h, self.beside)) + self.link(vertical))
            )
            return gate(vertical), out if self.first else h + out

    class GatedPixelCNN(nn.Module):
        def __init__(self):
            super().__init__()
            layers = [Layer(1, FIRST_KERNEL, first=True)]
            layers += [Layer(CHANNELS, KERNEL, first=False) for _ in range(LAYERS - 1)]
            self.stack = nn.ModuleList(layers)
            self.hidden = nn.Conv2d(CHANNELS, HEAD, 1)
            self.head = nn.Conv2d(HEAD, 1, 1)

        def forward(self, x):
            v = h = 2 * x - 1
            for layer in self.stack:
                v, h = layer(v, h)
            logits = self.head(torch.relu(self.hidden(torch.relu(h)))).float()
            return functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(
                (1, 2, 3)
            )

    return GatedPixelCNN()


def pytorch_step(leg):
    return legs.likelihood_step(pytorch_gated_pixelcnn(), leg)


TASK = legs.Task(
    __file__, __doc__.splitlines()[0], keras_model, 1, pytorch_step, legs.binary_images
)

if __name__ == "__main__":
    turns.main(TASK)
