"""Write a preset for deployment, checked against the Keras model."""

import pathlib

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser):
    arguments.add_preset(parser)
    parser.add_argument("--format", choices=("savedmodel", "tflite"), required=True)
    modes = ("float16", "dynamic", "int8")
    quantize = "of TFLite weights (default: float32)"
    parser.add_argument("--quantize", choices=modes, help=quantize)
    out = "a folder or a .tflite file (default: after the preset)"
    parser.add_argument("--out", type=pathlib.Path, help=out)


def run(args):
    if args.quantize and args.format != "tflite":
        raise ValueError(
            "Expected --quantize with --format tflite only. "
            f"Received: --format {args.format}. Drop one."
        )
    model = inputs.model(args.name)
    name = kerasgen.zoo.folder(args.name).name
    if args.format == "savedmodel":
        out = args.out or pathlib.Path(f"{name}_saved_model")
        report = kerasgen.export.saved_model(model, out)
    else:
        out = args.out or pathlib.Path(f"{name}.tflite")
        report = kerasgen.export.tflite(model, out, args.quantize)
    print(f"{out}: {report}")
