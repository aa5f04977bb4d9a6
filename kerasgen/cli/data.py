"""Prepare data sets.

`import` makes a NumPy file of a folder of pictures, of a CSV file or of lines of text; `export`
writes a set that has a name as one, which trains without TensorFlow.
"""

import argparse
import pathlib
import re
import shlex

import kerasgen
from kerasgen.cli import arguments, inputs

_TABLES = (".csv", ".tsv", ".txt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["export", "ring", "ring.npz"]).action
    'export'
    """
    add = parser.add_argument
    add("action", choices=("import", "export"))
    source = (
        "import: a folder of pictures, whose sub-folders are classes, or a CSV file; export: the "
        "name of a data set, for example mnist"
    )
    add("source", metavar="SOURCE", help=source)
    add("file", type=arguments.new_file, metavar="NPZ", help="where it is written")
    size = "of pictures: they are cropped and resized to it (default: that of all)"
    add("--size", type=_size, metavar="HEIGHTxWIDTH", help=size)
    channels = "1 for grey, 3 for color (default: grey where all pictures are)"
    add("--channels", type=arguments.positive, choices=(1, 3), help=channels)
    add("--label", metavar="COLUMN", help="of a CSV file: the column that says the class")
    text = "SOURCE holds sentences, one a line, of at most WORDS words (default: 20)"
    add("--text", type=arguments.positive, nargs="?", const=20, metavar="WORDS", help=text)
    arguments.add_tfds(parser)


def _size(text):
    height, _, width = text.partition("x")
    if not re.fullmatch(r"\d+(x\d+)?", text):
        raise argparse.ArgumentTypeError(f"expected 64 or 36x40, height first, received {text!r}")
    return arguments.positive(height), arguments.positive(width or height)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> import argparse
    >>> run(argparse.Namespace(action="import", source="nowhere", text=None))
    Traceback (most recent call last):
    FileNotFoundError: Expected a folder of pictures or a CSV file. Received: nowhere, ...
    """
    if args.action == "import":
        return _import(args)
    inputs.load_keras()
    where = {"data_dir": args.data_dir, "download": args.download}
    kerasgen.data.export_npz(args.source, args.file, **where)
    print(f"{args.file}: {args.source}")


def _import(args):
    source = pathlib.Path(args.source)
    if args.text:
        inputs.load_keras()
        return print(kerasgen.data.text(source, args.file, args.text))
    is_table = source.suffix.lower() in _TABLES
    if not source.is_dir() and not (is_table and source.is_file()):
        missing = f"which is not there.{inputs.near_files(source)}"
        raise FileNotFoundError(
            f"Expected a folder of pictures or a CSV file. Received: {source}, "
            f"{'of another kind.' if source.exists() else missing}"
        )
    inputs.load_keras()
    if is_table:
        done = kerasgen.data.table(source, args.file, args.label)
    else:
        done = kerasgen.data.folder(source, args.file, args.size, args.channels, progress=True)
    print(done)
    family = "cvae" if done.classes else "gmm" if is_table else "vae"
    command = ["kerasgen", "new", args.file.stem, "--data", str(args.file), "--family", family]
    print(f"Then `{shlex.join(command)}`, or another of the families that `new` has")
