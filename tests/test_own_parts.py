"""What docs/own_parts.md shows is run: own parts train, are saved and asked for."""

import os
import pathlib
import re
import subprocess
import sys

import pytest
from command_line import needs_tensorflow

ROOT = pathlib.Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "own_parts.md").read_text(encoding="utf-8")
LONGEST = 34  # lines of a part with its imports


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_each_part_is_short():
    lengths = [
        len([line for line in block.splitlines() if line.strip()]) for block in blocks("python")
    ]
    assert len(lengths) == 4 and max(lengths) <= LONGEST


@needs_tensorflow
@pytest.mark.slow
def test_own_parts_train_are_saved_and_are_never_imported_unasked(tmp_path):
    (tmp_path / "own.py").write_text("\n\n".join(blocks("python")) + "\nprint('own runs')\n")
    (tmp_path / "own_ring.yaml").write_text(*blocks("yaml"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def kerasgen(*words):
        command = [sys.executable, "-m", "kerasgen.cli", *words]
        options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
        return subprocess.run(command, **options)

    few = ["--set", "training.epochs=1", "data.split=train[:500]", "--out", "run"]
    trained = kerasgen("train", "own_ring.yaml", "--import", "own", *few)
    assert trained.returncode == 0, trained.stderr
    assert "own runs" in trained.stdout
    asked = kerasgen("sample", "run/preset", "--out", "a.csv")
    assert asked.returncode == 2 and asked.stderr.count("\n") == 1
    assert "--import own" in asked.stderr and "own runs" not in asked.stdout
    drawn = kerasgen("sample", "run/preset", "--out", "a.csv", "-n", "7", "--import", "own")
    assert drawn.returncode == 0, drawn.stderr
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 8
