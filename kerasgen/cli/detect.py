"""Say which pictures are not of the kind that a preset knows, by calibrated p-values."""

import argparse

from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> import pathlib
    >>> pathlib.Path("shoe.png").touch()
    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_fashion", "shoe.png"]).level
    0.05
    """
    arguments.add_preset(parser)
    parser.add_argument("paths", nargs="+", type=arguments.existing, metavar="PATH")
    level = "p-values up to it are alarms: the share of false ones (default: %(default)s)"
    parser.add_argument("--level", type=arguments.probability, default=0.05, help=level)
    count = "reference pictures of the preset's data (default: %(default)s)"
    parser.add_argument("-n", type=arguments.positive, default=3000, help=count)
    parser.add_argument("--split", type=arguments.split, default="train", help="of the reference")
    parser.add_argument("--seed", type=arguments.seed, default=0)
    saved = "a file to keep the fitted detector in; one that is there is used"
    parser.add_argument("--detector", type=arguments.new_file, metavar="NPZ", help=saved)
    arguments.add_source(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gan_mnist"))
    Traceback (most recent call last):
    ValueError: Expected a preset whose model has 'log_prob'. Received: 'gan_mnist', ...
    """
    model = inputs.model(args.name, "Scores")

    from kerasgen.data.picture_files import read
    from kerasgen.tasks.novelty import Detector, novelty

    x, names = read(args.paths, model.event_shape)
    if args.detector and args.detector.exists():
        detector = Detector(model).load(args.detector)
    else:
        recipe = inputs.recipe(args.name)
        reference, _ = inputs.examples(recipe, args.split, args, count=args.n)
        detector = novelty(model, reference, seed=args.seed)
        if args.detector:
            detector.save(args.detector)
    found = detector.p_values(x)
    for name, p in zip(names, found):
        print(f"{name}: p = {p:.4f}{', not of the kind' if p <= args.level else ''}")
    print(f"{sum(found <= args.level)} of {len(x)} pictures are alarms at level {args.level:g}")
