"""Say which pictures are not of the kind that a preset knows, by calibrated p-values.

A preset may bring a fitted detector; without one it is fitted to pictures of the preset's data.
"""

import argparse
import os
import pathlib

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> pathlib.Path("shoe.png").touch()
    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_fashion", "shoe.png"]).level
    0.05
    """
    arguments.add_preset(parser)
    paths = "pictures, or folders of them"
    parser.add_argument("paths", nargs="*", type=arguments.existing, metavar="PATH", help=paths)
    level = "p-values up to it are alarms: the share of false ones (default: %(default)s)"
    parser.add_argument("--level", type=arguments.probability, default=0.05, help=level)
    count = "reference pictures of the preset's data (default: %(default)s)"
    parser.add_argument("-n", type=arguments.positive, default=3000, help=count)
    parser.add_argument("--split", type=arguments.split, default="train", help="of the reference")
    parser.add_argument("--seed", type=arguments.seed, default=0)
    saved = "a file to keep the fitted detector in; one that is there is used"
    parser.add_argument("--detector", type=_detector_file, metavar="NPZ", help=saved)
    keep = "keep the fitted detector in the preset's folder"
    parser.add_argument("--keep", action="store_true", help=keep)
    tflite = "write the detector as a file for LiteRT: a picture in, its p-value out"
    parser.add_argument("--tflite", type=arguments.new_file, metavar="FILE", help=tflite)
    classes = "a preset that tells classes of the reference apart, whose features count, too"
    parser.add_argument("--classifier", metavar="PRESET", help=classes)
    arguments.add_source(parser)


def _detector_file(text):
    """One that is there is only read."""
    return pathlib.Path(arguments.file(text)) if os.path.exists(text) else arguments.new_file(text)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gan_mnist", paths=["shoe.png"], keep=False))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task detect` names. Received: ...
    """
    if not (args.paths or args.detector or args.keep or args.tflite):
        raise ValueError(
            "Expected pictures, --detector, --keep or --tflite. Received: none of them. Name a "
            "picture to ask about."
        )
    if args.keep and args.classifier:
        raise ValueError(
            "Expected --keep of a detector by the preset alone. Received: --classifier "
            f"{args.classifier}, another preset. Keep it in a file, by --detector."
        )
    if args.keep:
        arguments.folder_to_fill(inputs.own_folder(args.name))
    model = inputs.model(args.name, "detect")
    detector = _detector(model, args)
    if args.keep:
        from kerasgen.zoo import manifest

        folder = kerasgen.zoo.folder(args.name)
        detector.save(folder / manifest.DETECTOR)
        manifest.write(folder)
        print(f"{folder / manifest.DETECTOR}: the detector, in the preset's manifest")
    if args.tflite:
        from kerasgen import export

        print(f"{args.tflite}: {export.tflite(detector, args.tflite)}")
    if args.paths:
        _tell(detector, model, args)


def _detector(model, args):
    """One from a file, the preset's own, or one that is fitted now."""
    from kerasgen.tasks.novelty import Detector, novelty
    from kerasgen.zoo.detectors import has_detector

    classifier = args.classifier and inputs.model(args.classifier, "probabilities")
    if args.detector and args.detector.exists():
        return Detector(model, classifier=classifier).load(args.detector)
    if has_detector(args.name) and not (args.detector or args.keep or classifier):
        return kerasgen.zoo.detector(args.name, model)
    recipe = inputs.recipe(args.name)
    reference, _ = inputs.examples(recipe, args.split, args, count=args.n)
    detector = novelty(model, reference, seed=args.seed, classifier=classifier)
    if args.detector:
        detector.save(args.detector)
    return detector


def _tell(detector, model, args):
    from kerasgen.data.picture_files import read

    x, names = read(args.paths, model.event_shape)
    found = detector.p_values(x)
    for name, p in zip(names, found):
        print(f"{name}: p = {p:.4f}{', not of the kind' if p <= args.level else ''}")
    print(f"{sum(found <= args.level)} of {len(x)} pictures are alarms at level {args.level:g}")
