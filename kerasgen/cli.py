"""The `kerasgen` command line; `kerasgen.commands` holds what each command does."""

import argparse
import os
import pathlib
import sys

import kerasgen
from kerasgen import commands


class _Parser(argparse.ArgumentParser):
    """argparse, but an error is one line: the usage is a `--help` away."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message} ({self.prog} --help lists what is possible)\n")


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, received {value}")
    return value


_positive.__name__ = "integer"  # argparse names the type in its message


def _label(text):
    if text != "any" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected the number of a class, or any, received {text!r}")
    return text if text == "any" else int(text)


def parser():
    """The parser of the whole command line; `args.run(args)` runs the command that was read."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    top = _Parser(prog="kerasgen", description="Trained, understandable generative models for Keras 3.")
    subcommands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name, run, within=subcommands):
        sub = within.add_parser(name, help=run.__doc__, description=run.__doc__, parents=[shared])
        sub.set_defaults(run=run)
        return sub

    def preset(sub):
        sub.add_argument("name", metavar="NAME", help="a preset by name, or a preset folder by path")

    def tfds(sub):
        sub.add_argument("--data-dir", metavar="FOLDER", help="TFDS folder (default: TFDS_DATA_DIR, or TFDS's own)")
        sub.add_argument("--download", action="store_true", help="let TFDS download a set that is not there")

    def source(sub):
        tfds(sub)
        sub.add_argument("--data", metavar="NPZ", help="a file by `data export` or NumPy, read instead of TFDS")

    command("list", commands.list_)
    sub = command("card", commands.card)
    preset(sub)
    sub.add_argument("--write", action="store_true", help="write it and its pictures again, with the figures there are")
    notes = {"action": "append", "metavar": "SENTENCE", "help": "where it falls short, instead of what it says now"}
    sub.add_argument("--note", **notes)
    source(sub)

    sub = command("sample", commands.sample)
    preset(sub)
    sub.add_argument("-n", type=_positive, default=64, help="number of images (default: %(default)s)")
    sub.add_argument("--seed", type=int, help="for the same images again (default: fresh ones)")
    what = sub.add_mutually_exclusive_group()
    label = "the class drawn from a conditional preset, or any: each drawn at random too (default: one a column)"
    what.add_argument("--label", type=_label, help=label)
    what.add_argument("--prompt", metavar="SENTENCE", help="what is drawn from a preset that reads sentences")
    sub.add_argument("--mean", action="store_true", help="the mean of each image instead of a draw of its pixels")
    sub.add_argument("--temperature", type=float, metavar="T", help="below 1: likelier pixels or tokens (default: 1)")
    sub.add_argument("--top-k", type=_positive, metavar="K", help="draw among the K likeliest tokens (default: all)")
    sub.add_argument("--top-p", type=float, metavar="P", help="draw among the likeliest tokens that have probability P")
    guide = "above 1: what the class or sentence says counts for more (default: the preset's own)"
    sub.add_argument("--guidance", type=float, metavar="G", help=guide)
    sub.add_argument("--truncation", type=float, metavar="S", help="of a GAN: cut its noise off at S deviations")
    sub.add_argument("--best-of", type=_positive, metavar="N", help="of N draws show the likeliest (default: 1)")
    out = "a picture; a .gif shows how a pixel-by-pixel preset draws it (default: %(default)s)"
    sub.add_argument("--out", type=pathlib.Path, default=pathlib.Path("samples.png"), metavar="FILE", help=out)
    source(sub)

    sub = command("reconstruct", commands.reconstruct)
    preset(sub)
    sub.add_argument("-n", type=_positive, default=16, help="number of images (default: %(default)s)")
    sub.add_argument("--split", default="test", help="of the data set that the preset was trained on")
    source(sub)
    sub.add_argument("--out", type=pathlib.Path, default=pathlib.Path("reconstructions.png"), metavar="PNG")

    sub = command("train", commands.train)
    sub.add_argument("recipe", metavar="RECIPE", help="a recipe file, or a preset whose recipe to run again")
    sub.add_argument("--strategy", choices=("none", "mirrored", "multiworker"), default="none")
    sub.add_argument("--devices", type=_positive, metavar="N", help="of the mirrored strategy (default: all GPUs)")
    sub.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="training.epochs=3")
    sub.add_argument("--resume", action="store_true", help="go on, exactly, from the last checkpoint in --out")
    source(sub)
    sub.add_argument("--out", type=pathlib.Path, metavar="FOLDER", help="(default: runs/ and the recipe's name)")

    sub = command("evaluate", commands.evaluate)
    preset(sub)
    sub.add_argument("--num-samples", type=_positive, default=5000, metavar="K", help="importance samples an image")
    sub.add_argument("--limit", type=_positive, metavar="N", help="at most N images, and samples, of each kind")
    sub.add_argument("--quality", action="store_true", help="sample quality too, which others than GANs leave out")
    fid = "sample quality on Inception v3's features (FID): a file of its weights, or imagenet to download them"
    sub.add_argument("--inception", metavar="H5", help=fid)
    more = "samples that quality is measured on (default: as many as images); above that, the Fréchet distance only"
    sub.add_argument("--samples", type=_positive, metavar="N", help=more)
    sub.add_argument("--split", default="test", help="what is measured: held out of training (default: %(default)s)")
    source(sub)
    sub.add_argument("--write", action="store_true", help="put the figures into the preset's metrics and card")

    sub = command("probe", commands.probe)
    sub.add_argument("names", nargs="+", metavar="NAME", help="presets with encoders, all of the same data set")
    sub.add_argument("--labels", nargs="+", type=_positive, default=[10, 100, 1000], metavar="N")
    sub.add_argument("--seeds", type=_positive, default=3, metavar="N", help="draws of the labels (default: 3)")
    source(sub)

    sub = command("export", commands.export)
    preset(sub)
    sub.add_argument("--format", choices=("savedmodel", "tflite"), required=True)
    sub.add_argument("--quantize", choices=("float16", "dynamic", "int8"), help="of TFLite weights (default: float32)")
    sub.add_argument("--out", type=pathlib.Path, help="a folder or a .tflite file (default: after the preset)")

    sub = command("tokenize", commands.tokenize)
    preset(sub)
    sources = "a folder, tfds:NAME[:SPLIT] (also sets that kerasgen draws), or a pattern of TFRecord files"
    sub.add_argument("--input", required=True, metavar="SOURCE", help=sources)
    sub.add_argument("--output", required=True, metavar="FOLDER", help="on a disk that all workers reach")
    sub.add_argument("--format", choices=("tfrecord", "parquet"), default="tfrecord", help="(default: %(default)s)")
    sub.add_argument("--images-per-shard", type=_positive, default=10_000, metavar="N", help="(default: %(default)s)")
    sub.add_argument("--resize", action="store_true", help="fit images of another shape (default: leave them out)")
    tfds(sub)

    data = subcommands.add_parser("data", help="Prepare data sets.").add_subparsers(metavar="COMMAND", required=True)
    sub = command("export", commands.data_export, within=data)
    sub.add_argument("name", metavar="NAME", help="of a data set, for example mnist")
    sub.add_argument("file", type=pathlib.Path, metavar="NPZ")
    tfds(sub)

    sub = command("demo", commands.demo)
    sub.add_argument("--preset", default="vae_mnist", metavar="NAME", help="(default: %(default)s)")
    sub.add_argument("--out", type=pathlib.Path, default=pathlib.Path("kerasgen-demo"), metavar="FOLDER")
    return top


def main(argv=None):
    """Runs one command.

    Args:
        argv: the words after `kerasgen`; those of the process by default.

    Raises:
        SystemExit: with status 2 after an error, which is one line on stderr.
    """
    top = parser()
    args, args.beam = top.parse_known_args(argv)
    if args.beam and args.run is not commands.tokenize:
        top.error(f"unrecognized arguments: {' '.join(args.beam)}")
    try:
        if args.run is not commands.list_ and (args.run is not commands.card or args.write or args.note):
            _import_keras(quiet=not args.debug and "TF_CPP_MIN_LOG_LEVEL" not in os.environ)
        args.run(args)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if args.debug:
            raise
        print(f"kerasgen: error: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        sys.exit(2)


def _import_keras(quiet):
    """Imports Keras and its backend, if quiet without what TensorFlow writes to stderr whenever it is loaded."""
    if "tensorflow" not in sys.modules:
        # Left to itself, TensorFlow uses oneDNN on some processors only; it is faster on the others too.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    kept = os.dup(2)
    try:
        if quiet:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 2)  # some of the lines come before any level is read
        kerasgen.register()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


if __name__ == "__main__":
    main()
