"""What the README shows is run: its Python blocks, its commands, its table of presets,
its links.
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


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


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


def test_python_blocks_run(tmp_path, monkeypatch):
    if "vae_mnist" not in zoo.names():
        pytest.skip("zoo/vae_mnist has no weights")
    needs("fashion_mnist")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for number, block in enumerate(blocks("python"), 1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), namespace)
    assert namespace["images"].shape == (16, 28, 28, 1)
    assert namespace["nats"].shape == (16,)
    assert namespace["features"].shape == (16, 256)
    images, completed, mask = (
        np.asarray(namespace[name]) for name in ("images", "completed", "mask")
    )
    np.testing.assert_array_equal(completed[:, mask], images[:, mask])
    assert not np.array_equal(completed[:, ~mask], images[:, ~mask])
    assert namespace["drawn"].shape == (8, 24, 1)
    assert namespace["scores"].shape == (16,)
    assert next(iter(kerasgen.data.from_npz(tmp_path / "mine.npz"))).shape == (16, 28, 28, 1)
    assert {"fashion.keras", "fashion", "fashion.tflite", "mine.npz"} <= {
        path.name for path in tmp_path.iterdir()
    }


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_parse(words):
    assert callable(cli.parser().parse_args(words).run)


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
    assert len(blocks("python")) == 7


def test_preset_table_is_what_list_prints(capsys):
    cli.main(["list"])
    shown = README.split("<!-- kerasgen list -->\n")[1].split("<!-- end -->")[0]
    assert shown.strip() == capsys.readouterr().out.strip()


def test_links_lead_to_files():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
