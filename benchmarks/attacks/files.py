"""Manifests that are none or that lie, and files that are no files."""

import json
import os
import shutil

from attacks.registry import CARD, RECIPE, WEIGHTS, attack, elsewhere


def _sparse(path, size=40 * 2**30):
    with open(path, "wb") as file:
        file.truncate(size)


def _entry(folder, name, **values):
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content["files"][name] = {"sha256": "0" * 64, **content["files"].get(name, {}), **values}
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")


@attack(signed=False, card=CARD, weights=WEIGHTS, recipe=RECIPE, manifest="manifest.json")
def sparse_file(folder, name):
    """40 GiB that take no room; the manifest agrees with the length."""
    _sparse(folder / name)
    if name != "manifest.json":
        _entry(folder, name, bytes=40 * 2**30)


@attack(signed=False)
def sparse_card_of_another_length(folder):
    _sparse(folder / CARD)


@attack(
    signed=False,
    nested="[" * 100_000,
    closed="[" * 100_000 + "]" * 100_000,
    digits='{"files": {"card.md": {"sha256": "", "bytes": ' + "9" * 5000 + "}}}",
    exponent='{"files": {"card.md": {"sha256": "", "bytes": 1e999}}}',
    list='{"files": []}',
    text='"files"',
    nothing="",
    nul="\0",
    surrogate='{"files": {"\\ud800": {"sha256": "", "bytes": 1}}}',
    long='{"files": {' + ",".join(f'"f{i}": {{}}' for i in range(100_000)) + "}}",
)
def manifest_is(folder, text):
    (folder / "manifest.json").write_text(text, encoding="utf-8")


@attack(
    signed=False,
    up="../secret.h5",
    absolute="/etc/hostname",
    inner="sub/card.md",
    nul="a\0b",
    escape="\x1b[31mred",
    lines="a\nb",
    itself="manifest.json",
    long="n" * 5000,
    surrogate="\ud800",
)
def manifest_names(folder, name):
    elsewhere(folder, (2,))
    _entry(folder, name, bytes=1)


@attack(signed=False, truth=True, text="319", minus=-1, fraction=319.5, nothing=None, list=[319])
def length_is(folder, value):
    _entry(folder, RECIPE, bytes=value)


@attack(signed=False, link_out=0, link_to_device=1, pipe=2, folder=3, link_within=4, dangling=5)
def file_is(folder, kind):
    path = folder / CARD
    if kind == 4:
        shutil.copyfile(path, folder.parent / "card-copy")
    path.unlink()
    if kind == 2:
        os.mkfifo(path)
    elif kind == 3:
        path.mkdir()
    else:
        targets = {0: "/etc/hostname", 1: "/dev/zero", 4: folder.parent / "card-copy", 5: "nothing"}
        path.symlink_to(targets[kind])


@attack(signed=False, weights="extra.weights.h5", code="setup.py", part="model.weights.h5.1")
def unlisted(folder, name):
    shutil.copyfile(folder / WEIGHTS, folder / name)
