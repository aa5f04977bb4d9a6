"""List the presets with their figures: tables in a terminal, Markdown in a pipe.

Figures compare within a table for the same data only. `kerasgen card NAME` says how each was
measured, and what others have published.
"""

import itertools
import json
import sys

import kerasgen


def add_arguments(parser):
    add = parser.add_argument
    add("--family", help="a model's class, or a part of a preset's name: gan")
    add("--data", metavar="SET", help="the set that a preset was trained on: mnist")
    add("--task", metavar="METHOD", help="what the model must do: sample, log_prob, complete, ...")
    add("--max-mb", type=float, metavar="MB", help="most megabytes of the weights")
    add("--json", action="store_true", help="everything that is known, for programs")


def run(args):
    if args.task:
        from kerasgen.cli.inputs import load_keras

        load_keras()
    names = kerasgen.zoo.names(args.family, args.data, args.task, args.max_mb)
    presets = [kerasgen.zoo.summary(name) for name in names]
    if args.json:
        known = [preset._asdict() for preset in presets]
        return print(json.dumps(known, indent=2))
    for (family, unit), group in _by_kind(presets):
        columns = ["preset", "what it is", f"measured ({unit})" if unit else "measured", "weights"]
        title = f"{family}, {unit}" if unit else family
        (_table if sys.stdout.isatty() else _markdown)(title, columns, group)


def _by_kind(presets):
    """Presets of one family whose leading figures have one unit, so that these compare."""

    def kind(preset):
        return preset.family, preset.figure.get("unit", "")

    return itertools.groupby(sorted(presets, key=kind), kind)


def _row(preset):
    title = f"{preset.title}. A lesson: {preset.lesson}" if preset.lesson else preset.title
    measured = ""
    if preset.leading:
        error = preset.figure.get("standard_error")
        spread = "" if error is None else f" ± {error:.2f}"
        measured = f"{preset.leading} {preset.figure['value']:.2f}{spread}"
    return title, measured, preset.size


def _markdown(title, columns, presets):
    print(f"## {title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for preset in presets:
        print("|", " | ".join([f"`{preset.name}`", *_row(preset)]), "|")
    print()


def _table(title, columns, presets):
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, title=title, title_justify="left", expand=True)
    table.columns[0].no_wrap = table.columns[3].no_wrap = True
    table.columns[2].width = 22
    for preset in presets:
        what, measured, size = _row(preset)
        table.add_row(preset.name, what, measured.replace("[", " ["), size)
    Console(markup=False, highlight=False).print(table)
