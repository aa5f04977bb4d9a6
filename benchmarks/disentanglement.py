"""Disentanglement by beta: beta-VAEs and beta-TCVAEs of sprites with known factors, by the five
scores, as a table.

    python benchmarks/disentanglement.py [--betas 1 2 4 8 16] [--seeds 0 1 2] [--split
    train[:150000]] [--points 2000]

Networks and schedule are those of beta_vae_shapes, one pass over the split. Runs are resumable, and
scores that were
measured are kept: the same command goes on where it was stopped. Scores are fitted on so many
points, and measured on half as many; DCI is by random forests.
"""

import argparse
import json
import pathlib

from kerasgen import data, training
from kerasgen.data import catalog
from kerasgen.metrics import disentanglement
from kerasgen.metrics.figure import over_seeds
from kerasgen.recipe import Recipe

ROOT = pathlib.Path(__file__).parents[1]
OBJECTIVES = {
    "beta-VAE": lambda beta, size: {"objectives.ELBO": {"beta": beta}},
    "beta-TCVAE": lambda beta, size: {"objectives.TCVAE": {"beta": beta, "dataset_size": size}},
}


def recipe_with(objective, beta, seed, split):
    """The recipe of beta_vae_shapes with another objective and seed."""
    recipe = Recipe.load(ROOT / "zoo/beta_vae_shapes/recipe.yaml")
    recipe.data["split"] = split
    size = data.size(recipe.data["name"], split)
    recipe.model["families.LatentVariableModel"]["objective"] = OBJECTIVES[objective](beta, size)
    recipe.name = f"{objective}-{beta:g}-of-{size}-seed-{seed}"
    recipe.seed = seed
    recipe.training["epochs"] = 1
    return recipe


def scores(recipe, output, points):
    """The scores of the recipe's run, trained and measured unless they are there."""
    file = output / recipe.name / f"scores-{points}.json"
    if not file.exists():
        model = training.run(recipe, file.parent, resume=True)
        shapes = catalog.entry(recipe.data["name"]).factors
        measured = disentanglement.evaluate(
            model, shapes, num_train=points, num_test=points // 2, forest=True
        )
        file.write_text(json.dumps(measured), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES), metavar="NAME"
    )
    parser.add_argument("--betas", nargs="+", type=float, default=[1, 2, 4, 8, 16])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--split", default="train[:150000]", help="what is trained on (default: %(default)s)"
    )
    parser.add_argument(
        "--points", type=int, default=2000, help="of each score's training (default: %(default)s)"
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/disentanglement"))
    args = parser.parse_args(argv)
    print(
        f"Mean, ± standard deviation over seeds {args.seeds}: one pass over {args.split}, "
        f"{args.points:,} points.\n"
    )
    for row, (objective, beta) in enumerate(
        (name, beta) for name in args.objectives for beta in args.betas
    ):
        recipes = [recipe_with(objective, beta, seed, args.split) for seed in args.seeds]
        runs = [scores(recipe, args.out, args.points) for recipe in recipes]
        if row == 0:
            print(
                "| objective | beta | "
                + " | ".join(runs[0])
                + " |\n| --- | ---: |"
                + " ---: |" * len(runs[0])
            )
        columns = ([run[name] for run in runs] for name in runs[0])
        cells = " | ".join(over_seeds(column, 3) for column in columns)
        print(f"| {objective} | {beta:g} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
