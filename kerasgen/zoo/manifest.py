"""manifest.json: length and SHA-256 of a preset's other files, checked before one is parsed.

It protects from accidents. Whoever changes a file can write its manifest anew: whom a preset comes
from says a signature, `kerasgen.zoo.signing`.
"""

import hashlib
import json
import pathlib
import re
import stat

from kerasgen import documents

NAME = "manifest.json"
SIGNATURE = "manifest.sig"  # of the manifest, optional
WEIGHTS = "model.weights.h5"
RECIPE = "recipe.yaml"
METRICS = "metrics.json"
CARD = "card.md"
REQUIRED = frozenset({RECIPE, WEIGHTS, METRICS, CARD})
HISTORY = "history.csv"  # of the training run; optional, as pictures are
DETECTOR = "detector.npz"  # by `kerasgen.tasks.novelty`, of what does not belong; optional

MOST_BYTES = 2**30  # of a preset
MOST_FILES = 1000
_MOST = {
    RECIPE: documents.MOST_BYTES,
    METRICS: documents.MOST_JSON,
    CARD: 2**22,
    WEIGHTS: 2**29,
    NAME: 2**20,
}
_MOST_OTHER = 2**26  # pictures and logs
_AT_ONCE = 2**20
_REMEDY = "Copy the preset again, or reinstall kerasgen if it came with it."


class PresetError(ValueError):
    r"""A preset that does not exist, is damaged or incoherent. Nothing of it has been loaded.

    The message is one line without control characters, whatever the preset holds.

    >>> print(PresetError("Expected a preset.\x1b\nReceived: none."))
    Expected a preset. Received: none.
    """

    def __init__(self, message: str):
        from kerasgen.rendering import printable

        words = printable(message.encode("utf-8", "replace").decode()).split()
        text = " ".join(words)
        super().__init__(text if len(text) <= 800 else f"{text[:600]} ... {text[-180:]}")


