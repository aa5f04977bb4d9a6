"""`kerasgen tokenize` by its command: workers that are killed, flags that are none."""

import functools
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from test_tokenizer_runs import recipe_of
from tiny_preset import METRICS
from token_files import expected, read

from kerasgen import cli, zoo

pytest.importorskip("apache_beam", reason="needs Apache Beam: pip install 'kerasgen[tokenize]'")


@pytest.fixture(scope="module")
def preset(tokenizer, tmp_path_factory):
    recipe = recipe_of("vq")
    saved = recipe.build()
    saved.set_weights(tokenizer.get_weights())
    return zoo.save(
        saved, tmp_path_factory.mktemp("presets") / "tiny", recipe, {**METRICS, "figures": {}}
    )


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["a worker", "all", "by the user"])
def test_several_workers_killed_midway(tokenizer, preset, pictures, tmp_path, victim):
    """The command, with Beam's flags, in processes that are killed after a first shard; it goes on
    where it was.
    """
    names = [f"{i:04}.png" for i in range(400)]
    picture_folder, output = tmp_path / "images", tmp_path / "ids"
    picture_folder.mkdir()
    pixels = list(pictures.values())
    for i, name in enumerate(names):
        Image.fromarray(pixels[i % 23]).save(picture_folder / name)
    arguments = [
        "tokenize",
        str(preset),
        "--input",
        str(picture_folder),
        "--output",
        str(output),
        "--images-per-shard",
        "4",
    ]
    arguments += ["--direct_num_workers", "2", "--direct_running_mode", "multi_processing"]
    command = [sys.executable, "-m", "kerasgen.cli", *arguments]
    listen = functools.partial(
        signal.signal, signal.SIGINT, signal.SIG_DFL
    )  # which background jobs ignore
    with open(tmp_path / "said", "w") as said:
        run = subprocess.Popen(
            command,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=said,
            preexec_fn=listen,
        )
    deadline = time.monotonic() + 240
    while not list(output.glob("ids-*.tfrecord")) and time.monotonic() < deadline:
        assert run.poll() is None
        time.sleep(0.02)
    if victim == "a worker":
        alive = workers(
            run.pid
        )  # once: a look at them must not take longer than one of them writes
        while not (busy := [pid for pid in alive if writes_into(pid, output)]):
            assert run.poll() is None
        os.kill(busy[0], signal.SIGKILL)
        assert run.wait(timeout=120) == 2
        said = (tmp_path / "said").read_text()
        assert re.search(
            r"kerasgen: error: Expected all workers to live. Received: .* return code (-9|137)\.",
            said,
        )
    elif victim == "by the user":
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=120) == 130
    else:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    done = len(list(output.glob("ids-*.tfrecord")))
    assert 1 <= done < 100
    finished = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert finished.returncode == 0, finished.stderr
    assert f"400 images in 100 shards, {100 - done} of them written" in finished.stdout
    found, ids = read(output)
    assert found == names
    binary = {
        name: 255 * (each >= 128).astype("uint8") for name, each in pictures.items()
    }  # as the recipe trains
    np.testing.assert_array_equal(ids, expected(tokenizer, binary)[np.arange(400) % 23])
    assert {path.suffix for path in output.glob("ids-*")} == {
        ".json",
        ".tfrecord",
    }  # nothing partial


def workers(group):
    """Beam's worker processes in a group, each of which a shell has started."""
    listed = subprocess.run(
        ["pgrep", "-a", "-g", str(group)], capture_output=True, text=True
    ).stdout
    return [
        int(line.split()[0])
        for line in listed.splitlines()
        if "sdk_worker" in line and "sh -c" not in line
    ]


def writes_into(pid, folder):
    """Whether a process has a file in the folder open: a worker without work is not missed."""
    open_files = pathlib.Path(f"/proc/{pid}/fd")
    try:
        return any(
            pathlib.Path(os.readlink(file)).parent == folder for file in open_files.iterdir()
        )
    except OSError:  # closed, or ended, meanwhile
        return False


def test_flags_that_nobody_knows_are_refused(preset, picture_folder, tmp_path, capsys):
    arguments = [
        "tokenize",
        str(preset),
        "--input",
        str(picture_folder),
        "--output",
        str(tmp_path / "ids"),
    ]
    with pytest.raises(SystemExit):
        cli.main([*arguments, "--fromat", "parquet", "--direct_num_workers=1"])
    assert (
        "Expected flags of kerasgen tokenize or of Apache Beam. Received: --fromat."
        in capsys.readouterr().err
    )


def test_an_address_is_no_folder_to_write_to(preset, picture_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    there = sorted(tmp_path.iterdir())
    words = ["tokenize", str(preset), "--input", str(picture_folder), "--output", "gs://bucket/ids"]
    with pytest.raises(SystemExit):
        cli.main(words)
    assert "Received: 'gs://bucket/ids'" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == there


def test_flags_of_beam_belong_to_this_command_only(preset, capsys):
    with pytest.raises(SystemExit):
        cli.main(["card", str(preset), "--runner", "DirectRunner"])
    assert "Received: '--runner'" in capsys.readouterr().err
