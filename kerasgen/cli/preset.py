"""Make a preset's folder of a checkpoint of a run, ended or not, or of a .keras or .zip file.

Of a run it is the best checkpoint, or the last.
"""

import argparse
import os
import pathlib
import shutil

import kerasgen
from kerasgen import durable
from kerasgen.cli import arguments, inputs
from kerasgen.zoo import hub, manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["runs/mine"]).out is None
    True
    """
    add = parser.add_argument
    source = (
        "folder of a `kerasgen train`; a .keras file of a model; a .zip file of a preset, or its "
        "handle on a hub"
    )
    add("source", metavar="RUN|FILE", help=source)
    weights = "of the run's model (default: the best by the validation split, or the last)"
    add("--weights", metavar="H5", type=arguments.existing, help=weights)
    out = "(default: preset in the run; of a file, its name in this folder)"
    add("--out", metavar="FOLDER", type=arguments.new_folder, help=out)


def run(args: argparse.Namespace) -> None:
    """Writes the preset.

    >>> run(argparse.Namespace(source="nowhere"))
    Traceback (most recent call last):
    FileNotFoundError: Expected a folder of `kerasgen train`. Received: nowhere, without a recipe.
    """
    if hub.is_handle(args.source) or os.path.isfile(args.source):
        return _unpack(args)
    folder = pathlib.Path(args.source)
    if not os.path.isfile(folder / "recipe.yaml"):
        raise FileNotFoundError(
            f"Expected a folder of `kerasgen train`. Received: {folder}, without a recipe."
        )
    out = arguments.new_folder(args.out or folder / "preset")
    inputs.load_keras()
    from kerasgen import training

    print(f"{training.preset(folder, out, args.weights)}: load it, sample it")


def _unpack(args):
    """Keeps the folder that other commands make of a file or a handle for themselves."""
    if args.weights:
        raise ValueError(
            f"Expected --weights of a run. Received: {args.source!r}, which has its own. Drop it."
        )
    out = arguments.empty_folder(args.out or inputs.stem(args.source))
    folder = kerasgen.zoo.folder(args.source)
    manifest.verify(folder)
    with durable.placed(out) as new:
        shutil.copytree(folder, new)
    print(f"{out}: load it, sample it")