def write(folder):
    """Writes the manifest of the files in `folder`.

    >>> folder = pathlib.Path("mine")
    >>> folder.mkdir()
    >>> _ = (folder / "card.md").write_text("# Mine")
    >>> write(folder)
    >>> (folder / NAME).is_file()
    True
    """
    folder = pathlib.Path(folder)
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name not in (NAME, SIGNATURE) and not path.name.startswith("."):
            data = path.read_bytes()
            files[path.name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (folder / NAME).write_text(
        json.dumps({"format": 1, "files": files}, indent=2) + "\n", encoding="utf-8"
    )


def verify(folder, *wanted) -> dict[str, bytes]:
    """Checks every file of a preset folder against its manifest.

    All lengths are compared before a file is read. A file that is wanted is read once: what was
    checked is what is returned.

    Args:
        folder: of a preset.
        wanted: names of files.

    Returns:
        The bytes of the files that are wanted, those of the manifest among them if they are.

    Raises:
        PresetError: the manifest is missing or malformed, names a path outside the folder, a file
            is missing, truncated or changed, or there are others.

    >>> sorted(verify(kerasgen.zoo.folder("gmm_ring"), RECIPE))
    ['recipe.yaml']
    """
    folder = pathlib.Path(folder)
    text, entries = _read(folder)
    for name, expected in entries.items():
        _check_length(folder / name, expected["bytes"])
    _check_unlisted(folder, entries)
    contents = {NAME: text} if NAME in wanted else {}
    for name, expected in entries.items():
        digest, content = _digest(folder / name, expected["bytes"], keep=name in wanted)
        if digest != expected["sha256"]:
            raise PresetError(
                f"Expected SHA-256 {expected['sha256'][:16]}... of {folder / name}. Received: "
                f"{digest[:16]}..., a corrupted or changed file. {_REMEDY}"
            )
        if name in wanted:
            contents[name] = content
    return contents


def names(folder) -> list[str]:
    """Names of the files that a preset's manifest lists, which are not checked.

    >>> "recipe.yaml" in names(kerasgen.zoo.folder("gmm_ring"))
    True
    """
    return list(_read(pathlib.Path(folder))[1])


def _digest(path, length, keep):
    """SHA-256 of a file, and its bytes where they are kept."""
    digest, parts = hashlib.sha256(), []
    with open(path, "rb") as file:
        while length > 0 and (part := file.read(min(length, _AT_ONCE))):
            digest.update(part)
            length -= len(part)
            if keep:
                parts.append(part)
    return digest.hexdigest(), b"".join(parts)


def _check_length(path, expected):
    try:
        status = path.lstat()
    except (OSError, ValueError):
        raise PresetError(
            f"Expected a file {path.name} in the preset {path.parent}. Received: no such file. "
            f"{_REMEDY}"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise PresetError(
            f"Expected {path.name} to be a file in the preset {path.parent}. Received: a link, a "
            "folder or a device. Copy the file itself into the folder."
        )
    most = most_bytes(path.name)
    if status.st_size > most:
        raise PresetError(
            f"Expected at most {most:,} bytes in {path}. Received: {status.st_size:,} bytes. "
            f"{_REMEDY}"
        )
    if expected is not None and status.st_size != expected:
        raise PresetError(
            f"Expected {expected:,} bytes in {path}. "
            f"Received: {status.st_size:,} bytes, a truncated or changed file. {_REMEDY}"
        )


def _check_unlisted(folder, entries):
    """Hidden files are left alone: systems write them, and nothing reads them."""
    known = {NAME, SIGNATURE, *entries}
    for path in folder.iterdir():
        if path.name not in known and not path.name.startswith("."):
            raise PresetError(
                f"Expected the files of its manifest alone in {folder}. Received: {path.name}, "
                "which it does not list. Move it away."
            )


def _read(folder):
    """The manifest's text and its entries by file name."""
    path = folder / NAME
    if not path.is_file():
        raise PresetError(
            f"Expected a {NAME} in {folder}. Received: none, so nothing there can be trusted. "
            "Write a preset with kerasgen.zoo.save, which makes one."
        )
    _check_length(path, None)
    text = path.read_bytes()
    try:
        entries = {
            name: {"sha256": entry["sha256"], "bytes": entry["bytes"]}
            for name, entry in documents.read_json(text)["files"].items()
        }
        if odd := [name for name, entry in entries.items() if not _is_entry(entry)]:
            raise ValueError(f"the entry of {odd[0][:100]!r}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PresetError(
            f'Expected {{"files": {{name: {{"sha256": ..., "bytes": ...}}}}}} in {path}. '
            f"Received: a malformed manifest ({type(error).__name__}: {error}). {_REMEDY}"
        ) from None
    _check_names(path, entries)
    return text, entries


def _is_entry(entry):
    digest, length = entry["sha256"], entry["bytes"]
    is_digest = isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)
    return is_digest and type(length) is int and length >= 0


def _check_names(path, entries):
    outside = [name for name in entries if not is_plain(name) or name in (NAME, SIGNATURE)]
    if outside:
        raise PresetError(
            f"Expected names of files in the folder in {path}. Received: the paths "
            f"{outside[:5]}. {_REMEDY}"
        )
    missing = sorted(REQUIRED - entries.keys())
    if missing:
        raise PresetError(
            f"Expected entries for {sorted(REQUIRED)} in {path}. Received: none for {missing}. "
            f"{_REMEDY}"
        )
    size = sum(entry["bytes"] for entry in entries.values())
    if len(entries) > MOST_FILES or size > MOST_BYTES:
        raise PresetError(
            f"Expected at most {MOST_FILES} files and {MOST_BYTES:,} bytes in {path}. "
            f"Received: {len(entries)} files of {size:,} bytes. {_REMEDY}"
        )


def most_bytes(name: str) -> int:
    """How long a file of a preset may be.

    >>> most_bytes(WEIGHTS)
    536870912
    """
    return _MOST.get(name, _MOST_OTHER)


def is_plain(name: str) -> bool:
    """Whether a name is that of a file in a folder on any system, and can be shown.

    >>> is_plain("card.md"), is_plain("../card.md")
    (True, False)
    """
    return re.fullmatch(r"\w[\w .+-]{0,199}(?<![ .])", name) is not None
