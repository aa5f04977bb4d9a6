"""Write a recipe that fits own data, the reason of every choice beside it."""

import argparse
import pathlib

from kerasgen import durable
from kerasgen.cli import arguments, inputs

FAMILIES = ("vae", "cvae", "pixelcnn", "wgan", "vqvae", "gmm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["mine", "--data", "mine.npz", "--family", "vae"]).family
    'vae'
    """
    add = parser.add_argument
    add("name", metavar="NAME", help="of the preset that the recipe makes")
    data = "a file by `kerasgen data import`"
    add("--data", metavar="NPZ", required=True, type=pathlib.Path, help=data)
    add("--family", required=True, choices=FAMILIES)
    out = "(default: NAME.yaml)"
    add("--out", type=arguments.new_file, metavar="YAML", help=out)


def run(args: argparse.Namespace) -> None:
    """Writes the recipe.

    >>> run(argparse.Namespace(name="mine", out=None, data=pathlib.Path("no.npz"), family="vae"))
    Traceback (most recent call last):
    FileNotFoundError: Expected a file by `kerasgen data import`. Received: no.npz, ...
    """
    path = args.out or arguments.new_file(f"{args.name}.yaml")
    if path.exists():
        raise FileExistsError(
            f"Expected no file {path}. Received: one that is there. Move it away, or name another "
            "by --out."
        )
    if not args.data.is_file():
        raise FileNotFoundError(
            f"Expected a file by `kerasgen data import`. Received: {args.data}, which is not "
            f"there.{inputs.near_files(args.data)}"
        )
    inputs.load_keras()
    from kerasgen import starter

    durable.write_text(path, starter.recipe(args.data, args.family, args.name))
    if told := starter.left_out(args.data, args.family):
        print(told)
    print(f"{path}: read it, then `kerasgen train {path}`")
