"""Prepare data sets.

`export` writes one as a NumPy file, which trains without TensorFlow.
"""

import pathlib

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser):
    parser.add_argument("action", choices=("export",))
    parser.add_argument("name", metavar="NAME", help="of a data set, for example mnist")
    parser.add_argument("file", type=pathlib.Path, metavar="NPZ", help="where it is written")
    arguments.add_tfds(parser)


def run(args):
    inputs.load_keras()
    where = {"data_dir": args.data_dir, "download": args.download}
    kerasgen.data.export_npz(args.name, args.file, **where)
    print(f"{args.file}: {args.name}")
