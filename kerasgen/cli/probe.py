"""Compare what presets' features are worth to a classifier with few labels, as a Markdown table."""

import argparse

from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist", "ae_mnist"]).names
    ['vae_mnist', 'ae_mnist']
    """
    names = "presets with encoders, all of the same data set"
    parser.add_argument("names", nargs="+", metavar="NAME", help=names)
    counts = {"nargs": "+", "type": arguments.positive, "default": [10, 100, 1000]}
    parser.add_argument("--labels", **counts, metavar="N")
    seeds = "draws of the labels (default: 3)"
    parser.add_argument("--seeds", type=arguments.positive, default=3, metavar="N", help=seeds)
    arguments.add_source(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(names=["gmm_ring"]))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task encode` names. Received: ...
    """
    recipe = _recipe(args.names)
    models = {name: _model(name) for name in args.names}

    from kerasgen.tasks import probe

    recipe.data["binarize"] = None  # grey pixels for all, whatever each was trained on
    _, some = inputs.examples(recipe, "train", args, labels=True, count=2)
    if some.ndim > 1:
        raise ValueError(
            f"Expected a set of classes, one label an image. Received: {recipe.data['name']!r}, of "
            f"{some.shape[1]} labels an image. Name presets of another set."
        )
    train, test = (inputs.examples(recipe, split, args, labels=True) for split in ("train", "test"))
    cells = probe.table(models, train, test, args.labels, range(args.seeds))
    _print(cells, recipe.data["name"], args)


def _recipe(names):
    """The recipe of the first preset, whose data set the others share."""
    recipe, *others = map(inputs.recipe, names)
    for other in others:
        if other.data["name"] != recipe.data["name"]:
            raise ValueError(
                f"Expected presets of one data set, {recipe.data['name']}, as {names[0]!r} is. "
                f"Received: {other.name!r}, of {other.data['name']}. Compare it by itself."
            )
    return recipe


def _model(name):
    def check(known):
        if "tokenize" in known.does:
            raise ValueError(
                f"Expected encoders that give vectors. Received: {name!r}, a tokenizer. Name "
                "another."
            )

    return inputs.model(name, "encode", check)


def _print(cells, data_name, args):
    from kerasgen.metrics.figure import over_seeds

    how = f"mean and standard deviation of draws: {args.seeds}"
    print(f"Test accuracy in percent on {data_name}: {how}.\n")
    columns = " | ".join(f"{count} labels" for count in args.labels)
    print(f"| classifier | features | {columns} |")
    print("| --- | --- |" + " --- |" * len(args.labels))
    for way, name in dict.fromkeys((way, name) for way, name, _ in cells):
        columns = " | ".join(over_seeds(cells[way, name, count], 1) for count in args.labels)
        print(f"| {way} | {name} | {columns} |")
