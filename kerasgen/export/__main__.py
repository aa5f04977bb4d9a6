"""Writes the contract of the exported presets: `python -m kerasgen.export [PRESET ...] [--output
export/README.md]`.
"""

import argparse
import os
import tempfile

from kerasgen import export, zoo
from kerasgen.cli import arguments, inputs
from kerasgen.export import losses
from kerasgen.metrics import features


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m kerasgen.export", description=__doc__.partition(":")[0] + "."
    )
    parser.add_argument(
        "presets", nargs="*", default=zoo.names(), metavar="PRESET", help="all by default"
    )
    parser.add_argument("--output", default="export/README.md", help="the Markdown file to write")
    arguments.add_source(parser)
    args = parser.parse_args()
    for name in args.presets:
        began, model = _processor_seconds(), zoo.load(name)
        with tempfile.TemporaryDirectory() as folder:
            calibration = inputs.calibration(zoo.recipe(name), model, args)
            reports = export.every_format(model, folder, calibration=calibration)
            found = losses.of_files(model, reports, _study(name, args))
            export.contract({name: reports}, args.output, {name: found})
            told = [*losses.lines(reports, found), *losses.short(reports, found)]
        seconds = _processor_seconds() - began
        print("\n  ".join([f"{name}, {seconds:.0f} processor seconds", *told]), flush=True)
    print(f"{args.output}: {_processor_seconds():.0f} processor seconds")


def _study(name, args):
    """Held-out examples of a preset's data, or nothing where they are not on this machine."""
    recipe = zoo.recipe(name)
    known = features.of(zoo.judge(recipe.data["name"]))
    try:
        with_labels = recipe.data.get("labels", False)
        x, labels = inputs.examples(recipe, "test", args, with_labels, losses.EXAMPLES)
    except (FileNotFoundError, RuntimeError, ValueError) as error:
        print(f"{name}: its own samples in place of held-out examples: {error}")
        return losses.Study(None, features=known)
    return losses.Study(x, labels, labels, known)


def _processor_seconds():
    """Of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
