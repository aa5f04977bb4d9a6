"""Print a preset's card: what it is, its figures, its limits.

It is laid out in a terminal, and Markdown in a pipe.
"""

import argparse
import dataclasses
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import kerasgen
from kerasgen.cli import arguments, inputs

if TYPE_CHECKING:
    from kerasgen.recipe import Recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist", "--json"]).json
    True
    """
    arguments.add_preset(parser)
    for_programs = "its recipe and every digit of its figures, for programs"
    parser.add_argument("--json", action="store_true", help=for_programs)
    write = "write it and its pictures again, with the figures there are"
    parser.add_argument("--write", action="store_true", help=write)
    note = "where it falls short, instead of what it says now"
    parser.add_argument("--note", action="append", metavar="SENTENCE", help=note)
    arguments.add_source(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> import contextlib
    >>> import io
    >>> known = io.StringIO()
    >>> with contextlib.redirect_stdout(known):
    ...     kerasgen.cli.main(["card", "gmm_ring"])
    >>> known.getvalue().splitlines()[0]
    '# gmm_ring'
    """
    if args.write or args.note:
        _write(args)

    if args.json:
        return print(json.dumps(_known(args.name), indent=2))

    from kerasgen.rendering import printable

    text = printable(kerasgen.zoo.card(args.name))
    if sys.stdout.isatty():
        _lay_out(text)
    else:
        print(text)


def _lay_out(text):
    """Prints a card to the terminal; a picture is named, not shown."""
    from rich.console import Console
    from rich.markdown import Markdown, TableElement

    class Folded(TableElement):
        """A table that folds long words, which rich's own cuts."""

        def __rich_console__(self, console, options):
            for table in super().__rich_console__(console, options):
                for column in table.columns:
                    column.overflow = "fold"
                yield table

    class Card(Markdown):
        elements = {**Markdown.elements, "table_open": Folded}

    text = re.sub(r"^!\[.*\]\((.*)\)$", r"`\1`:", text, flags=re.MULTILINE)
    Console().print(Card(text.replace("<br>", "; "), hyperlinks=False))


def _known(name):
    metrics = kerasgen.zoo.metrics(name)
    return {"recipe": inputs.recipe(name).to_dict(), **metrics}


def _write(args):
    arguments.new_folder(inputs.own_folder(args.name))
    recipe, model = inputs.recipe(args.name), inputs.model(args.name)

    from kerasgen.metrics.published import published

    metrics = kerasgen.zoo.metrics(args.name)
    metrics["notes"] = args.note or metrics.get("notes", [])
    for name, peers in published(recipe, model).items():
        if name in metrics["figures"]:
            metrics["figures"][name]["published"] = peers
    rewrite(model, recipe, metrics, args)


def rewrite(
    model: Any, recipe: "Recipe", metrics: dict[str, Any], args: argparse.Namespace
) -> None:
    """The preset again, with other figures or notes, and new pictures.

    >>> import shutil
    >>> folder = shutil.copytree(kerasgen.zoo.folder("gmm_ring"), "mine")
    >>> args = argparse.Namespace(name=folder, data=None, data_dir=None, download=False)
    >>> metrics = {**kerasgen.zoo.metrics(folder), "notes": ["It knows a ring."]}
    >>> rewrite(inputs.model(folder), inputs.recipe(folder), metrics, args)
    >>> "It knows a ring." in kerasgen.zoo.card(folder)
    True
    """
    from kerasgen.reports import report

    training = None
    if report(model).only_samples:
        grey = dataclasses.replace(recipe, data={**recipe.data, "binarize": None})
        training, _ = inputs.examples(grey, "train", args)
    x, labels = inputs.examples(recipe, "test", args, bool(recipe.data.get("labels")))
    folder = kerasgen.zoo.folder(args.name)
    kerasgen.zoo.save(model, folder, recipe, metrics, x, training, labels=labels)
