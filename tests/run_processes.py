"""Runs in processes of their own, which can be killed, and what they leave."""

import json
import os
import socket
import subprocess
import sys

import h5py

COMMAND = """
import json, os, signal, sys
from kerasgen import training
from kerasgen.recipe import Recipe
recipe, output, options, death = json.loads(sys.argv[1])
exec(death)
training.run(Recipe.from_dict(recipe), output, **options)
"""


def run_in_subprocess(recipe, output, environment=None, death="", **options):
    death = death.replace("KILL", "os.kill(os.getpid(), signal.SIGKILL)")
    arguments = json.dumps([recipe.to_dict(), str(output), options, death])
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process, status=0):
    try:
        _, errors = process.communicate(timeout=900)
    finally:
        process.kill()
    assert process.returncode == status, errors


def weights(output):
    """All arrays of the last checkpoint, the optimizer's included: presets hold half precision."""
    folder, arrays = output / "checkpoints", []
    state = json.loads((folder / "state.json").read_text())
    with h5py.File(folder / state["file"]) as file:
        file.visititems(
            lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None
        )
    return arrays


def start_workers(recipe, output, deaths=("", ""), recipes=None, **options):
    with socket.socket() as first, socket.socket() as second:
        for server in (first, second):
            server.bind(("localhost", 0))
        workers = [f"localhost:{server.getsockname()[1]}" for server in (first, second)]
    return [
        run_in_subprocess(
            each,
            output,
            {
                "TF_CONFIG": json.dumps(
                    {"cluster": {"worker": workers}, "task": {"type": "worker", "index": i}}
                )
            },
            death,
            strategy="multiworker",
            **options,
        )
        for i, (death, each) in enumerate(zip(deaths, recipes or (recipe, recipe)))
    ]


def assert_every_epoch_once(output):
    for table in output.glob("*.csv"):
        rows = table.read_text().splitlines()
        assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3"]
