"""Make a preset of the best or last checkpoint of a run, ended or not."""

import argparse
import pathlib

from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["runs/mine"]).out is None
    True
    """
    add = parser.add_argument
    add("folder", metavar="RUN", type=pathlib.Path, help="folder of a `kerasgen train`")
    weights = "of the run's model (default: the best by the validation split, or the last)"
    add("--weights", metavar="H5", type=arguments.existing, help=weights)
    add("--out", metavar="FOLDER", type=arguments.new_folder, help="(default: preset in the run)")


def run(args: argparse.Namespace) -> None:
    """Writes the preset.

    >>> run(argparse.Namespace(folder=pathlib.Path("nowhere")))
    Traceback (most recent call last):
    FileNotFoundError: Expected a folder of `kerasgen train`. Received: nowhere, without a recipe.
    """
    if not (args.folder / "recipe.yaml").is_file():
        raise FileNotFoundError(
            f"Expected a folder of `kerasgen train`. Received: {args.folder}, without a recipe."
        )
    out = arguments.new_folder(args.out or args.folder / "preset")
    inputs.load_keras()
    from kerasgen import training

    print(f"{training.preset(args.folder, out, args.weights)}: load it, sample it")
