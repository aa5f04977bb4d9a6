"""manifest.json: length and SHA-256 of a preset's other files, checked before one is parsed."""

import hashlib
import json
import pathlib

NAME = "manifest.json"
WEIGHTS = "model.weights.h5"
REQUIRED = frozenset({"recipe.yaml", WEIGHTS, "metrics.json", "card.md"})
HISTORY = "history.csv"  # of the training run; optional, as pictures are


class PresetError(ValueError):
    """A preset that does not exist, is damaged or incoherent. Nothing of it has been loaded."""


def write(folder):
    """Writes the manifest of the files in `folder`."""
    folder = pathlib.Path(folder)
    files = {path.name: _entry(path) for path in sorted(folder.iterdir()) if path.name != NAME}
    (folder / NAME).write_text(
        json.dumps({"format": 1, "files": files}, indent=2) + "\n", encoding="utf-8"
    )


def verify(folder):
    """Checks every file of a preset folder against its manifest, and returns their names.

    Raises:
        PresetError: the manifest is missing or malformed, names a path outside the folder, or a
            file is missing, truncated or changed.
    """
    folder = pathlib.Path(folder)
    entries = _read(folder)
    for name, expected in entries.items():
        path = folder / name
        if not path.exists():
            raise PresetError(
                f"Expected a file {name} in the preset {folder}. Received: no such file. {_REMEDY}"
            )
        _check_inside(path)
        received = _entry(path)
        if received["bytes"] != expected["bytes"]:
            raise PresetError(
                f"Expected {expected['bytes']:,} bytes in {path}. "
                f"Received: {received['bytes']:,} bytes, a truncated or changed file. {_REMEDY}"
            )
        if received["sha256"] != expected["sha256"]:
            raise PresetError(
                f"Expected SHA-256 {expected['sha256'][:16]}... of {path}. Received: "
                f"{received['sha256'][:16]}..., a corrupted or changed file. {_REMEDY}"
            )
    return list(entries)


_REMEDY = "Copy the preset again, or reinstall kerasgen if it came with it."


def _entry(path):
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _check_inside(path):
    if path.resolve().parent != path.parent.resolve() or not path.is_file():
        raise PresetError(
            f"Expected {path.name} to be a file in the preset {path.parent}. Received: a link or "
            f"folder that leads to {path.resolve()}. Copy the file itself into the folder."
        )


def _read(folder):
    """The manifest's entries by file name."""
    path = folder / NAME
    if not path.is_file():
        raise PresetError(
            f"Expected a {NAME} in {folder}. Received: none, so nothing there can be trusted. "
            "Write a preset with kerasgen.zoo.save, which makes one."
        )
    _check_inside(path)
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"].items()
        entries = {
            name: {"sha256": str(entry["sha256"]), "bytes": int(entry["bytes"])}
            for name, entry in files
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise PresetError(
            f'Expected {{"files": {{name: {{"sha256": ..., "bytes": ...}}}}}} in {path}. '
            f"Received: a malformed manifest ({type(error).__name__}: {error}). {_REMEDY}"
        ) from None
    outside = [name for name in entries if name in ("", ".", "..") or set(name) & set("/\\:\0")]
    if outside:
        raise PresetError(
            f"Expected names of files in the folder in {path}. Received: the paths {outside}. "
            f"{_REMEDY}"
        )
    missing = sorted(REQUIRED - entries.keys())
    if missing:
        raise PresetError(
            f"Expected entries for {sorted(REQUIRED)} in {path}. Received: none for {missing}. "
            f"{_REMEDY}"
        )
    return entries
