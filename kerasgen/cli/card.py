"""Print a preset's card: what it is, its figures, its limits."""

import dataclasses
import json

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser):
    arguments.add_preset(parser)
    write = "write it and its pictures again, with the figures there are"
    parser.add_argument("--write", action="store_true", help=write)
    note = "where it falls short, instead of what it says now"
    parser.add_argument("--note", action="append", metavar="SENTENCE", help=note)
    arguments.add_source(parser)


def run(args):
    if args.write or args.note:
        _write(args)

    from kerasgen.rendering import printable

    print(printable(kerasgen.zoo.card(args.name)))


def _write(args):
    recipe, model = inputs.recipe(args.name), inputs.model(args.name)

    from kerasgen.metrics.published import published

    path = kerasgen.zoo.folder(args.name) / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["notes"] = args.note or metrics.get("notes", [])
    for name, peers in published(recipe).items():
        if name in metrics["figures"]:
            metrics["figures"][name]["published"] = peers
    rewrite(model, recipe, metrics, args)


def rewrite(model, recipe, metrics, args):
    """The preset again, with other figures or notes, and new pictures."""
    from kerasgen.reports import report

    training = None
    if report(model).only_samples:
        grey = dataclasses.replace(recipe, data={**recipe.data, "binarize": None})
        training, _ = inputs.examples(grey, "train", args)
    x, labels = inputs.examples(recipe, "test", args, recipe.data.get("labels"))
    folder = kerasgen.zoo.folder(args.name)
    kerasgen.zoo.save(model, folder, recipe, metrics, x, training, labels=labels)
