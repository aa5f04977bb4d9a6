"""Presets as one file: a zip archive of the preset's folder, or of the files in it."""

import pathlib
import zipfile

from kerasgen.zoo.manifest import PresetError

_MOST_BYTES = 2**30  # that an archive may hold when unpacked
_MOST_FILES = 1000


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
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(path, members)
            for member in members:
                name = pathlib.PurePosixPath(member.filename).name
                (target / name).write_bytes(archive.read(member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise PresetError(
            f"Expected {path} to be a zip archive of a preset. Received: {error}. Copy it again."
        ) from None


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
