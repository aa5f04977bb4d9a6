"""Densities of two half circles by three flows, beside the true one and a mixture's.

    python benchmarks/flows.py [--epochs 60] [--squares 600] [--only planar]

Of each: negative log-likelihood of 10,000 test points in nats, the integral of the density by
quadrature over [-6, 6] squared, parameters, and how long it trained. The true density is an
integral over the angle, by 4,000 points.
"""

import argparse
import time

import keras
import numpy as np

from kerasgen import data, families, networks
from kerasgen.training.schedule import TrainingConfig

NOISE, SIZE = 0.14, 1.4  # of the moons, as `data.synthetic.toys` draws them
FLOWS = {
    "masked autoregressive": lambda: networks.MaskedAutoregressive(8, hidden=64),
    "RealNVP": lambda: networks.RealNVP(12, hidden=64),
    "planar": lambda: networks.Planar(32),
}


def true_nll(x):
    """Mean of -log p(x), p a circle's half and the other blurred by a normal."""
    angle = np.pi * (np.arange(4000) + 0.5) / 4000
    upper = SIZE * np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    both = np.concatenate([upper, -upper])
    total = 0.0
    for rows in np.array_split(np.asarray(x, "float64"), 50):
        squares = np.sum((rows[:, None] - both) ** 2, axis=-1) / (2 * NOISE**2)
        density = np.mean(np.exp(-squares), axis=1) / (2 * np.pi * NOISE**2)
        total -= np.log(density).sum()
    return total / len(x)


def integral(model, squares):
    """Of the density, by the midpoints of so many squares a side."""
    width = 12 / squares
    side = (np.arange(squares) + 0.5) * width - 6
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype("float32")
    return float(np.exp(np.asarray(model.log_prob(points), "float64")).sum() * width**2)


def train(flow, x, epochs):
    """A `FlowModel` on the points."""
    keras.utils.set_random_seed(0)
    model = families.FlowModel([2], flow())
    rate = {"learning_rate": 0.003, "warmup_steps": 200, "decay": 0.7, "ema": 0.99}
    optimizer = TrainingConfig(epochs=epochs, **rate).optimizer(epochs * (len(x) // 100))
    model.compile(optimizer, steps_per_execution=10, jit_compile=False)
    model.fit(x, batch_size=100, epochs=epochs, shuffle=True, verbose=0)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--squares", type=int, default=600, help="a side, of the quadrature")
    parser.add_argument("--only", choices=FLOWS)
    args = parser.parse_args()
    x, test = (data.open("moons", split).array() for split in ("train", "test"))
    print(f"{'density':22s} {'nll, nats':>10s} {'integral':>9s} {'weights':>8s} {'seconds':>8s}")
    print(f"{'true':22s} {true_nll(test):10.4f}")
    mixture = families.Mixture([2], num_components=20, covariance="full")
    mixture.fit_em(x, seed=0)
    models = {"mixture of 20 normals": (mixture, 0.0)}
    for name, flow in FLOWS.items():
        if args.only not in (None, name):
            continue
        began = time.monotonic()
        models[name] = train(flow, x, args.epochs), time.monotonic() - began
    for name, (model, seconds) in models.items():
        nll, size = -np.mean(model.log_prob(test)), model.count_params()
        total = integral(model, args.squares)
        print(f"{name:22s} {nll:10.4f} {total:9.5f} {size:8,d} {seconds:8.0f}")


if __name__ == "__main__":
    main()
