"""Mode coverage by divergence: which of the modes of a mixture of Gaussians a small GAN finds.

    python benchmarks/mode_coverage.py
    python benchmarks/mode_coverage.py --games wasserstein_gp --toys eight_gaussians --seeds 0

The same dense networks, optimizer and steps for all games; only the divergence and what goes with
it differ.
"""

import argparse

import keras
import numpy as np

from kerasgen import divergences, families, networks, regularizers
from kerasgen.data.synthetic.toys import TOYS
from kerasgen.metrics.modes import mode_coverage

GAMES = {  # name: (divergence, regularizers, steps of the critic)
    "minimax": (divergences.Minimax, (), 1),
    "non_saturating": (divergences.NonSaturating, (), 1),
    "kl": (divergences.KL, (), 1),
    "reverse_kl": (divergences.ReverseKL, (), 1),
    "pearson": (divergences.Pearson, (), 1),
    "squared_hellinger": (divergences.SquaredHellinger, (), 1),
    "total_variation": (divergences.TotalVariation, (), 1),
    "least_squares": (divergences.LeastSquares, (), 1),
    "hinge": (divergences.Hinge, (), 1),
    "relativistic_average": (divergences.RelativisticAverage, (), 1),
    "wasserstein_clipped": (divergences.Wasserstein, (regularizers.WeightClipping(0.1),), 5),
    "wasserstein_gp": (divergences.Wasserstein, (regularizers.GradientPenalty(0.1),), 5),
    "wasserstein_spectral": (divergences.Wasserstein, (), 5),
}
_POINTS = 50_000
_MEASURED = 2_500


def cell(game, toy, seed, steps, batch_size=256, hidden=(128, 128)):
    """The figures of one game on one toy, after training from one seed: `(modes, good samples in
    percent)`.
    """
    divergence, penalties, critic_steps = GAMES[game]
    spectral = game.endswith("spectral")
    keras.utils.set_random_seed(seed)
    model = families.AdversarialModel(
        (2,),
        networks.MLP((2,), hidden),
        networks.MLP((hidden[-1],), hidden, normalization="spectral" if spectral else None),
        divergence(),
        latent_dim=2,
        head=networks.ScoreHead(spectral=spectral),
        critic_steps=critic_steps,
        regularizers=penalties,
    )
    # Games of unbounded divergences blow up without a bound on the gradients.
    rates = [keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9, clipnorm=1.0) for _ in range(2)]
    model.compile(*rates, steps_per_execution=50)
    points = TOYS[toy].sample(_POINTS, seed=seed)
    rows = np.random.default_rng(seed).integers(_POINTS, size=(steps, batch_size * critic_steps))
    model.fit(points[rows.ravel()], batch_size=batch_size * critic_steps, shuffle=False, verbose=0)
    figures = mode_coverage(model.sample(_MEASURED, seed=0), TOYS[toy].centres, TOYS[toy].scale)
    return figures["modes"].value, figures["good_samples"].value


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--games", nargs="+", choices=GAMES, default=list(GAMES), metavar="GAME")
    parser.add_argument(
        "--toys", nargs="+", default=["eight_gaussians", "grid_gaussians"], metavar="TOY"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--steps", type=int, default=6000, help="of the generator (default: %(default)s)"
    )
    args = parser.parse_args(argv)
    print(
        f"Modes found and good samples in percent, seeds {args.seeds}, {args.steps} steps, "
        f"{_MEASURED} samples.\n"
    )
    print(
        "| game | "
        + " | ".join(f"{toy}, of {len(TOYS[toy].centres)} | good" for toy in args.toys)
        + " |"
    )
    print("| --- |" + " ---: |" * 2 * len(args.toys))
    table = {}
    for game in args.games:
        columns = []
        for toy in args.toys:
            cells = table[game, toy] = [cell(game, toy, seed, args.steps) for seed in args.seeds]
            modes, good = zip(*cells)
            columns += [", ".join(map(str, modes)), f"{np.mean(good):.1f}"]
        print(f"| {game} | " + " | ".join(columns) + " |", flush=True)
    return table


if __name__ == "__main__":
    main()
