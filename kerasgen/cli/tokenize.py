"""Write the tokens of any number of images, as an Apache Beam pipeline.

Other flags are Beam's, such as --runner.
"""

import argparse
import importlib
import time

from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["dvae_fashion", "--input", "pictures", "--output", "tokens"]).format
    'tfrecord'
    """
    arguments.add_preset(parser)
    source = (
        "a folder, tfds:NAME[:SPLIT] (also sets that kerasgen draws), or a pattern of TFRecord "
        "files"
    )
    parser.add_argument("--input", required=True, metavar="SOURCE", help=source)
    output = "on a disk that all workers reach"
    place = {"type": _folder, "required": True, "metavar": "FOLDER"}
    parser.add_argument("--output", **place, help=output)
    formats, default = ("tfrecord", "parquet"), "(default: %(default)s)"
    parser.add_argument("--format", choices=formats, default="tfrecord", help=default)
    size = {"type": arguments.positive, "default": 10_000, "metavar": "N"}
    parser.add_argument("--images-per-shard", **size, help=default)
    resize = "fit images of another shape (default: leave them out)"
    parser.add_argument("--resize", action="store_true", help=resize)
    arguments.add_tfds(parser)


def _folder(text):
    """As it was written: the pipeline says what it expected in the place of an address."""
    arguments.folder_to_fill(text)
    return text


def run(args: argparse.Namespace) -> None:
    """Runs the command; of a preset that is not there it names near ones.

    >>> import kerasgen.cli
    >>> kerasgen.cli.main(["tokenize", "missing", "--input", "pictures", "--output", "tokens"])
    Traceback (most recent call last):
    SystemExit: 2
    """
    try:
        importlib.import_module("apache_beam")
    except ImportError as error:
        raise ValueError(
            "Expected Apache Beam, which pip install 'kerasgen[tokenize]' brings. "
            f"Received: {error}."
        ) from error
    recipe, model = inputs.recipe(args.name), inputs.model(args.name, "tokenize")

    from kerasgen.data import catalog
    from kerasgen.tokenization import tokenize

    began = time.monotonic()
    counts = tokenize(
        model,
        args.input,
        args.output,
        args.format,
        args.images_per_shard,
        args.resize,
        binary=catalog.is_binary(recipe.data),
        options=args.beam,
        data_dir=args.data_dir,
        download=args.download,
    )
    seconds = time.monotonic() - began
    print(
        f"{args.output}: {counts['images']:,} images in {counts['shards']} shards, "
        f"{counts['wrote']} of them written in {seconds:.0f} s; {counts['skipped']:,} images could "
        "not be read: see the shards' JSON files"
    )
