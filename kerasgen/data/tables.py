"""A table of numbers as a data set: columns with names and units."""

import csv
import os
import pathlib
import re
from collections.abc import Mapping

import numpy as np

from kerasgen.data.npz import File, save_npz
from kerasgen.data.writing import Imported, content, is_held_out, told_copies

_DELIMITERS = ",;|"  # and tabs
_NAMED = 5  # lines that a note gives
_SNIFFED = 1 << 16  # characters, of which the first line tells the delimiter
_COMMA = re.compile(r"^\s*([-+]?\d+),(\d+)\s*$")
_MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "?", "-")
_COARSE = 0.01  # of a column's standard deviation, by which rounding may move a value


def table(
    source: str | os.PathLike | Mapping,
    path: str | os.PathLike,
    label: str | None = None,
    name: str | None = None,
) -> Imported:
    """Makes one `.npz` file of the numbers of a table.

    Values stay in their units. The event, a `kerasgen.events.Table`, holds the mean and the
    standard deviation of every column of the training rows, by which models standardise inside.
    A tenth of the rows, by a hash of their values, is held out as the split "test".

    Args:
        source: a CSV file with a header, or a dict of columns, such as a data frame.
        path: of the file to write.
        label: name of a column whose values are classes, of any type.
        name: of the set; by default that of the file.

    Returns:
        What was written; its notes name columns that are not numeric, with a value that is none,
        or have one value only, and rows that lack a value, all of which are left out.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no such label, nothing numeric, no whole row, no text in UTF-8, no header.

    Example:
        >>> table = {"length": [1.0, 2.0, 4.0] * 9, "kind": ["a", "b", "a"] * 9}
        >>> done = kerasgen.data.table(table, "table.npz", label="kind")
        >>> done.event.columns, done.classes
        (['length'], ['a', 'b'])
    """
    columns, lines, notes = _columns(source)
    if label is not None and label not in columns:
        raise ValueError(f"Expected a label of the columns {[*columns]}. Received: {label!r}.")
    kinds = None if label is None else np.array([str(kind) for kind in columns.pop(label)])
    numeric = {key: _numbers(values) for key, values in columns.items()}
    others = [key for key, values in numeric.items() if values is None]
    notes += _left_out("not numeric", [_named(key, columns[key], lines) for key in others])
    numeric = {key: values for key, values in numeric.items() if values is not None}
    if not numeric:
        raise ValueError(
            f"Expected numeric columns in {source}, separated by one of {' '.join(_DELIMITERS)} "
            f"or tabs. Received: {[*columns]}. {' '.join(notes)}"
        )
    rows, names = np.stack([*numeric.values()], axis=1), np.array([*numeric])
    with np.errstate(over="ignore"):
        whole = np.isfinite(rows.astype("float32")).all(axis=1)
    whole &= True if kinds is None else kinds != ""
    notes += _rows_left_out("lack a value", [lines[at] for at in np.flatnonzero(~whole)])
    rows, kinds = rows[whole], None if kinds is None else kinds[whole]
    varied = np.ptp(rows, axis=0) > 0 if len(rows) else whole[:0]
    if not varied.any():
        raise ValueError(f"Expected rows that differ. Received: {len(rows)}. {' '.join(notes)}")
    notes += _left_out("of one value", names[~varied])
    notes += _coarse(rows[:, varied], names[varied])
    return _written(rows[:, varied], names[varied].tolist(), kinds, path, name, notes)


def _written(rows, names, kinds, path, name, notes):
    """Splits the rows and writes the file."""
    rows = rows.astype("float32")
    held_out = np.array([is_held_out(row) for row in rows])
    splits = {"train": ~held_out, "test": held_out}
    splits = {split: chosen for split, chosen in splits.items() if chosen.any()}
    training = rows[splits.get("train", held_out)].astype("float64")
    scales = training.std(axis=0)
    units = {"means": training.mean(axis=0), "scales": np.where(scales > 0, scales, 1)}
    arrays = {f"{split}_images": rows[chosen] for split, chosen in splits.items()}
    classes = None
    if kinds is not None:
        classes = sorted(set(kinds.tolist()), key=_order)
        numbers = np.array([classes.index(kind) for kind in kinds], "int32")
        arrays |= {f"{split}_labels": numbers[chosen] for split, chosen in splits.items()}
        arrays["classes"] = classes
    save_npz(path, name=name, columns=names, **units, **arrays)
    file = File(path)
    notes += told_copies([content(row) for row in rows[~held_out]])
    return Imported(path, file.event, file.sizes, classes, notes)


