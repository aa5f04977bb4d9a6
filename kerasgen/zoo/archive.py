"""Presets as one file: a zip archive of the preset's folder, or of the files in it."""

import pathlib
import shutil
import zipfile

from kerasgen.zoo import manifest
from kerasgen.zoo.manifest import PresetError

_MOST_BYTES = manifest.MOST_BYTES  # that an archive may hold when unpacked
_MOST_FILES = manifest.MOST_FILES
_MOST_LISTED = 2**20  # bytes of an archive's table of contents, which is read whole
_END = b"PK\x05\x06"  # the end record: 22 bytes and a comment of less than 64 KiB
_END_BYTES = 22 + 2**16


def unpack(path: pathlib.Path, target: pathlib.Path) -> None:
    """Writes the files of an archive into a folder, under their names alone.

    What the archive says of itself is checked before anything is written, and no more than that is
    read. Links are written as the text that they are, which no manifest agrees with.

    Args:
        path: a zip archive whose files all lie in one folder, or in none.
        target: an empty folder.

    Raises:
        PresetError: not a zip archive or a damaged one, encrypted, too large, files outside of its
            one folder.

    >>> pathlib.Path("mine").mkdir()
    >>> with zipfile.ZipFile("mine.zip", "w") as archive:
    ...     archive.writestr("mine/card.md", "# Mine")
    >>> unpack(pathlib.Path("mine.zip"), pathlib.Path("mine"))
    >>> [path.name for path in pathlib.Path("mine").iterdir()]
    ['card.md']
    """
    try:
        _check_end(path)
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(path, members)
            for member in members:
                name = pathlib.PurePosixPath(member.filename).name
                with archive.open(member) as packed, open(target / name, "wb") as file:
                    shutil.copyfileobj(packed, file)
    except PresetError:
        raise
    except Exception as error:  # of zipfile, of each way to pack, of names of files
        raise PresetError(
            f"Expected {path} to be a zip archive of a preset. Received: {error}. Copy it again."
        ) from None


def _check_end(path):
    """Refuses a table of contents that would take long to read."""
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _END_BYTES, 0))
        _, found, record = file.read().rpartition(_END)
    listed = int.from_bytes(record[8:12], "little")
    if found and listed > _MOST_LISTED:
        raise PresetError(
            f"Expected {path} to hold at most {_MOST_FILES} different files. Received: a table of "
            f"contents of {listed:,} bytes. Use the preset's folder."
        )


def _check_lengths(path, lengths):
    """Refuses what no manifest can agree with before it is unpacked."""
    for name, length in lengths.items():
        if length > manifest.most_bytes(name):
            raise PresetError(
                f"Expected at most {manifest.most_bytes(name):,} bytes in {name} of {path}. "
                f"Received: {length:,}. Use the preset's folder."
            )


def _check(path, members):
    places = [pathlib.PurePosixPath(member.filename).parts for member in members]
    names = [parts[-1] for parts in places]
    folders = {parts[:-1] for parts in places}
    is_outside = any(".." in parts or set("\\:\0") & set("".join(parts)) for parts in places)
    if is_outside or len(folders) > 1 or max(map(len, folders), default=0) > 1 or ("/",) in folders:
        found = sorted("/".join(parts) for parts in places)
        raise PresetError(
            f"Expected the files of {path} in one folder, or in none. Received: {found[:5]}. "
            "Pack the preset's folder again."
        )
    size = sum(member.file_size for member in members)
    if size > _MOST_BYTES or len(names) > _MOST_FILES or len(set(names)) < len(names):
        raise PresetError(
            f"Expected {path} to hold at most {_MOST_FILES} different files and {_MOST_BYTES:,} "
            f"bytes. Received: {len(names)} files, {len(set(names))} of them different, and "
            f"{size:,} bytes. Use the preset's folder."
        )
    _check_lengths(path, dict(zip(names, (member.file_size for member in members))))
