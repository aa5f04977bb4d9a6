"""A seeded share of `benchmarks/kills.py`, and that it sees what it looks for."""

import subprocess
import sys

import pytest
from command_line import needs_tensorflow
from scripts import SCRIPT, script

pytestmark = needs_tensorflow
KILLS = SCRIPT.with_name("kills.py")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts on Linux' exchange of two folders")
def test_kills_and_full_disks_leave_no_fault():
    words = "--seed 5 --kills 1 --full 1 --commands train card import"
    command = [sys.executable, str(KILLS), *words.split()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| 0 |\n") == 3


def test_a_half_written_a_missing_and_a_foreign_target_are_faults(tmp_path):
    kills = script(KILLS)
    command, target = kills.COMMANDS["sample"], tmp_path / "samples.png"
    target.write_bytes(b"old")
    before = kills.content(tmp_path)
    target.write_bytes(b"new")
    after = kills.content(tmp_path)
    for content in (b"old", b"new"):
        target.write_bytes(content)
        assert not list(kills.faults(tmp_path, command, before, after))
    target.write_bytes(b"n")
    assert len(list(kills.faults(tmp_path, command, before, after))) == 1
    target.unlink()
    assert len(list(kills.faults(tmp_path, command, before, after))) == 1
    assert not list(kills.faults(tmp_path, command, {}, after))
