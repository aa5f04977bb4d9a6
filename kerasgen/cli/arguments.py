"""Arguments that several commands share, and types that say what they expected."""

import argparse
import math
import os
import pathlib

from kerasgen import checks


def _typed(convert, holds, what, example):
    """A type for argparse: what `convert` makes of a word where it `holds`."""

    def read(text: str | os.PathLike):
        try:
            value = convert(text)
            if holds(value):
                return value
        except (ValueError, OverflowError, OSError):  # OSError of names that no file can have
            pass
        raise argparse.ArgumentTypeError(f"expected {what}, received {text!r}")

    read.__doc__ = f"Reads {what}.\n\n{example}\n"
    return read


def _can_be(is_folder, is_filled=False):
    """Whether this process can put a file or a folder at a path without removing anything else.

    What takes the place of another is made beside it; a folder that `is_filled` need not be.
    """

    def holds(path):
        path = pathlib.Path(os.path.realpath(path))
        above = next((each for each in path.parents if each.exists()), path)
        written = [above]
        if path.exists():
            if not (path.is_dir() if is_folder else path.is_file()):
                return False
            if os.path.ismount(path) and not is_filled:  # nothing takes its place
                return False
            written = [path] if is_filled else [path, above]
        return above.is_dir() and all(os.access(each, os.W_OK) for each in written)

    return holds


positive = _typed(int, lambda value: value >= 1, "an integer of at least 1", ">>> positive('3')\n3")
several = _typed(int, lambda value: value >= 2, "an integer of at least 2", ">>> several('3')\n3")
seed = _typed(
    int, lambda value: 0 <= value < 2**32, f"an integer in 0..{2**32 - 1}", ">>> seed('0')\n0"
)
port = _typed(int, lambda value: 0 <= value < 2**16, "a port in 0..65535", ">>> port('80')\n80")
finite = _typed(float, math.isfinite, "a finite number", ">>> finite('-0.5')\n-0.5")
above_zero = _typed(
    float, lambda value: 0 < value < math.inf, "a number above 0", ">>> above_zero('1')\n1.0"
)
at_least_zero = _typed(
    float,
    lambda value: 0 <= value < math.inf,
    "a number of at least 0",
    ">>> at_least_zero('0')\n0.0",
)
probability = _typed(
    float,
    lambda value: 0 < value <= 1,
    "a probability above 0, at most 1",
    ">>> probability('0.9')\n0.9",
)
existing = _typed(
    str, lambda text: pathlib.Path(text).exists(), "a path that is there", ">>> existing('.')\n'.'"
)
file = _typed(
    str,
    lambda text: not pathlib.Path(text).is_dir() and existing(text),
    "a file that is there",
    ">>> pathlib.Path('a.png').touch()\n>>> file('a.png')\n'a.png'",
)
empty_folder = _typed(
    pathlib.Path,
    lambda path: _can_be(True)(path) and not (path.exists() and any(path.iterdir())),
    "a new or an empty folder, in a folder, that can be written and is no mount point",
    ">>> empty_folder('pictures').name\n'pictures'",
)
new_file = _typed(
    pathlib.Path,
    _can_be(False),
    "a path for a file, in a folder, that can be written and is no mount point",
    ">>> new_file('a.csv').name\n'a.csv'",
)
new_png = _typed(
    pathlib.Path,
    lambda path: path.suffix.lower() in ("", ".png") and _can_be(False)(path),
    "a path for a PNG file, in a folder, that can be written and is no mount point",
    ">>> new_png('a.png').name\n'a.png'",
)
new_png_or_gif = _typed(
    pathlib.Path,
    lambda path: path.suffix.lower() in ("", ".png", ".gif") and _can_be(False)(path),
    "a path for a PNG or a GIF file, in a folder, that can be written and is no mount point",
    ">>> new_png_or_gif('a.gif').name\n'a.gif'",
)
new_folder = _typed(
    pathlib.Path,
    _can_be(True),
    "a path for a folder, in a folder, that can be written and is no mount point",
    ">>> new_folder('preset').name\n'preset'",
)
folder_to_fill = _typed(
    pathlib.Path,
    _can_be(True, is_filled=True),
    "a path for a folder, in a folder, that can be written",
    ">>> folder_to_fill('runs').name\n'runs'",
)


def split(text: str) -> str:
    """A split that has examples, as far as is known without the set.

    >>> split("train[:500]")
    'train[:500]'
    """
    try:
        parts = checks.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if all(_is_empty(start, stop) for _, start, stop in parts):
        raise argparse.ArgumentTypeError(
            f"expected a slice that ends behind its start, as 'train[2:5]' does, received {text!r}"
        )
    return text


def _is_empty(start, stop):
    """Whether a slice has no examples, however many there are to choose from."""
    start = start or "0"
    first, last = (int(end.rstrip("%") or 0) for end in (start, stop))
    same_unit = start.endswith("%") == stop.endswith("%") or first == 0
    return stop != "" and same_unit and 0 <= last <= first


def add_preset(parser: argparse.ArgumentParser) -> None:
    """Which preset.

    >>> parser = argparse.ArgumentParser()
    >>> add_preset(parser)
    >>> parser.parse_args(["vae_mnist"]).name
    'vae_mnist'
    """
    parser.add_argument("name", metavar="NAME", help="a preset by name, or a preset folder by path")


def add_pictures(parser: argparse.ArgumentParser, what: str, nargs: str = "*") -> None:
    """Pictures to work on.

    >>> parser = argparse.ArgumentParser()
    >>> add_pictures(parser, "to edit (default: test images)")
    >>> parser.parse_args([]).pictures
    []
    """
    parser.add_argument("pictures", nargs=nargs, type=existing, metavar="PICTURE", help=what)


def add_test_images(parser: argparse.ArgumentParser, count: int, flag: str = "-n") -> None:
    """Test images, in the place of pictures: how many, and where they come from.

    >>> parser = argparse.ArgumentParser()
    >>> add_test_images(parser, 8)
    >>> parser.parse_args([]).n
    8
    """
    how_many = "number of test images (default: %(default)s)"
    parser.add_argument(flag, type=positive, default=count, help=how_many)
    add_source(parser)


def add_out(parser: argparse.ArgumentParser, name: str) -> None:
    """Where a picture goes.

    >>> parser = argparse.ArgumentParser()
    >>> add_out(parser, "edited.png")
    >>> parser.parse_args([]).out.name
    'edited.png'
    """
    parser.add_argument("--out", type=new_png, default=name, metavar="PNG")


def add_tfds(parser: argparse.ArgumentParser) -> None:
    """Where TFDS sets lie.

    >>> parser = argparse.ArgumentParser()
    >>> add_tfds(parser)
    >>> parser.parse_args([]).download
    False
    """
    folder = "TFDS folder (default: TFDS_DATA_DIR, or TFDS's own)"
    parser.add_argument("--data-dir", metavar="FOLDER", help=folder)
    download = "let TFDS download a set that is not there"
    parser.add_argument("--download", action="store_true", help=download)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Where examples come from.

    >>> parser = argparse.ArgumentParser()
    >>> add_source(parser)
    >>> parser.parse_args(["--data", "."]).data
    '.'
    """
    add_tfds(parser)
    npz = "a file by `data import`, `data export` or NumPy, a folder of pictures or a CSV file"
    parser.add_argument("--data", type=existing, metavar="NPZ", help=npz)
