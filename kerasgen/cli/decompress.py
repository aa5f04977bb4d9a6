"""Bring back the images of a file of `kerasgen compress`, bit for bit."""

import argparse
import pathlib
import time

from kerasgen import durable
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> pathlib.Path("digits.kgz").touch()
    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["digits.kgz", "--out", "digits"]).preset is None
    True
    """
    parser.add_argument("file", metavar="KGZ", type=arguments.file, help="by `kerasgen compress`")
    preset = "by which it was compressed (default: the one that the file names)"
    parser.add_argument("--preset", metavar="NAME", help=preset)
    add = parser.add_mutually_exclusive_group().add_argument
    out = "for PNG pictures (default: decompressed)"
    add("--out", type=arguments.empty_folder, metavar="FOLDER", help=out)
    add("--npz", type=arguments.new_file, help="file, as `kerasgen data export` writes it")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> _ = pathlib.Path("noise.kgz").write_bytes(b"noise")
    >>> run(argparse.Namespace(file="noise.kgz", out=None, npz="noise.npz"))
    Traceback (most recent call last):
    ValueError: Expected a file of kerasgen compress. Received: 5 bytes of another kind.
    """
    out = args.npz or args.out or arguments.empty_folder("decompressed")
    file = pathlib.Path(args.file).read_bytes()
    inputs.load_keras()

    from kerasgen.tasks import compression

    facts = compression.facts(file)
    model = inputs.model(args.preset or facts["model"] or "")
    began = time.monotonic()
    x = compression.decompress(model, file, progress=True)
    seconds = time.monotonic() - began

    from kerasgen import data
    from kerasgen.data.picture_files import write

    if args.npz:
        levels = (x * (model.levels - 1)).round().astype("uint8")
        data.save_npz(args.npz, test_images=levels, maximum=model.levels - 1)
    else:
        with durable.placed(out) as new:
            write(new, x, facts.get("names"))
    told = compression.told(model, len(x), len(file), seconds)
    print(f"{out}: {told}")
