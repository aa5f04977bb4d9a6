"""Show images of a preset's data set (upper row) and their reconstructions (lower row)."""

import argparse

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist", "-n", "8"]).n
    8
    """
    arguments.add_preset(parser)
    count = "number of images (default: %(default)s)"
    parser.add_argument("-n", type=arguments.positive, default=16, help=count)
    split = "of the data set that the preset was trained on"
    parser.add_argument("--split", type=arguments.split, default="test", help=split)
    arguments.add_source(parser)
    arguments.add_out(parser, "reconstructions.png")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring"))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task reconstruct` names. Received: ...
    """
    model = inputs.model(args.name, "reconstruct")
    recipe = inputs.recipe(args.name)
    x, labels = inputs.examples(recipe, args.split, args, bool(recipe.data.get("labels")), args.n)
    rows = [model.event.render(each) for each in (x, model.reconstruct(x, labels))]
    kerasgen.plot.pairs(rows, args.out, ["real", "reconstructed"])
    print(f"{args.out}: {len(x)} images of {args.split}, each above its reconstruction")
