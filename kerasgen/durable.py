"""Files and folders that are put in their place whole, or not at all, and stay there.

A writer works in a folder of its own beside the target, `.NAME.partial-XXXXXXXX`, and holds a lock
in it. What it has written is on the disk before it takes the target's place, in one step where the
system can. The locks of writers that were killed are free: whoever comes next finishes what they
had ready, or removes it.
"""

import contextlib
import ctypes
import errno
import glob
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

from filelock import FileLock, Timeout

_HERE, _SWAP = -100, 2  # AT_FDCWD and RENAME_EXCHANGE, of Linux
_LOCK, _PREVIOUS = "lock", "previous"
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def placed(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a path to write a file or a folder at; what is there at the end takes `path`'s place.

    After an error `path` is as it was. A link is followed: what it leads to is replaced.

    Args:
        path: of a file or a folder, there or not, with or without its parents.

    Raises:
        OSError: a file was written where a folder is, or the other way round; a parent is a file.
        ValueError: what is no path.

    Example:
        >>> with placed("greeting.txt") as new:
        ...     written = new.write_text("hello")
        >>> pathlib.Path("greeting.txt").read_text()
        'hello'
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        received = " ".join(repr(path).split())[:60]
        raise ValueError(f"Expected a path to write to. Received: {received}. Name one.")
    path = pathlib.Path(os.path.realpath(path))
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        recover(path)
        workshop, lock = _workshop(path)
    try:
        new = workshop / "new" / path.name
        new.parent.mkdir()
        yield new
        sync(new)
        _put(new, path, workshop / _PREVIOUS)
    finally:
        lock.release()
        recover(path)
    sync(path.parent, deep=False)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file so that it is either the old one or the new one, never a part.

    >>> write_text("state.txt", "1")
    """
    with placed(path) as new:
        new.write_text(text, encoding="utf-8")


def recover(path: str | os.PathLike) -> None:
    """Finishes or removes what writers of `path` left that ended before they were done.

    >>> recover("greeting.txt")
    """
    path = pathlib.Path(os.path.realpath(path))
    for workshop in path.parent.glob(f".{glob.escape(path.name)}.partial-*"):
        with contextlib.suppress(OSError):  # not empty
            workshop.rmdir()
            continue
        lock = FileLock(workshop / _LOCK)
        try:
            held = lock.acquire(blocking=False)
        except (Timeout, OSError):  # its writer is at work, or another process is here
            continue
        with held:
            new = workshop / "new" / path.name
            if (workshop / _PREVIOUS).exists() and new.exists() and not path.exists():
                os.rename(new, path)
            shutil.rmtree(workshop, ignore_errors=True)


def sync(path: pathlib.Path, deep: bool = True) -> None:
    """Returns when a file, or a folder and, where `deep`, all that is in it, is on the disk.

    >>> sync(pathlib.Path("."), deep=False)
    """
    for each in [path, *(path.rglob("*") if deep else ())]:
        if each.is_dir() and os.name == "nt":
            continue  # Windows opens files only
        descriptor = os.open(each, os.O_RDONLY if each.is_dir() else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def alone(folder: str | os.PathLike) -> Iterator[None]:
    """Holds a folder, made where it is missing, for one process; an empty one is gone at the end.

    Raises:
        ValueError: another process holds it.

    Example:
        >>> with alone("runs/vae"):
        ...     pass
    """
    folder = pathlib.Path(folder)
    lock = FileLock(folder / ".lock")
    try:
        with _told(lock.lock_file):
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
    except Timeout:
        raise ValueError(
            f"Expected a folder that nobody else writes. Received: {folder}, in which another "
            "process trains. Wait for its end, or name another folder."
        ) from None
    try:
        yield
    finally:
        if os.listdir(folder) == [".lock"]:
            shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what led to it, says that the disk is full.

    >>> is_full(OSError(errno.ENOSPC, "No space left on device"))
    True
    """
    while error is not None:
        said = (f"errno = {number}," in str(error) for number in _FULL)  # by HDF5
        texts = (os.strerror(number) in str(error) for number in _FULL)  # by TensorFlow
        if getattr(error, "errno", None) in _FULL or any(said) or any(texts):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextlib.contextmanager
def _told(path):
    """Says in one line that a path cannot be written, where that is so."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise NotADirectoryError(
            f"Expected a path in a folder. Received: {path}, below a file. Name another."
        ) from None
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        raise PermissionError(
            f"Expected a path that can be written. Received: {path}: {os.strerror(error.errno)}. "
            "Name another."
        ) from None


def _workshop(path):
    """A new folder beside `path`, and the lock in it, held."""
    while True:
        workshop = pathlib.Path(tempfile.mkdtemp(prefix=f".{path.name}.partial-", dir=path.parent))
        lock = FileLock(workshop / _LOCK)
        try:
            lock.acquire(blocking=False)
            return workshop, lock
        except (Timeout, FileNotFoundError):
            continue  # another process took the folder for one that was left
        except BaseException:
            shutil.rmtree(workshop, ignore_errors=True)
            raise


def _put(new, path, previous):
    wanted = "a folder" if new.is_dir() else "a file"
    there = "a folder" if path.is_dir() else "a file" if path.is_file() else "a device"
    if path.exists() and there != wanted:  # what is there is not ours to remove
        error = IsADirectoryError if path.is_dir() else NotADirectoryError
        raise error(
            f"Expected a path for {wanted}. Received: {path}, {there} that is there. Name another."
        )
    if not path.is_dir():
        os.replace(new, path)
    elif not _exchanged(new, path):
        os.rename(path, previous)  # `recover` goes on from here
        os.rename(new, path)


def _exchanged(new, path):
    """Swaps two paths in one step, where the system can; whether it did."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # not Linux
        return False
    return swap(_HERE, os.fsencode(new), _HERE, os.fsencode(path), _SWAP) == 0
