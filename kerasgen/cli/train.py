"""Train a model from a recipe, with checkpoints and logs."""

import argparse
import shlex

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["mine.yaml", "--resume"]).resume
    True
    """
    recipe = "a recipe file, or a preset whose recipe to run again"
    parser.add_argument("recipe", metavar="RECIPE", help=recipe)
    strategies = ("none", "mirrored", "multiworker")
    parser.add_argument("--strategy", choices=strategies, default="none")
    devices = "of the mirrored strategy (default: all GPUs)"
    parser.add_argument("--devices", type=arguments.positive, metavar="N", help=devices)
    settings = {"nargs": "+", "action": "extend", "default": [], "metavar": "KEY=VALUE"}
    parser.add_argument("--set", **settings, help="training.epochs=3")
    resume = "go on, exactly, from the last checkpoint in --out; training.epochs may be larger"
    parser.add_argument("--resume", action="store_true", help=resume)
    arguments.add_source(parser)
    out = "(default: runs/ and the recipe's name)"
    parser.add_argument("--out", type=arguments.folder_to_fill, metavar="FOLDER", help=out)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(recipe="mine.yaml"))
    Traceback (most recent call last):
    FileNotFoundError: Expected a recipe file or a preset. Received: mine.yaml, which is not there.
    """
    recipe = inputs.recipe(args.recipe).override(args.set)
    output = args.out or arguments.folder_to_fill(f"runs/{recipe.name}")
    inputs.load_keras()

    from kerasgen import training

    here = {"data": args.data, "data_dir": args.data_dir, "download": args.download}
    model = training.run(recipe, output, args.strategy, args.devices, args.resume, **here)
    print(f"{output / 'preset'}: trained {recipe.name}")
    if "sample" in kerasgen.abilities.methods(model):
        own = [word for name in args.imports for word in ("--import", name)]
        print(f"Then `{shlex.join(['kerasgen', 'sample', str(output / 'preset'), *own])}`")
