"""Arguments that several commands share."""

import argparse
import pathlib


def positive(text):
    """An integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, received {value}")
    return value


positive.__name__ = "integer"  # argparse names the type in its message


def existing(text):
    """The path of something that is there."""
    if not pathlib.Path(text).exists():
        raise argparse.ArgumentTypeError(f"expected a file, received {text}, which is not there")
    return text


def add_preset(parser):
    parser.add_argument("name", metavar="NAME", help="a preset by name, or a preset folder by path")


def add_tfds(parser):
    """Where TFDS sets lie."""
    folder = "TFDS folder (default: TFDS_DATA_DIR, or TFDS's own)"
    parser.add_argument("--data-dir", metavar="FOLDER", help=folder)
    download = "let TFDS download a set that is not there"
    parser.add_argument("--download", action="store_true", help=download)


def add_source(parser):
    """Where examples come from."""
    add_tfds(parser)
    npz = "a file by `data import`, `data export` or NumPy, a folder of pictures or a CSV file"
    parser.add_argument("--data", type=existing, metavar="NPZ", help=npz)
