"""MNIST with fixed binarization: pixel-by-pixel presets before and after they are tuned to it, as a
table.

    python benchmarks/fixed_binarization.py [--presets pixelcnn_mnist ...] [--untuned] [--limit
    10000]

The presets have seen fresh binarizations of the training digits at every visit. Their tuning is
that of zoo/gated_pixelcnn_binarized/recipe.yaml on the fixed ones, at each preset's own precision.
Log-likelihoods are exact, of the first `limit` test images of Larochelle's files. Runs are
resumable: the same command goes on where it was stopped.
"""

import argparse
import pathlib

import numpy as np

from kerasgen import data, training, zoo
from kerasgen.metrics.likelihood import scored
from kerasgen.recipe import Recipe

ROOT = pathlib.Path(__file__).parents[1]
PRESETS = ("pixelcnn_mnist", "gated_pixelcnn_mnist", "pixelrnn_mnist", "row_lstm_mnist")
OWN = ("precision", "jit_compile")  # of a preset's training section


def recipe_of(preset):
    """The recipe that tunes a preset to fixed binarization."""
    tuned = Recipe.load(ROOT / "zoo/gated_pixelcnn_binarized/recipe.yaml")
    recipe = Recipe.load(ROOT / f"zoo/{preset}/recipe.yaml")
    own = {key: recipe.training[key] for key in OWN if key in recipe.training}
    recipe.name, recipe.data = f"{preset}_fixed", tuned.data
    recipe.training = tuned.training | own | {"start_from": preset}
    return recipe


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=PRESETS, metavar="PRESET")
    parser.add_argument(
        "--untuned", action="store_true", help="measure the presets as they are only"
    )
    parser.add_argument(
        "--limit", type=int, default=10_000, help="test images (default: %(default)s)"
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/fixed_binarization"))
    args = parser.parse_args(argv)
    name = recipe_of(args.presets[0]).data["name"]
    images = np.concatenate(list(data.load(name, f"test[:{args.limit}]", 1000).as_numpy_iterator()))
    print("| preset | as it is | tuned |\n| --- | --- | --- |")
    for preset in args.presets:
        before, after = scored(zoo.load(preset), images)["nll"], ""
        if not args.untuned:
            recipe = recipe_of(preset)
            after = scored(training.run(recipe, args.out / recipe.name, resume=True), images)["nll"]
        print(f"| `{preset}` | {before} | {after} |", flush=True)


if __name__ == "__main__":
    main()
