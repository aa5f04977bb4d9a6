"""Measure a preset on the test examples of its data set."""

import dataclasses
import json
import pathlib

import kerasgen
from kerasgen.cli import arguments, inputs
from kerasgen.cli.card import rewrite


def add_arguments(parser):
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
    add("--split", default="test", help=split)
    arguments.add_source(parser)
    write = "put the figures into the preset's metrics and card"
    add("--write", action="store_true", help=write)


def run(args):
    if args.write and args.split != "test":
        raise ValueError("Expected --write with figures of the test split. Drop --split.")
    recipe, model = inputs.recipe(args.name), inputs.model(args.name)
    figures, protocols = _measure(model, recipe, args)
    print("\n".join(dict.fromkeys(protocols.values())))
    for name, figure in figures.items():
        print(f"{name:{max(map(len, figures))}} {figure}")
    if args.write:
        _write(model, recipe, figures, protocols, args)


def _measure(model, recipe, args):
    """Figures and protocols by name."""
    from kerasgen.metrics import evaluation, features

    with_quality = args.quality or args.inception is not None
    if with_quality:
        inputs.needs(model, "sample", args.name)
    if args.inception and len(model.event_shape) != 3:
        raise ValueError(
            f"Expected a preset of images for --inception. Received: {args.name!r}. Use --quality."
        )
    if args.samples and not with_quality and not evaluation.only_samples(model):
        raise ValueError(
            "Expected --samples with --quality, whose samples it counts. Add --quality, or drop it."
        )
    extractor = features.inception(args.inception) if args.inception else None
    data_name, read = recipe.data["name"], _reader(recipe, args)
    judge = kerasgen.zoo.judge(data_name)
    options = (judge, args.num_samples, with_quality, extractor, args.limit, args.samples)
    figures, protocols = {}, {}
    for measured, protocol in evaluation.measure(model, data_name, read, *options, progress=True):
        figures |= measured
        protocols |= dict.fromkeys(measured, protocol)
    return figures, protocols


def _reader(recipe, args):
    """What reads examples for `evaluation.measure`: `(x, labels, what they are)`."""
    own = recipe.data["name"]

    def read(split, grey=False, count=None, name=own):
        if name != own and args.data:
            raise FileNotFoundError(f"Expected {name}. Received: {args.data}, which holds {own}.")
        if name == own and split == "test":
            split = args.split
        draws = recipe.is_binary and name != "binarized_mnist" and not grey
        binarize = "fixed" if draws else None
        shown = dataclasses.replace(
            recipe, data={**recipe.data, "name": name, "binarize": binarize}
        )
        count = min((bound for bound in (count, args.limit) if bound), default=None)
        x, labels = inputs.examples(shown, split, args, recipe.data.get("labels"), count)
        how = " binarized once with seed 0" if draws else ""
        return x, labels, f"{len(x):,} {split} examples of {name}{how}"

    return read


def _write(model, recipe, figures, protocols, args):
    """The figures, with how they came about and what others published, into the preset."""
    from kerasgen.metrics.published import published

    path = kerasgen.zoo.folder(args.name) / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    peers = {name: entry.get("published", []) for name, entry in metrics["figures"].items()}
    peers |= published(recipe)
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
    from kerasgen.metrics import evaluation

    words = [f"kerasgen evaluate {kerasgen.zoo.folder(args.name).name}"]
    if evaluation.is_estimated(model):
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
