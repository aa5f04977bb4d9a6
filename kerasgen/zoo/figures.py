"""metrics.json: what a preset reaches, how that was measured, and what its training took."""

import os
from collections.abc import Mapping
from numbers import Real
from typing import Any

from kerasgen import documents
from kerasgen.zoo.manifest import PresetError

_WHOLE = {
    "machine": (str, type(None)),
    "training_time_seconds": (Real, type(None)),
    "figures": dict,
}
_FIGURE = {"value": Real, "unit": str, "protocol": str, "command": str}
_PUBLISHED = {"model": str, "value": Real, "source": str}
_WORDS = {str: "a text", Real: "a number", dict: "a mapping", list: "a list"}


def read(path: str | os.PathLike, content: bytes | None = None) -> dict[str, Any]:
    """The content of a metrics.json, as `check` takes it.

    Args:
        path: of the file.
        content: its bytes, where they have been read already.

    Raises:
        PresetError: no such file, or another content.

    >>> sorted(read(kerasgen.zoo.folder("gmm_ring") / "metrics.json"))
    ['figures', ...]
    """
    try:
        if content is None:
            content = documents.content(path, "the figures of a preset", documents.MOST_JSON)
        metrics = documents.read_json(content)
        check(metrics)
    except (ValueError, FileNotFoundError) as error:
        raise PresetError(f"{_expected(str(error))} In {path}.") from None
    return metrics


def check(metrics: Any) -> None:
    """Checks what `kerasgen.zoo.save` takes as metrics.

    Raises:
        ValueError: something is missing, or of another type.

    >>> check({"machine": "an abacus", "training_time_seconds": 3.0, "figures": {}})
    """
    _check(metrics, _WHOLE, "metrics")
    _check_type(metrics.get("notes", []), list, "notes in metrics")
    for note in metrics.get("notes", []):
        _check_type(note, str, "each of the notes in metrics")
    for name, figure in metrics["figures"].items():
        where = f"the figure {name!r}"
        _check(figure, _FIGURE, where)
        if figure.get("standard_error") is not None:
            _check_type(figure["standard_error"], Real, f"standard_error of {where}")
        _check_type(figure.get("published", []), list, f"published of {where}")
        for peer in figure.get("published", []):
            _check(peer, _PUBLISHED, f"what was published of {where}")


def _check(values, types, where):
    _check_type(values, Mapping, where)
    names = list(types)
    if missing := [key for key in names if key not in values]:
        raise ValueError(
            f"Expected {', '.join(names[:-1])} and {names[-1]} in {where}. "
            f"Received: no {' and no '.join(missing)}. Add them."
        )
    for key, kind in types.items():
        _check_type(values[key], kind, f"{key} in {where}")


def _check_type(value, kind, where):
    if not isinstance(value, kind) or isinstance(value, bool):
        first = kind[0] if isinstance(kind, tuple) else kind
        raise ValueError(
            f"Expected {where} to be {_WORDS.get(first, 'a mapping')}. "
            f"Received: {str(value)[:100]!r}."
        )


def _expected(text):
    return text if text.startswith("Expected") else f"Expected JSON. Received: {text}."
