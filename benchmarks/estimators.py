"""How four estimators of log p(x) converge with the number of samples, as a table and as a picture.

    python benchmarks/estimators.py [--preset vae_mnist_2d] [--images 20] [--draws 5] [--out
    docs/estimators.png]

Each estimate is repeated with `draws` seeds; the table has its mean over the images and, after ±,
the standard deviation over the seeds of one image's estimate, mean over the images. All are lower
bounds in expectation: the highest is the best. With two units of code the prior itself finds every
image, and shows how much of the posterior's mass an encoder's normal misses, and importance
sampling with it.
"""

import argparse
import pathlib

import numpy as np

from kerasgen import data, recipe, zoo
from kerasgen.metrics.estimators import annealed_importance_sampling, prior_sampling

COUNTS = (1, 10, 100, 1000, 10_000)
CHAINS = (1, 10)


def estimators(model):
    """Functions of (images, k, seed) and the numbers of samples at which each is affordable."""
    return {
        "prior sampling": (lambda x, k, seed: prior_sampling(model, x, k, seed), COUNTS),
        "ELBO": (lambda x, k, seed: model.elbo(x, num_samples=k, seed=seed), COUNTS[:4]),
        "IWAE": (lambda x, k, seed: model.log_prob(x, num_samples=k, seed=seed), COUNTS),
        "AIS, 500 steps": (
            lambda x, k, seed: annealed_importance_sampling(model, x, 500, k, seed=seed),
            CHAINS,
        ),
    }


def measure(model, images, draws):
    """`{estimator: {k: (mean in nats, standard deviation over seeds)}}`."""
    results = {}
    for name, (estimate, counts) in estimators(model).items():
        for k in counts:
            values = np.stack(
                [np.asarray(estimate(images, k, seed)) for seed in range(draws)]
            )  # [draws, images]
            results.setdefault(name, {})[k] = (
                float(values.mean()),
                float(values.std(axis=0, ddof=1).mean()),
            )
            print(
                f"{name:16} k = {k:6,}: {results[name][k][0]:9.2f} ± {results[name][k][1]:.3f} "
                "nats",
                flush=True,
            )
    return results


def draw(results, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in results.items():
        means, spreads = zip(*values.values())
        axes.errorbar(list(values), means, spreads, marker="o", markersize=4, capsize=3, label=name)
    best = max(mean for values in results.values() for mean, _ in values.values())
    axes.set(
        xscale="log",
        xlabel="samples or chains k",
        ylabel="estimate of log p(x), nats",
        ylim=(best - 12, best + 2),
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", default="vae_mnist_2d")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/estimators.png"))
    args = parser.parse_args(argv)
    run = recipe.Recipe.load(zoo.folder(args.preset) / "recipe.yaml")
    binarize = run.data.get("binarize") and "fixed"
    images = next(iter(data.load(run.data["name"], f"test[:{args.images}]", args.images, binarize)))
    results = measure(zoo.load(args.preset), images, args.draws)
    draw(results, args.out)
    return results


if __name__ == "__main__":
    main()
