"""Measure a preset on the test examples of its data set."""

import argparse
import dataclasses
import functools
import pathlib

import kerasgen
from kerasgen.cli import arguments, inputs
from kerasgen.cli.card import rewrite


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist", "--limit", "100"]).limit
    100
    """
    arguments.add_preset(parser)
    add = parser.add_argument
    importance = "importance samples an image"
    add("--num-samples", type=arguments.positive, default=5000, metavar="K", help=importance)
    limit = "at most N images, and samples, of each kind"
    add("--limit", type=arguments.positive, metavar="N", help=limit)
    quality = "sample quality too, which others than GANs leave out"
    add("--quality", action="store_true", help=quality)
    inception = (
        "sample quality on Inception v3's features (FID): a file of its weights, or imagenet to "
        "download them"
    )
    add("--inception", metavar="H5", help=inception)
    samples = (
        "samples that quality is measured on (default: as many as images); above that, the Fréchet "
        "distance only"
    )
    add("--samples", type=arguments.positive, metavar="N", help=samples)
    split = "what is measured: held out of training (default: %(default)s)"
    add("--split", type=arguments.split, default="test", help=split)
    arguments.add_source(parser)
    write = "put the figures into the preset's metrics and card"
    add("--write", action="store_true", help=write)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(write=True, split="train"))
    Traceback (most recent call last):
    ValueError: Expected --write with figures of the test split. Drop --split.
    """
    if args.write and args.split != "test":
        raise ValueError("Expected --write with figures of the test split. Drop --split.")
    if args.write:
        arguments.new_folder(inputs.own_folder(args.name))
    recipe = inputs.recipe(args.name)
    model = inputs.model(args.name, check=functools.partial(_check, args=args))
    figures, protocols = _measure(model, recipe, args)
    print("\n".join(dict.fromkeys(protocols.values())))
    for name, figure in figures.items():
        print(f"{name:{max(map(len, figures))}} {figure}")
    if args.write:
        _write(model, recipe, figures, protocols, args)


def _check(known, args):
    """Refuses figures that a model of which this is known has not."""
    if (args.quality or args.inception) and "sample" not in known.does:
        raise ValueError(
            f"Expected a preset that samples for --quality. Received: {args.name!r}, which does "
            f"{', '.join(known.does)}. Drop it."
        )
    if args.inception and not known.is_picture:
        raise ValueError(
            f"Expected a preset of images for --inception. Received: {args.name!r}. Use --quality."
        )


def _measure(model, recipe, args):
    """Figures and protocols by name."""
    from kerasgen import reports
    from kerasgen.metrics import features

    report = reports.report(model)
    with_quality = args.quality or args.inception is not None
    if args.samples and not with_quality and not report.only_samples:
        raise ValueError(
            "Expected --samples with --quality, whose samples it counts. Add --quality, or drop it."
        )
    extractor = features.inception(args.inception) if args.inception else None
    data_name, read = recipe.data["name"], _reader(recipe, args)
    study = reports.Study(
        data_name,
        read,
        kerasgen.zoo.judge(data_name),
        args.num_samples,
        with_quality,
        extractor,
        args.limit,
        args.samples,
        progress=True,
        judges=kerasgen.zoo.sense_judges(data_name),
        style_judges=kerasgen.zoo.sense_judges(data_name, "style_judge"),
    )
    figures, protocols = {}, {}
    for measured, protocol in report.figures(study):
        figures |= measured
        protocols |= dict.fromkeys(measured, protocol)
    return figures, protocols


def _reader(recipe, args):
    """What reads examples for a `kerasgen.reports.Study`: `(x, labels, what they are)`."""
    from kerasgen import batches
    from kerasgen.data import catalog

    own, binary = recipe.data["name"], catalog.is_binary(recipe.data)

    def read(split, grey=False, count=None, name=own, whole=False):
        if name != own and args.data:
            raise FileNotFoundError(f"Expected {name}. Received: {args.data}, which holds {own}.")
        if name == own and split == "test":
            split = args.split
        draws = binary and not grey and not catalog.is_binary({"name": name})
        binarize = "fixed" if draws else None
        shown = dataclasses.replace(
            recipe, data={**recipe.data, "name": name, "binarize": binarize}
        )
        bounds = () if whole else (count, args.limit)
        count = min((bound for bound in bounds if bound), default=None)
        x, labels = inputs.examples(shown, split, args, recipe.data.get("labels"), count)
        how = " binarized once with seed 0" if draws else ""
        return x, labels, f"{batches.count(x):,} {split} examples of {name}{how}"

    return read


def _write(model, recipe, figures, protocols, args):
    """The figures, with how they came about and what others published, into the preset."""
    from kerasgen.metrics.published import published

    metrics = kerasgen.zoo.metrics(args.name)
    peers = {name: entry.get("published", []) for name, entry in metrics["figures"].items()}
    peers |= published(recipe, model)
    command = _command(model, args)
    metrics["figures"] |= {
        name: {
            **figure._asdict(),
            "protocol": protocols[name],
            "command": command,
            "published": peers.get(name, []),
        }
        for name, figure in figures.items()
    }
    rewrite(model, recipe, metrics, args)


def _command(model, args):
    """This command, with the flags that figures depend on."""
    words = [f"kerasgen evaluate {kerasgen.zoo.folder(args.name).name}"]
    if model.likelihood_kind == "estimate":
        words.append(f"--num-samples {args.num_samples}")
    if args.limit:
        words.append(f"--limit {args.limit}")
    if args.quality:
        words.append("--quality")
    if args.inception:
        words.append(f"--inception {pathlib.Path(args.inception).name}")
    if args.samples:
        words.append(f"--samples {args.samples}")
    if args.data:
        words.append(f"--data {pathlib.Path(args.data).name}")
    return " ".join(words)
