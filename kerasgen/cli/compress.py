"""Compress images by a preset, bit for bit: to about as many bits as it finds them likely.

`kerasgen decompress` brings them back.
"""

import argparse
import pathlib
import time

from kerasgen import durable
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["gated_pixelcnn_mnist", "--out", "digits.kgz"]).sources
    []
    """
    arguments.add_preset(parser)
    sources = (
        "pictures, folders of them or a .npz file (default: the data set that the preset was "
        "trained on)"
    )
    parser.add_argument("sources", nargs="*", type=arguments.existing, metavar="PATH", help=sources)
    split = "of a data set (default: %(default)s)"
    parser.add_argument("--split", type=arguments.split, default="test", help=split)
    block = "images that are coded together; memory and speed grow with it"
    parser.add_argument("--block", type=arguments.positive, metavar="N", help=block)
    arguments.add_tfds(parser)
    out = "the file to write"
    parser.add_argument("--out", type=arguments.new_file, required=True, metavar="KGZ", help=out)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring", sources=[]))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task compress` names. Received: ...
    """
    model = inputs.model(args.name, "compress")

    from kerasgen.tasks import compression

    compression.require(model)
    x, names = _images(model, args)
    began = time.monotonic()
    file = compression.compress(model, x, block=args.block, names=names, progress=True)
    seconds = time.monotonic() - began
    with durable.placed(args.out) as new:
        new.write_bytes(file)
    print(f"{args.out}: {compression.told(model, len(x), len(file), seconds)}")


def _images(model, args):
    """Images, and names of those that lay in files of their own."""
    if args.sources and not args.sources[0].endswith(".npz"):
        from kerasgen.data.picture_files import read

        return read(args.sources, model.event_shape)
    args.data = pathlib.Path(args.sources[0]) if args.sources else None
    return inputs.examples(inputs.recipe(args.name), args.split, args)[0], None
