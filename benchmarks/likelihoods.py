"""One VAE of Fashion-MNIST under every likelihood of its 256 levels, trained equally long, as a
table.

    python benchmarks/likelihoods.py [--epochs 5] [--limit 1000] [--num-samples 100] [--likelihoods
    TITLE ...]

The network is that of zoo/vae_fashion/recipe.yaml up to its last layer. Runs are resumable: the
same command goes on where it was stopped. Figures are of the first `limit` test images, by
importance weighting. The first row is a baseline without a network, zoo/gmm_mnist/recipe.yaml's
mixture of Gaussians on garments, whose likelihood is exact.
"""

import argparse
import pathlib

import numpy as np

from kerasgen import data, plot, training
from kerasgen import recipe as recipes
from kerasgen.metrics.likelihood import importance_weighted, scored

ROOT = pathlib.Path(__file__).parents[1]
LIKELIHOODS = {
    "Gaussian, one scale": {"likelihoods.Gaussian": {"scale": "shared", "levels": 256}},
    "Gaussian, a scale for each pixel": {
        "likelihoods.Gaussian": {"scale": "learned", "levels": 256}
    },
    "Laplace, a scale for each pixel": {"likelihoods.Laplace": {"scale": "learned", "levels": 256}},
    "mixture of 5 discretized logistics": {"likelihoods.DiscretizedLogistic": {"components": 5}},
    "categorical over 256 levels": {"likelihoods.Categorical": {"levels": 256}},
}


def recipe_with(likelihood, name, epochs):
    """The recipe of vae_fashion with another likelihood, which says how many outputs it needs."""
    paths = (ROOT / "zoo/vae_fashion/recipe.yaml", ROOT / "examples/recipes/vae_fashion.yaml")
    recipe = recipes.Recipe.load(next(path for path in paths if path.exists()))
    arguments = recipe.model["families.LatentVariableModel"]
    arguments["likelihood"] = likelihood
    arguments["decoder"]["networks.ConvDecoder"].pop("output_shape", None)
    recipe.name, recipe.training["epochs"] = name, epochs
    return recipe


def baseline():
    """The mixture of gmm_mnist, fitted to garments."""
    recipe = recipes.Recipe.load(ROOT / "zoo/gmm_mnist/recipe.yaml")
    mixture = recipe.build()
    mixture.fit_em(_images("train"), seed=recipe.seed, **recipe.training["em"])
    return mixture


def _images(split):
    return np.concatenate(list(data.load("fashion_mnist", split, 1000).as_numpy_iterator()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--num-samples", type=int, default=100)
    parser.add_argument(
        "--likelihoods", nargs="+", choices=LIKELIHOODS, default=list(LIKELIHOODS), metavar="TITLE"
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/likelihoods"))
    args = parser.parse_args()
    images = _images(f"test[:{args.limit}]")
    mixture = baseline()
    title = f"mixture of {mixture.num_components} Gaussians, no network"
    rows = [f"| {title} | {scored(mixture, images)['bits_per_dim']} | | |"]
    samples = [mixture.sample(12, seed=0)]
    for number, (title, likelihood) in enumerate(LIKELIHOODS.items()):
        if title not in args.likelihoods:
            continue
        recipe = recipe_with(likelihood, f"likelihood_{number}", args.epochs)
        model = training.run(recipe, args.out / recipe.name, resume=True)
        figures = importance_weighted(model, images, num_samples=args.num_samples, progress=True)
        shown = (figures["bits_per_dim"], figures["kl"], figures["active_units"])
        rows.append(f"| {title} | {' | '.join(str(figure) for figure in shown)} |")
        samples.append(model.sample(12, seed=0))
        samples.append(model.sample(12, seed=0, mean=True))
    plot.pairs(samples, args.out / "samples.png")
    print(f"{args.epochs} epochs; {args.limit:,} test images, k = {args.num_samples}.\n")
    print("| likelihood | -log p(x) | KL | active |\n| --- | --- | --- | --- |", *rows, sep="\n")
    print(f"\n{args.out / 'samples.png'}: draws, and means below them, of each likelihood in turn.")


if __name__ == "__main__":
    main()
