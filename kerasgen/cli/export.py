"""Write a preset for deployment, checked against the Keras model."""

import argparse
import pathlib

import kerasgen
from kerasgen.cli import arguments, inputs

_FREE = "free"
_DEFAULT = {"savedmodel": _FREE, "tflite": 1, "onnx": _FREE}
_PLACES = {"savedmodel": "{}/1", "tflite": "{}.tflite", "onnx": "{}_onnx"}  # as servers read them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist", "--format", "tflite", "--quantize", "int8"]).quantize
    'int8'
    """
    arguments.add_preset(parser)
    parser.add_argument("--format", choices=tuple(_DEFAULT), required=True)
    modes = ("float16", "dynamic", "int8")
    quantize = "of TFLite weights (default: float32)"
    parser.add_argument("--quantize", choices=modes, help=quantize)
    io = "of inputs and outputs, with --quantize int8 (default: float32)"
    parser.add_argument("--io", choices=("int8", "uint8"), help=io)
    arguments.add_source(parser)  # of models that do not sample, for the ranges of int8
    batch = "examples of every call, or free (default: 1 for tflite, else free)"
    parser.add_argument("--batch", type=_batch_size, metavar="N", help=batch)
    some = "what to export, of those that the model has (default: all)"
    parser.add_argument("--signatures", nargs="+", metavar="NAME", help=some)
    out = "a folder or a .tflite file (default: NAME/1, NAME.tflite, NAME_onnx)"
    parser.add_argument("--out", type=pathlib.Path, help=out)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(format="savedmodel", quantize="int8"))
    Traceback (most recent call last):
    ValueError: Expected --quantize with --format tflite only. Received: --format savedmodel...
    """
    if args.quantize and args.format != "tflite":
        raise ValueError(
            "Expected --quantize with --format tflite only. "
            f"Received: --format {args.format}. Drop one."
        )
    if args.io and args.quantize != "int8":
        raise ValueError(
            f"Expected --io with --quantize int8. Received: --io {args.io}. Add it, or drop --io."
        )
    place = arguments.new_file if args.format == "tflite" else arguments.new_folder
    default = _PLACES[args.format].format(inputs.stem(args.name))
    out = place(args.out or default)
    model = inputs.model(args.name)
    batch_size = _DEFAULT[args.format] if args.batch is None else args.batch
    options = {
        "signatures": args.signatures,
        "batch_size": None if batch_size == _FREE else batch_size,
    }
    if args.format == "savedmodel":
        report = kerasgen.export.saved_model(model, out, **options)
    elif args.format == "onnx":
        report = kerasgen.export.onnx(model, out, **options)
    else:
        if args.quantize == "int8":
            options["calibration"] = inputs.calibration(inputs.recipe(args.name), model, args)
        report = kerasgen.export.tflite(model, out, args.quantize, io=args.io, **options)
    print(f"{out}: {report}")


def _batch_size(text):
    return text if text == _FREE else arguments.positive(text)
