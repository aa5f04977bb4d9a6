"""What the README and the pages beside it show is run: Python blocks, commands, links; the page of
presets is what `kerasgen list` prints.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

import kerasgen
from kerasgen import cli, zoo

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FAMILIES = (ROOT / "docs" / "families.md").read_text(encoding="utf-8")


def blocks(language, page=README):
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def commands():
    """The words after each `kerasgen` in the shell blocks."""
    lines = [
        part for block in blocks("sh") for line in block.splitlines() for part in line.split("&&")
    ]
    words = [shlex.split(line) for line in lines]
    return [rest for first, *rest in words if pathlib.Path(first).name == "kerasgen"]


def needs(dataset):
    from kerasgen import data

    try:
        data.size(dataset)
    except FileNotFoundError as error:
        pytest.skip(f"{dataset} is absent: {error}")


def run_blocks(page, name):
    """The names that the Python blocks of a page leave, run one after the other."""
    namespace = {}
    for number, block in enumerate(blocks("python", page), 1):
        exec(compile(block, f"{name}, Python block {number}", "exec"), namespace)
    return namespace


@pytest.mark.slow
def test_python_blocks_run(tmp_path, monkeypatch):
    needs("fashion_mnist")
    monkeypatch.chdir(tmp_path)
    namespace = run_blocks(README, "README.md")
    assert namespace["images"].shape == (16, 28, 28, 1)
    assert namespace["nats"].shape == (16,)
    assert namespace["features"].shape == (16, 256)
    images, completed, mask = (
        np.asarray(namespace[name]) for name in ("images", "completed", "mask")
    )
    np.testing.assert_array_equal(completed[:, mask], images[:, mask])
    assert not np.array_equal(completed[:, ~mask], images[:, ~mask])
    assert next(iter(kerasgen.data.from_npz(tmp_path / "mine.npz"))).shape == (16, 28, 28, 1)
    assert {"fashion.keras", "fashion", "fashion.tflite", "mine.npz"} <= {
        path.name for path in tmp_path.iterdir()
    }


@pytest.mark.slow
def test_blocks_of_the_page_of_families_run():
    namespace = run_blocks(FAMILIES, "families.md")
    assert namespace["drawn"].shape == (8, 24, 1)
    assert namespace["points"].shape == (8, 2) and namespace["nats"].shape == (4,)
    assert namespace["scores"].shape == (16,)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_parse(words):
    assert callable(cli.parser().parse_args(words).run)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [words for words in commands() if words[0] in ("sample", "reconstruct")], ids=" ".join
)
def test_the_cheap_commands_run(words, tmp_path):
    """As a user types them, in a folder of their own; tests/test_cli.py runs the others on a tiny
    preset.
    """
    if words[0] == "reconstruct":
        needs("mnist")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kerasgen.cli", *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (picture,) = tmp_path.iterdir()
    assert picture.name == words[words.index("--out") + 1]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_all_commands_are_seen():
    assert len(commands()) == README.count("kerasgen demo\n") + len(
        re.findall(r"^kerasgen \w+ ", README, re.MULTILINE)
    )
    assert len(blocks("python")) == 5 and len(blocks("python", FAMILIES)) == 4


def test_the_page_of_presets_is_what_list_prints(capsys):
    cli.main(["list"])
    page = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    assert page == capsys.readouterr().out


def test_the_first_page_names_few_presets_and_shows_each():
    """Six to ten, each beside a picture; the others are on the page of presets."""
    rows = [row for row in README.splitlines() if row.startswith("| **")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert 6 <= len(named) <= 10 and named <= set(zoo.names())
    assert all(row.count(" | ") == 1 and 'src="zoo/' in row for row in rows)


PAGES = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
)


def anchors(path):
    """What links to the headings of a page end in."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page):
    path = ROOT / page
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", path.read_text(encoding="utf-8"))
    lost = []
    for link in (link for pair in links for link in pair if link and "://" not in link):
        file, _, heading = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists() or heading and heading not in anchors(target):
            lost.append(link)
    assert lost == []
