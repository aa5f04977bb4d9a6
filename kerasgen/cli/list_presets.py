"""List the presets with their figures, one table for each family and unit.

It is tables in a terminal and a page of Markdown in a pipe.
"""

import argparse
import itertools
import json
import sys

import kerasgen
from kerasgen.cli import arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["--family", "gan"]).family
    'gan'
    """
    add = parser.add_argument
    add("--family", help="a model's class, or how a word of a preset's name ends: gan")
    add("--data", metavar="SET", help="the set that a preset was trained on: mnist")
    what = "what the model must do: a method, such as complete, or a command, such as denoise"
    add("--task", help=what)
    add("--max-mb", type=arguments.above_zero, metavar="MB", help="most megabytes of the weights")
    add("--json", action="store_true", help="everything that is known, for programs")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> import contextlib
    >>> import io
    >>> listed = io.StringIO()
    >>> with contextlib.redirect_stdout(listed):
    ...     kerasgen.cli.main(["list", "--family", "gmm"])
    >>> "gmm_ring" in listed.getvalue()
    True
    """
    names = kerasgen.zoo.names(args.family, args.data, args.task, args.max_mb)
    presets = [kerasgen.zoo.summary(name) for name in names]
    if args.json:
        print(json.dumps([preset._asdict() for preset in presets], indent=2))
    elif sys.stdout.isatty():
        _print_tables(_tables(presets))
    else:
        from kerasgen.rendering import render

        print(render("presets.md.j2", tables=_tables(presets)), end="")


def _tables(presets):
    """Title, unit and rows of presets of one family whose leading figures have one unit."""

    def kind(preset):
        return preset.family, preset.figure.get("unit", "")

    return [
        (f"{family}, {unit}" if unit else family, unit, [_row(preset) for preset in group])
        for (family, unit), group in itertools.groupby(sorted(presets, key=kind), kind)
    ]


def _row(preset):
    what = f"{preset.title}. A lesson: {preset.lesson}" if preset.lesson else preset.title
    measured = ""
    if preset.leading:
        error = preset.figure.get("standard_error")
        spread = "" if error is None else f" ± {error:.2f}"
        measured = f"{preset.leading} {preset.figure['value']:.2f}{spread}"
    return preset.name, what, measured, preset.size


def _print_tables(tables):
    from rich.console import Console
    from rich.table import Table

    from kerasgen.rendering import printable

    console = Console(markup=False, highlight=False)
    for title, unit, rows in tables:
        measured = f"measured ({unit})" if unit else "measured"
        columns = ("preset", "what it is", measured, "weights")
        table = Table(*columns, title=title, title_justify="left", expand=True)
        table.columns[0].no_wrap = table.columns[3].no_wrap = True
        table.columns[2].width = 22
        for name, what, measured, size in rows:
            cells = name, what, measured.replace("[", " ["), size
            table.add_row(*map(printable, cells))
        console.print(table)
