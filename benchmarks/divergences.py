"""What critics trained to convergence report on two densities that move apart, beside the values in
closed form.

    python benchmarks/divergences.py

Two uniform densities of width 1 on the line, from the same place to 3 apart. Where they no longer
overlap, Jensen-Shannon and total variation have nothing more to say to a generator, however far it
is; the Wasserstein distance is the way that is left. Converged is within 0.005 of the exact value.
The picture goes to docs/divergences.png, the table to standard output.
"""

import argparse
import math
import pathlib

import keras
import numpy as np

from kerasgen import backend, divergences, networks, regularizers

PICTURE = pathlib.Path(__file__).parents[1] / "docs" / "divergences.png"
_POINTS = 256


def overlap(distance):
    return max(0.0, 1 - distance)


# name: (divergence, what bounds the critic's slope, its value in closed form at a distance)
GAMES = {
    "Jensen-Shannon": (divergences.Minimax(), (), lambda d: (1 - overlap(d)) * math.log(2)),
    "total variation": (divergences.TotalVariation(), (), lambda d: 1 - overlap(d)),
    "Wasserstein": (
        divergences.Wasserstein(),
        (regularizers.GradientPenalty(1000.0),),
        lambda d: d,
    ),
}


def reported(name, distance, steps):
    """What the divergence estimates with a small critic after training."""
    divergence, penalties, _ = GAMES[name]
    fake = ((np.arange(_POINTS) + 0.5) / _POINTS)[:, None].astype("float32")
    real = fake + np.float32(distance)
    keras.utils.set_random_seed(0)
    critic = networks.MLP((), (64, 64))
    critic(real)
    variables = critic.trainable_variables
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.02, steps))
    optimizer.build(variables)

    def loss(share):
        loss = keras.ops.mean(divergence.critic_terms(critic(real), critic(fake)))
        for each in penalties:
            for term in each.terms(critic, real, fake, share).values():
                loss = loss + each.weight * keras.ops.mean(term)
        return loss, None

    def step(i, shares):
        _, gradients = backend.value_and_gradients(lambda: loss(shares[i]), variables)
        optimizer.apply(gradients, variables)
        return shares

    shares = np.random.default_rng(0).random((steps, _POINTS)).astype("float32")
    backend.function(lambda shares: keras.ops.fori_loop(0, steps, step, shares))(shares)
    return float(divergence.estimate(critic(real), critic(fake)))


def draw(distances, values, path):
    from matplotlib.figure import Figure

    from kerasgen.plot.figure import write

    figure = Figure(figsize=(9, 2.8), layout="constrained")
    for axes, (name, (_, _, exact)) in zip(figure.subplots(1, len(GAMES)), GAMES.items()):
        line = np.linspace(0, distances[-1], 200)
        axes.plot(line, [exact(d) for d in line], label="exact")
        axes.plot(distances, values[name], "o", label="trained critic")
        axes.set(title=name, xlabel="distance")
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    write(figure, path)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=4000, help="of every critic")
    parser.add_argument(
        "--distances", type=float, nargs="+", default=[0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3]
    )
    parser.add_argument("--out", type=pathlib.Path, default=PICTURE)
    args = parser.parse_args(argv)
    values = {name: [reported(name, d, args.steps) for d in args.distances] for name in GAMES}
    worst = max(
        abs(value - GAMES[name][2](d))
        for name in GAMES
        for d, value in zip(args.distances, values[name])
    )
    print(f"Critics are within {worst:.4f} of the exact values.\n")
    print("| distance | " + " | ".join(f"{name}: critic | exact" for name in GAMES) + " |")
    print("| --- |" + " ---: | ---: |" * len(GAMES))
    for i, distance in enumerate(args.distances):
        cells = (
            f"{values[name][i]:.3f} | {exact(distance):.3f}"
            for name, (_, _, exact) in GAMES.items()
        )
        print(f"| {distance:.2f} | " + " | ".join(cells) + " |")
    draw(args.distances, values, args.out)


if __name__ == "__main__":
    main()
