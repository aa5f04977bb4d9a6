"""Presets outside of the package: archives, and hubs on loopback."""

import json
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from kerasgen import zoo
from kerasgen.zoo import archive

HUBS = [("hf://me/tiny", "huggingface_hub"), ("kaggle://me/a/keras/tiny", "kagglehub")]


def pack(path, files):
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def assert_same(model, preset):
    for loaded, saved in zip(model.get_weights(), zoo.load(preset).get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, saved)


@pytest.mark.parametrize("root", [{"root_dir": "tiny"}, {"root_dir": ".", "base_dir": "tiny"}])
def test_an_archive_of_a_preset_loads(preset, tmp_path, monkeypatch, root):
    monkeypatch.chdir(preset.parent)
    path = shutil.make_archive(str(tmp_path / "packed"), "zip", **root)
    assert_same(zoo.load(path), preset)
    assert zoo.card(path) == zoo.card(preset)
    assert zoo.folder(pathlib.Path(path)).name == "packed"


def test_a_changed_archive_is_found(preset, tmp_path):
    files = {path.name: path.read_bytes() for path in preset.iterdir()}
    files["card.md"] += b"and more"
    with pytest.raises(zoo.PresetError, match="Expected .* bytes in .*card.md"):
        zoo.load(pack(tmp_path / "tiny.zip", files))


@pytest.mark.parametrize(
    "name",
    ["../card.md", "/card.md", "a/../../card.md", "C:\\card.md", "a/b/card.md", "..\\card.md"],
)
def test_an_archive_writes_nowhere_else(tmp_path, name):
    (tmp_path / "target").mkdir()
    with pytest.raises(zoo.PresetError, match="in one folder, or in none. Received"):
        archive.unpack(pack(tmp_path / "bad.zip", {name: b"text"}), tmp_path / "target")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bad.zip", "target"]


def test_a_link_in_an_archive_is_the_text_that_it_is(tmp_path):
    (tmp_path / "target").mkdir()
    link = zipfile.ZipInfo("card.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.unpack(pack(tmp_path / "link.zip", {link: b"/etc/passwd"}), tmp_path / "target")
    written = tmp_path / "target" / "card.md"
    assert not written.is_symlink() and written.read_bytes() == b"/etc/passwd"


def test_archives_are_bounded(tmp_path, monkeypatch):
    (tmp_path / "target").mkdir()
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = pack(tmp_path / "twice.zip", {zipfile.ZipInfo("a"): b"", zipfile.ZipInfo("a"): b""})
    monkeypatch.setattr(archive, "_MOST_BYTES", 1000)
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", bytes(1001))
    for path in (twice, large):
        with pytest.raises(zoo.PresetError, match="at most 1000 different files and 1,000 bytes"):
            archive.unpack(path, tmp_path / "target")
    assert not list((tmp_path / "target").iterdir())


def test_what_is_no_archive_is_refused(preset, tmp_path):
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(zoo.PresetError, match="zip archive of a preset. Received: File is not"):
        zoo.load(tmp_path / "text.zip")
    path = pack(tmp_path / "torn.zip", {"card.md": b"text" * 100})
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    with pytest.raises(zoo.PresetError, match="Received: Bad CRC-32 for file 'card.md'"):
        zoo.load(path)


@pytest.mark.parametrize(
    "handle",
    ["hf://name", "hf://a/b/c", "hf://../x", "kaggle://a/b", "https://example.org/a", "hf://a/b c"],
)
def test_malformed_handles_are_refused(handle):
    with pytest.raises(zoo.PresetError, match=r"Expected hf://owner/name or .* Received: '"):
        zoo.load(handle)


@pytest.mark.parametrize("handle,library", HUBS)
def test_a_library_that_is_not_installed_is_named(monkeypatch, handle, library, preset):
    monkeypatch.setitem(sys.modules, library, None)
    for act in (zoo.load, lambda name: zoo.publish(preset, name)):
        with pytest.raises(zoo.PresetError, match=rf"{library} .*no such library.*kerasgen\[hub\]"):
            act(handle)


@pytest.mark.slow
@pytest.mark.parametrize("handle,library", HUBS)
def test_a_preset_goes_to_a_hub_and_comes_back(saved, tmp_path, handle, library):
    """And is verified as any other; a preset in a folder asks no hub for anything."""
    pytest.importorskip(library)
    script = pathlib.Path(__file__).with_name("hub_round_trip.py")
    command = [sys.executable, script, saved, handle, tmp_path]
    # Progress bars of several threads may cut each other's characters.
    result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    assert result.returncode == 0, result.stderr[-3000:]
    said = json.loads(result.stdout.splitlines()[-1])
    assert said["unpublished"].startswith(f"Expected {library} to reach {handle}. Received: ")
    assert "\n" not in said["unpublished"]
    assert said["requests for a folder"] == 0
    assert said["files"] == sorted([*(path.name for path in saved.iterdir()), "README.md"])
    assert said["name"] == "tiny" and said["same"] is True
    assert re.match("Expected .* bytes in .*card.md", said["changed"])
