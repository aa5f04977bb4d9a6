"""Whatever happens to a writer, its target is the old one or the new one; nothing else stays."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from kerasgen import durable

DURABLE = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("durable", {durable.__file__!r})
durable = importlib.util.module_from_spec(spec)  # without Keras, which takes seconds
spec.loader.exec_module(durable)
"""
WRITER = f"""{DURABLE}
import os, signal, sys
target, kind, moment = sys.argv[1:]
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
exchanges = moment == "between two renames"
if exchanges:
    durable.ctypes.CDLL = lambda *a, **k: None  # a system that cannot exchange
    rename, calls = os.rename, []
    os.rename = lambda *names: die() if calls else calls.append(rename(*names))
with durable.placed(target) as new:
    if moment == "at the start":
        die()
    if kind == "folder":
        new.mkdir()
    file = new / "content" if kind == "folder" else new
    file.write_text("n")
    if moment == "half-way":
        die()
    file.write_text("new")
    if moment == "before the sync":
        die()
"""


def write(target, kind, moment=""):
    command = [sys.executable, "-c", WRITER, str(target), kind, moment]
    return subprocess.run(command, env={**os.environ}).returncode


def content(target):
    return (target / "content" if target.is_dir() else target).read_text()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_writer_leaves_the_old_and_the_next_one_leaves_nothing_else(kind, tmp_path):
    target = tmp_path / "target"
    for moment in ("at the start", "half-way", "before the sync"):
        assert write(target, kind, moment) == -signal.SIGKILL and not target.exists()
    for moment in ("", "at the start", "half-way", "before the sync"):
        write(target, kind, moment)
        assert content(target) == "new"
    assert write(target, kind) == 0
    assert list(tmp_path.iterdir()) == [target]


def test_where_two_renames_are_needed_the_next_use_finishes_them(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "content").write_text("old")
    assert write(target, "folder", "between two renames") == -signal.SIGKILL
    assert not target.exists()
    durable.recover(target)
    assert content(target) == "new" and list(tmp_path.iterdir()) == [target]


def test_what_was_removed_on_purpose_does_not_come_back(tmp_path):
    leftover = tmp_path / ".target.partial-1"
    (leftover / "previous").mkdir(parents=True)  # the exchange was done, the tidying was not
    durable.recover(tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_two_renames_do_where_the_system_cannot_exchange(tmp_path, monkeypatch):
    monkeypatch.setattr(durable.ctypes, "CDLL", lambda *names, **options: None)
    for text in ("old", "new"):
        with durable.placed(tmp_path / "target") as new:
            new.mkdir()
            (new / "content").write_text(text)
    assert content(tmp_path / "target") == "new"
    assert list(tmp_path.iterdir()) == [tmp_path / "target"]


def test_an_error_leaves_the_target_and_what_another_writer_is_at(tmp_path):
    target = tmp_path / "target"
    target.write_text("old")
    with durable.placed(target) as slow:
        slow.write_text("slow")
        with pytest.raises(ZeroDivisionError), durable.placed(target) as new:
            new.write_text("new")
            raise ZeroDivisionError
        assert target.read_text() == "old" and slow.exists()
    assert target.read_text() == "slow" and list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_is_followed(kind, tmp_path):
    (tmp_path / "place").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "place" / "target")
    for _ in range(2):
        assert write(link, kind) == 0
        assert link.is_symlink() and content(tmp_path / "place" / "target") == "new"


def test_what_is_of_another_kind_is_not_replaced(tmp_path):
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    (folder / "precious").write_text("kept")
    file.write_text("kept")
    with pytest.raises(IsADirectoryError, match="Expected a path for a file. Received: .*folder"):
        durable.write_text(folder, "new")
    with (
        pytest.raises(NotADirectoryError, match="Expected a path for a folder. Received: .*file"),
        durable.placed(file) as new,
    ):
        new.mkdir()
    with pytest.raises(NotADirectoryError, match="Received: .*below a file"):
        durable.write_text(file / "below" / "it", "new")
    assert (folder / "precious").read_text() == file.read_text() == "kept"
    assert sorted(tmp_path.iterdir()) == [file, folder]


def test_a_folder_is_held_by_one(tmp_path):
    folder = tmp_path / "run"
    with durable.alone(folder):
        second = durable.alone(folder)
        with pytest.raises(ValueError, match="Expected a folder that nobody else writes"), second:
            pass
        code = f"{DURABLE}\nwith durable.alone({str(folder)!r}): pass"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "Expected a folder that nobody else writes" in done.stderr
    assert not folder.exists()  # nothing was written
    with durable.alone(folder):
        pathlib.Path(folder, "work").touch()
    assert (folder / "work").exists()


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EFBIG"])
def test_a_full_disk_is_told_from_other_errors(number):
    code = getattr(durable.errno, number)
    try:
        try:
            raise OSError(code, os.strerror(code))
        except OSError:
            raise RuntimeError("in a library's words") from None
    except RuntimeError as error:
        assert durable.is_full(error)
    assert durable.is_full(OSError(f"Can't write data (errno = {code}, error message = '...')"))
    assert not durable.is_full(FileNotFoundError(2, "no such file"))


def test_what_cannot_be_written_is_told(tmp_path, freeze):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("kept")
    freeze(folder)
    told = "Expected a path that can be written. Received: .*Name another"
    for path in ("file", "new", "new/in/new"):
        with pytest.raises(PermissionError, match=told):
            durable.write_text(folder / path, "new")
    for run in (folder, folder / "new"):
        with pytest.raises(PermissionError, match=told), durable.alone(run):
            pass
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert (folder / "file").read_text() == "kept"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_device_is_not_replaced(tmp_path):
    device = tmp_path / "device"
    os.mkfifo(device)
    with pytest.raises(NotADirectoryError, match="Received: .* a device that is there"):
        durable.write_text(device, "new")
    assert device.is_fifo()