def _columns(source):
    """The columns of a table by name, lists of texts or of values; the line of each row; notes."""
    if not isinstance(source, (str, os.PathLike)):
        return _given(source)
    if not pathlib.Path(source).is_file():
        raise FileNotFoundError(f"Expected a CSV file. Received: {source}, which is not there.")
    try:
        with open(source, newline="", encoding="utf-8-sig") as file:
            start = file.read(_SNIFFED).lstrip("\r\n")
            file.seek(0)
            delimiter = max(f"{_DELIMITERS}\t", key=start.partition("\n")[0].count)
            reader = csv.reader(file, delimiter=delimiter)
            rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"Expected a CSV file in UTF-8. Received: {source}: {error}. Save it as CSV in UTF-8."
        ) from None
    (_, names), *rows = rows or [(0, [])]
    names = [name.strip() for name in names]
    named = [name for name in names if name]
    taken = {name: number for name in named if (number := _number(name)) is not None}
    are_values = len(taken) == len(named) or any(number % 1 > 0 for number in taken.values())
    if are_values or len(set(named)) < len(named):
        raise ValueError(
            f"Expected a first line of different column names in {source}. Received: {names}. "
            "Add one."
        )
    notes = [f"The first line was taken as names: {', '.join(names)}."] if taken else []
    if len(named) < len(names):  # an index, or what a comma at the end makes
        notes.append(f"{len(names) - len(named)} columns without a name were left out.")
    is_long = [any(row[len(names) :]) for _, row in rows]
    long = [line for (line, _), more in zip(rows, is_long) if more]
    notes += _rows_left_out("have more values than there are columns", long)
    rows = [row for row, more in zip(rows, is_long) if not more]
    if delimiter == ";":  # as tables are written where the comma is the decimal point
        rows = [(line, [_COMMA.sub(r"\1.\2", value) for value in row]) for line, row in rows]
    rows = [(line, row + [""] * (len(names) - len(row))) for line, row in rows]
    columns = {name: [row[at].strip() for _, row in rows] for at, name in enumerate(names) if name}
    return columns, [line for line, _ in rows], notes


def _given(source):
    """As `_columns`, of columns by name."""
    if not hasattr(source, "keys"):
        raise ValueError(
            f"Expected a CSV file, or columns by name. Received: {type(source).__name__}. Arrays "
            "are written by kerasgen.data.save_npz."
        )
    if alone := [name for name in source.keys() if not np.ndim(source[name])]:  # noqa: SIM118
        raise ValueError(f"Expected columns of values. Received: {alone}, one value each.")
    columns = {str(name): [*source[name]] for name in source.keys()}  # noqa: SIM118
    counts = {name: len(values) for name, values in columns.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"Expected columns of one length. Received: {counts}.")
    return columns, range(1, max(counts.values(), default=0) + 1), []


def _numbers(values):
    """A column as float64 `[N]`, NaN where a value is missing; None where one is no number."""
    found = [_number(value) for value in values]
    if None in found or not np.isfinite(np.array(found)).any():
        return None
    return np.array(found)


def _number(value):
    if isinstance(value, str) and value.lower() in _MISSING or value is None:
        return np.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _order(kind):
    """Sorts numbers as numbers, and before words."""
    number = _number(kind)
    return (0, number, kind) if number is not None and number == number else (1, 0, kind)


def _named(name, values, lines):
    """A column with the first of its values that is no number."""
    for line, value in zip(lines, values):
        if _number(value) is None:
            return f"{name} ({str(value)[:40]!r}, line {line})"
    return name


def _rows_left_out(why, lines):
    if not lines:
        return []
    some = ", ".join(map(str, lines[:_NAMED])) + (", ..." if lines[_NAMED:] else "")
    return [f"{len(lines):,} rows {why} and were left out (lines {some})."]


def _left_out(why, names):
    return [f"Columns {why} were left out: {', '.join(names)}."] if len(names) else []


def _coarse(rows, names):
    """A note on columns whose values float32 does not tell apart, as times since 1970."""
    lost = np.abs(rows - rows.astype("float32")).max(axis=0) > _COARSE * rows.std(axis=0)
    if not lost.any():
        return []
    return [f"Subtract a constant: float32 is too coarse for {', '.join(names[lost])}."]
